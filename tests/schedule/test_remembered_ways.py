"""By columns a way through a vector that was gone before is taken from memory: cycles are those of going it again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from accel.model import samples
from accel.schedule.dataflows.column_clock import ColumnClock
from accel.schedule.schedule import schedule
from accel.spec import Spec
from tests.designs import design, spec

COLUMN = {"pattern": "column", "threshold": 0.1}
DESIGNS = (
    spec(sparsity=COLUMN, engine={"dataflow": "column", "units": 4}),
    spec(
        sparsity=COLUMN,
        engine={"dataflow": "column", "units": 4, "cells_per_cycle": 2, "streams": 2, "input_words": 2},
    ),
    spec(sparsity=COLUMN, engine={"dataflow": "column", "units": 2, "streams": 3}, model={"hidden": [8, 6]}),
    spec(
        sparsity=COLUMN | {"pattern": "balanced"},
        engine={"dataflow": {"input": "row", "recurrent": "column"}, "units": 4},
    ),
)


class Forgets(dict[Any, Any]):
    """Knows nothing of what it was told."""

    def get(self, key: Any, default: Any = None) -> Any:
        return None


class Confuses(dict[Any, Any]):
    """Takes ways for each other that differ in when the accumulators are free."""

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get((*key[:2], *key[3:]), default)

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__((*key[:2], *key[3:]), value)


def seen(chosen: Spec, work: Path) -> list[object]:
    """Every begin, everything lanes waited for, and what steps settle to without zeros."""
    made, inputs = schedule(design(chosen, work)), samples.seeded(chosen, 7, 9)
    begins = [one.tolist() for one in made.begins(inputs.lengths.tolist(), made.operands(inputs))]
    return [begins, made.waits(inputs), made.passages(inputs), made.cycles_per_step]


def remembering(monkeypatch: pytest.MonkeyPatch, memory: type[dict[Any, Any]]) -> None:
    """Give every clock another memory."""
    begin = ColumnClock.__init__

    def other(self: ColumnClock, array: Any) -> None:
        begin(self, array)
        self.known = memory()

    monkeypatch.setattr(ColumnClock, "__init__", other)


def test_cycles_are_the_same_with_and_without_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    remembered = [seen(chosen, tmp_path) for chosen in DESIGNS]
    remembering(monkeypatch, Forgets)
    assert [seen(chosen, tmp_path) for chosen in DESIGNS] == remembered


def test_a_memory_that_confuses_ways_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    right = [seen(chosen, tmp_path) for chosen in DESIGNS]
    remembering(monkeypatch, Confuses)
    assert [seen(chosen, tmp_path) for chosen in DESIGNS] != right
