"""A vector that `tlast` cuts short: zeros take the place of what is missing, and what follows is as it should be."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from accel.base.files import write_text
from accel.engines import torn
from accel.engines.bench import Beat, Script
from accel.engines.engine import Engine, Observed, reference
from accel.engines.flags import streams, torn_vector
from accel.engines.hls import hls
from accel.engines.icarus import icarus
from accel.engines.native import native
from accel.engines.script import script
from accel.engines.verify import DeviceUnderTest, Result, compare
from accel.engines.verilator import verilator
from accel.hls.render import render_hls
from accel.model import samples
from accel.model.design import Design
from accel.model.samples import Samples
from accel.schedule.schedule import schedule
from accel.spec import MIXED, plain
from tests.engines.awkward import FINE, design
from tests.marks import first, sampled

ROWS = {"model": {"inputs": 3, "hidden": [5]}, "engine": {"units": 2}}
DESIGNS: dict[str, dict[str, Any]] = {
    "rows": ROWS,
    "two inputs a beat, the last beat not full, head": {
        "model": {"inputs": 7, "hidden": [4], "head": {"outputs": 3, "kind": "logits", "when": "step"}},
        "engine": {"units": 4, "input_words": 2},
    },
    "columns": {
        "model": {"inputs": 5, "hidden": [4]},
        "sparsity": {"pattern": "column", "input": 0.0, "recurrent": 0.5, "threshold": 0.05},
        "engine": {"units": 2, "dataflow": "column", "input_words": 2},
    },
    "both ways, two layers, loaded": {
        "model": {"inputs": 3, "hidden": [4, 2]},
        "sparsity": {"pattern": "balanced", "input": 0.3, "recurrent": 0.5, "threshold": 0.05},
        "engine": {"units": 2, "memory": "scratchpad", "dataflow": plain(MIXED)},
    },
    "three streams, arg max of the last step, initial states": {
        "model": {"inputs": 3, "hidden": [5, 3], "head": {"outputs": 3}},
        "engine": {"units": 3, "streams": 3, "state_streams": True},
    },
    "a GRU, initial states": {
        "model": {"cell": "gru", "inputs": 3, "hidden": [5]},
        "formats": FINE,
        "engine": {"units": 3, "state_streams": True},
    },
    "stateful highway": {
        "model": {"cell": "highway", "depth": 2, "inputs": 4, "hidden": [4], "stateful": True},
        "formats": FINE,
        "engine": {"units": 2},
    },
}


def cut_everywhere(made: Design) -> Samples:
    """Sequences of one and of two steps that end after each possible number of beats, several of them in a row, each
    time followed by some that end as they should.
    """
    words, beats = made.net.layers[0].input_words, made.net.layers[0].input_beats
    given = samples.seeded(made.spec, 3 * beats + 3, 3)
    given.x[given.x == 0] = 1
    for number in range(len(given.lengths)):
        given.lengths[number] = 1 + number % 2
        kept = 1 + number // 3 if number % 3 < 2 else beats
        given.x[number, given.lengths[number] - 1, min(kept, beats) * words :] = 0
        given.x[number, given.lengths[number] :] = 0
    return given


def named(engine: Engine) -> str:
    """Its own name, for pytest."""
    return engine.__name__


def verdict(name: str, engine: Engine, made: Design, given: Samples) -> Result:
    result = compare(name, DeviceUnderTest(engine, clocked=engine is not hls, counts=True), made, given, schedule(made))
    if result.status == "not run":
        pytest.skip(result.reason)
    return result


@pytest.fixture
def every(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever can be cut is cut."""
    monkeypatch.setattr(torn, "CUTS", 99)
    monkeypatch.setattr(torn, "WHOLE", 0)


@pytest.mark.usefixtures("every")
@pytest.mark.parametrize("sections", sampled(DESIGNS.values(), lambda number, _: number % 2 == 0), ids=DESIGNS)
@pytest.mark.parametrize("engine", first([native, hls, icarus, verilator], 2), ids=named)
def test_what_is_missing_counts_as_zeros_and_what_follows_is_right(
    engine: Engine, sections: dict[str, Any], tmp_path: Path
) -> None:
    made = design(tmp_path, verilog=engine in (icarus, verilator), **sections)
    for path, text in render_hls(made).items():
        write_text(tmp_path / path, text)
    given = cut_everywhere(made)
    array = made.net.layers[0]
    whole = int(given.lengths.sum()) * array.input_beats
    assert len(script(made, given).sources["s_axis"]) < whole - array.input_beats
    result = verdict(engine.__name__, engine, made, given)
    assert (result.status, result.reason) == ("equal", "")


