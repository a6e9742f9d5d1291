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
    "own units": (
        {"engine": {"units": 3, "directions": "own"}},
        "engine.units: wanted a multiple of 2, twice engine.cells_per_cycle, for engine.directions: own, got 3",
    ),
    "own cells": (
        {"engine": {"units": 4, "cells_per_cycle": 4, "directions": "own"}},
        "engine.units: wanted a multiple of 8, twice engine.cells_per_cycle, for engine.directions: own, got 4",
    ),
    "own and too many": (
        {"engine": {"units": 18, "directions": "own"}},
        "engine.units: wanted at most the 16 hidden units of the layer in both directions, got 18",
    ),
    "own and fast": (
        {"engine": {"units": 4, "lanes_per_row": 8, "directions": "own"}},
        "engine.lanes_per_row: wanted fewer (lstm0: a group of 4 units lasts 1 cycle on 8 lanes a row, units of two",
    ),
    "own and slow": (
        {"model": {"hidden": [12]}, "engine": {"units": 24, "lanes_per_row": 2, "directions": "own"}},
        "engine.cells_per_cycle: wanted at least 6 (lstm0: a group of 24 units lasts 4 cycles on 2 lanes a row), got 1",
    ),
    "own and residual": (
        {
            "model": {
                "hidden": [6, 6],
                "between": [[{"outputs": 6}], "residual"],
                "head": {"outputs": 3, "last": "output"},
            },
            "engine": {"directions": "own"},
        },
        "model.between[1]: wanted no residual beside engine.directions: own (shared allows it), got",
    ),
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


def test_lanes_of_its_own_for_each_direction_need_two() -> None:
    with pytest.raises(Refused, match="wanted shared, without model"):
        spec(engine={"directions": "own"})


@pytest.mark.parametrize("key", [{"longest": 6}, {"head": {"outputs": 3, "last": "states"}}])
def test_what_only_both_directions_need_is_refused_without_them(key: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="wanted nothing but for "):
        spec(model=key)


def test_a_buffer_of_one_step_is_refused() -> None:
    with pytest.raises(Refused, match="longest"):
        spec(model={"inputs": 3, "hidden": [4], "bidirectional": True, "longest": 1})
