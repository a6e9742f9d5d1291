"""The schedule: the gap from the pattern, and the cycles that follow from it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from accel.architecture.latencies import capture_delay, partial_delay
from accel.memory.dataflows.rows import row_words
from accel.model import random_weights
from accel.model.design import Design
from accel.model.sparse import Mask
from accel.model.weights import LayerWeights, Matrix, Weights
from accel.schedule import intervals, load_spec
from accel.schedule.intervals import intervals_of, level_intervals, written_at
from accel.schedule.schedule import Schedule, schedule
from tests.engines.awkward import BASE


def scheduled(**sections: dict) -> Schedule:
    made = load_spec.parse(BASE | sections)
    return schedule(Design(made, random_weights.seeded(made), Path()))


def test_lanes_never_wait_where_groups_are_long() -> None:
    wide = scheduled(
        model={"inputs": 30, "hidden": [64]},
        sparsity={"pattern": "row", "input": 0.5, "recurrent": 0.5},
        engine={"units": 8},
    )
    assert wide.gap == 0
    assert wide.cycles_per_step == wide.stages[0].array.depth
    assert wide.utilisation == 1.0


def test_rule_of_thumb_bounds_the_gap() -> None:
    """gap <= L - 1 + P/E - T with L stages from the last product to a readable h."""
    short = scheduled()
    array = short.stages[0].array
    latest = int(written_at(array).max()) - array.depth
    assert 0 < short.gap <= latest + 1 - array.cycles_per_group + 1


def columns_from(first: int, rows: int, columns: int, kept: int) -> Mask:
    mask = np.zeros((rows, columns), dtype=bool)
    mask[:, first : first + kept] = True
    return mask


def gap_of(h_mask: Mask) -> int:
    made = load_spec.parse(BASE | {"engine": {"units": 1}})
    old = random_weights.seeded(made).layers[0]
    new = LayerWeights(old.w_x, Matrix(np.where(h_mask, 1, 0), h_mask), old.bias)
    return schedule(Design(made, Weights((new,)), Path())).gap


def test_a_pattern_that_reads_early_units_needs_no_wait_for_late_ones() -> None:
    kept = random_weights.seeded(load_spec.parse(BASE)).layers[0].nnz_per_row[1]
    early, late = columns_from(0, 52, 13, kept), columns_from(13 - kept, 52, 13, kept)
    assert gap_of(early) < gap_of(late)


SHAPES = st.fixed_dictionaries(
    {
        "lanes": st.integers(1, 5),
        "units": st.integers(1, 6),
        "cell": st.sampled_from(["lstm", "gru", "gru_reset_first"]),
        "inputs": st.integers(3, 20),
        "hidden": st.integers(7, 30),
        "ratios": st.tuples(*[st.sampled_from([0.0, 0.3, 0.6, 0.8])] * 2),
        "late": st.booleans(),
    }
)


def layer_of(order: str, shape: dict[str, Any]) -> tuple[Any, LayerWeights]:
    """A layer of some shape whose lanes go in an order, and its seeded weights."""
    engine = {"units": shape["units"], "lanes_per_row": shape["lanes"], "cells_per_cycle": shape["units"]}
    data = {
        "model": {"cell": shape["cell"], "inputs": shape["inputs"], "hidden": [shape["hidden"]]},
        "sparsity": {"pattern": "row", "input": shape["ratios"][0], "recurrent": shape["ratios"][1]},
        "engine": engine | {"operand_register": shape["late"], "multiplier_registers": shape["late"], "order": order},
    }
    made = load_spec.parse(BASE | data)
    design = Design(made, random_weights.seeded(made), Path())
    return design.net.layers[0], design.weights.layers[0]


@settings(max_examples=60, deadline=None, derandomize=True)
@given(shape=SHAPES)
def test_a_step_whose_x_comes_first_never_waits_longer(shape: dict[str, Any]) -> None:
    rows, ahead = (layer_of(order, shape) for order in ("rows", "x_first"))
    assert rows[0].depth == ahead[0].depth
    assert sum(level_intervals(*ahead)) <= sum(level_intervals(*rows))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(shape=SHAPES, order=st.sampled_from(["rows", "x_first"]))
def test_units_behind_those_that_decide_make_nobody_wait(shape: dict[str, Any], order: str) -> None:
    array, layer = layer_of(order, shape)
    every = [
        row_words(layer.level(number, array.levels), array.column_banks)[1][:, level.nnz[0] :]
        for number, level in enumerate(array.by_level)
    ]
    assert level_intervals(array, layer) == intervals_of(array, every)


def test_where_fewer_units_were_looked_at_a_wait_would_be_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    late = columns_from(0, 52, 13, 3)
    late[1] = columns_from(10, 1, 13, 3)[0]
    needed = gap_of(late)
    monkeypatch.setattr(intervals, "deciding", lambda array: 1)
    assert gap_of(late) < needed


@settings(max_examples=60, deadline=None, derandomize=True)
@given(shape=SHAPES)
def test_partial_sums_lie_in_their_memory_before_they_are_read_and_until_then(shape: dict[str, Any]) -> None:
    array, _ = layer_of("x_first", shape)
    for level in array.by_level:
        assume(level.cycles_ahead)
        for group in range(array.groups):
            written = (group + 1) * level.cycles_ahead - 1 + capture_delay(array)
            read = level.behind + group * level.cycles_behind + partial_delay(array)
            assert written < read < level.depth + written
        assert level.slots_per_group <= level.cycles_behind


@pytest.mark.parametrize("lengths", [[5], [1, 1, 1], [3, 7, 2]])
def test_steps_begin_one_interval_apart(lengths: list[int]) -> None:
    timing = scheduled()
    begins = timing.begins(lengths)[0]
    assert len(begins) == sum(lengths)
    assert set(np.diff(begins)) <= {timing.stages[0].interval}


def test_a_narrow_input_stream_holds_steps_back_and_the_schedule_knows() -> None:
    sections = {"model": {"inputs": 64, "hidden": [4]}, "engine": {"units": 4}}
    sections["sparsity"] = {"pattern": "row", "input": 0.95, "recurrent": 0.5}
    assert scheduled(**sections).cycles_per_step >= 64