@pytest.mark.usefixtures("every")
@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        pytest.param(r"(\bfilling <= )[^;]*;", r"\g<1>1'b0;", "", id="nothing is filled up"),
        pytest.param(r"(\btorn <= )1'b1;", r"\g<1>1'b0;", "torn: wanted 1 in cycle 1", id="no flag"),
    ],
)
def test_hardware_that_does_not_see_the_cut_is_caught(old: str, new: str, reason: str, tmp_path: Path) -> None:
    made = design(tmp_path, verilog=True, **ROWS)
    file = tmp_path / "rtl" / "awkward.v"
    text, count = re.subn(old, new, file.read_text())
    assert count
    write_text(file, text)
    result = verdict("icarus", icarus, made, cut_everywhere(made))
    assert result.status == "different"
    assert reason in result.reason


def test_whole_vectors_raise_no_flag_and_verify_cuts_one_sequence(tmp_path: Path) -> None:
    made = design(tmp_path, **ROWS)
    whole = samples.corners(made.spec, 2).first(3)
    for given, cut in ((whole, 0), (samples.corners(made.spec, 2) + cut_everywhere(made), 1)):
        driven = script(made, given)
        beats = driven.sources["s_axis"]
        assert sum(beat.last for beat in beats) == len(given.lengths)
        assert (len(beats) < given.steps * 3) == bool(cut)
        assert verdict("myhdl", native, made, given).status == "equal"


GIVEN = {"model": {"inputs": 2, "hidden": [5]}, "engine": {"units": 4, "cells_per_cycle": 2, "state_streams": True}}
"""A frame of states has three beats, the last one not full."""

Broken = Callable[[tuple[Beat, ...]], tuple[Beat, ...]]


def after(kept: int) -> Broken:
    """The frame of the second sequence ends after a number of beats."""
    return lambda beats: (*beats[:3], *beats[3 : 2 + kept], dataclasses.replace(beats[2 + kept], last=True), *beats[6:])


def surplus(more: int) -> Broken:
    """Beats come behind the second sequence's frame before its `tlast`."""
    late = [Beat(0, 0x55, n == more - 1) for n in range(more)]
    return lambda beats: (*beats[:5], dataclasses.replace(beats[5], last=False), *late, *beats[6:])


BREAKS = {
    "cut after 1": (after(1), 1),
    "cut after 2": (after(2), 2),
    "one more": (surplus(1), 3),
    "4 more": (surplus(4), 3),
}


@pytest.mark.slow
@pytest.mark.parametrize("engine", [native, icarus, verilator], ids=named)
def test_a_frame_of_a_state_that_is_too_short_or_too_long_harms_no_other(
    engine: Callable[[Design, Samples], Observed], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = design(tmp_path, verilog=engine is not native, **GIVEN)
    given = samples.seeded(made.spec, 4, 2)
    assert given.states is not None
    for spoil, kept in BREAKS.values():
        shortened = given.states.copy()
        for side in (0, 5):
            shortened[1, side + min(2 * kept, 5) : side + 5] = 0

        def spoilt(design: Design, samples: Samples, spoil: Broken = spoil) -> Script:
            driven = script(design, samples)
            sources = driven.sources | {"s_state_lstm0": spoil(driven.sources["s_state_lstm0"])}
            place = torn_vector(sources["s_state_lstm0"], streams(design)["s_state_lstm0"])
            assert place is not None
            assert place[0] == 1
            return dataclasses.replace(driven, sources=sources, limit=2 * driven.limit)

        monkeypatch.setattr(torn, "CUTS", 0)
        monkeypatch.setattr(torn, "SURPLUS", 0)
        monkeypatch.setattr(f"{engine.__module__}.script", spoilt)
        wanted = reference(made, dataclasses.replace(given, states=shortened))
        found = engine(made, given)
        np.testing.assert_array_equal(found.last_states, wanted.last_states)
        for name, values in wanted.signals["lstm0"].items():
            if name in found.signals["lstm0"]:
                np.testing.assert_array_equal(found.signals["lstm0"][name], values)
