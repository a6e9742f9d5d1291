"""What does not go with bidirectional layers is refused by name, and what they need is asked for."""

from __future__ import annotations

from typing import Any

import pytest

from accel.base.faults import Refused
from tests.designs import spec

BOTH: dict[str, Any] = {"bidirectional": True, "longest": 6, "head": {"outputs": 3, "last": "states"}}
LAST = (
    "model.head.last: wanted states (PyTorch's h_n) or output (its output[:, -1]), which differ in the backward "
    "direction, got null"
)

REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no longest": ({"model": {"longest": None}}, "model.longest: wanted steps of the longest sequence, for "),
    "which last": ({"model": {"head": {"outputs": 3}}}, LAST),
    "no last": (
        {"model": {"head": {"outputs": 3, "when": "step", "last": "output"}}},
        "model.head.last: wanted nothing but for a bidirectional model's when: last without a pool, got",
    ),
    "stateful": ({"model": {"stateful": True}}, "model.stateful: wanted false beside model.bidirectional, got true"),
    "constants": ({"model": {"initial": "constant"}}, "model.initial: wanted zeros beside model.bidirectional, got"),
    "highway": ({"model": {"cell": "highway", "depth": 2}}, "model.cell: wanted lstm or gru beside"),
    "reset first": ({"model": {"cell": "gru_reset_first"}}, "model.cell: wanted lstm or gru beside"),
    "streams": ({"engine": {"streams": 2}}, "engine.streams: wanted 1 beside model.bidirectional, got 2"),
    "states": ({"engine": {"state_streams": True}}, "engine.state_streams: wanted false beside"),
    "loaded": ({"engine": {"memory": "scratchpad"}}, "engine.memory: wanted rom beside"),
    "streamed": ({"engine": {"memory": "stream", "memory_width": 8}}, "engine.memory: wanted rom beside"),
    "columns": (
        {"engine": {"dataflow": "column"}, "sparsity": {"pattern": "column"}},
        "engine.dataflow: wanted row beside model.bidirectional, got",
    ),
    "banks": (
        {"engine": {"lanes_per_row": 2}, "sparsity": {"pattern": "bank"}},
        "sparsity.pattern: wanted row or dense beside model.bidirectional, got",
    ),
    "words": ({"engine": {"input_words": 2}}, "engine.input_words: wanted a divisor of the 3 inputs beside"),
    "cells": ({"model": {"hidden": [6]}, "engine": {"cells_per_cycle": 4}}, "engine.cells_per_cycle: wanted a divisor"),
    "baselines": (
        {"training": {"task": "seeded", "baselines": ["block"]}},
        "training.baselines: wanted nothing beside",
    ),
    "studies": (
        {"training": {"task": "seeded", "studies": {"widths": [4]}}},
        "training.studies.widths: wanted nothing beside model.bidirectional, got",
    ),
}


def sections(changes: dict[str, Any]) -> dict[str, Any]:
    """A bidirectional spec with some keys changed."""
    return changes | {"model": BOTH | changes.get("model", {})}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_does_not_go_with_both_directions_is_refused_by_name(kind: str) -> None:
    changes, said = REFUSED[kind]
    with pytest.raises(Refused) as refused:
        spec(**sections(changes))
    assert any(said in str(fault) for fault in refused.value.faults), refused.value.faults


def test_the_same_without_the_change_is_a_spec() -> None:
    assert spec(**sections({})).directions == 2


@pytest.mark.parametrize("key", [{"longest": 6}, {"head": {"outputs": 3, "last": "states"}}])
def test_what_only_both_directions_need_is_refused_without_them(key: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="wanted nothing but for "):
        spec(model=key)


def test_a_buffer_of_one_step_is_refused() -> None:
    with pytest.raises(Refused, match="longest"):
        spec(model={"inputs": 3, "hidden": [4], "bidirectional": True, "longest": 1})
