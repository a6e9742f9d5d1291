"""Weights that come from outside in every step: what a slow stream costs, and lanes that do not wait for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from accel.engines.icarus import icarus
from accel.engines.native import native
from accel.engines.verify import DeviceUnderTest, compare
from accel.memory.load_frame import streamed_beats
from accel.model import samples
from accel.schedule.schedule import schedule
from tests.engines.awkward import design
from tests.engines.deliberate import spoil


def streamed(width: int) -> dict:
    """A small design whose weights come through a stream so wide."""
    return {"model": {"inputs": 3, "hidden": [5]}, "engine": {"units": 2, "memory": "stream", "memory_width": width}}


def test_a_step_takes_its_interval_or_its_beats_whichever_is_more(tmp_path: Path) -> None:
    held = schedule(design(tmp_path, model={"inputs": 3, "hidden": [5]}, engine={"units": 2})).cycles_per_step
    for width in (8, 32, 256):
        made = design(tmp_path, **streamed(width))
        beats = len(streamed_beats(made.net.layers[0], made.weights.layers[0]))
        cycles = schedule(made).cycles_per_step
        assert max(held, beats) <= cycles <= max(held, beats) + held
    assert cycles == held


def test_lanes_that_do_not_wait_for_late_weights_are_caught(tmp_path: Path) -> None:
    made = design(tmp_path, verilog=True, **streamed(16))
    spoil(tmp_path / "rtl" / "awkward.v", r"(assign \w*issue_streamed\w* = )\(\w+ != 0\);", r"\1 1'b1;")
    result = compare(
        "icarus", DeviceUnderTest(icarus, clocked=True), made, samples.seeded(made.spec, 3, 3), schedule(made)
    )
    if result.status == "not run":
        pytest.skip(result.reason)
    assert result.status == "different"


def test_what_the_memory_holds_while_no_step_runs_is_in_no_sum(tmp_path: Path) -> None:
    """W_h is wider than W_x here: one of its words times x, which nobody reads, is beyond what a sum can be."""
    made = design(
        tmp_path,
        model={"inputs": 7, "hidden": [8], "head": None},
        sparsity={"pattern": "bank", "input": 0.7, "recurrent": 0.7, "shared_by_gates": True},
        weights={"width": 10, "input_width": [4], "recurrent_width": [10], "input_frac": 8, "recurrent_frac": 8},
        formats={
            **{"input": [11, 7], "bias": [10, 7], "gate": [7, 5], "activation": [14, 13]},
            **{"cell": [11, 8], "state": [9, 7]},
        },
        engine={
            **{"units": 8, "lanes_per_row": 2, "cells_per_cycle": 8, "input_words": 4},
            **{"state_streams": True, "memory": "stream", "memory_width": 16},
        },
        training={"task": "seeded", "seed": 47},
    )
    result = compare(
        "myhdl", DeviceUnderTest(native, clocked=True), made, samples.corners(made.spec, 2), schedule(made)
    )
    assert result.status == "equal", result.reason
