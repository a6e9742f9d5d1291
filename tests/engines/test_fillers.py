"""Streams that take turns with sequences of unequal length: nothing of the steps that fill a turn ever leaves."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from accel.base.files import write_text
from accel.engines.engine import Engine
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
from accel.schedule.turns import turns
from tests.engines.awkward import design
from tests.engines.test_torn import named
from tests.marks import first

DESIGNS: dict[str, dict[str, Any]] = {
    "h of every step, two cells and inputs": {
        "model": {"inputs": 3, "hidden": [6]},
        "engine": {"units": 4, "cells_per_cycle": 2, "streams": 3, "input_words": 2},
    },
    "logits of every step, two layers": {
        "model": {"inputs": 3, "hidden": [5, 3], "head": {"outputs": 3, "kind": "logits", "when": "step"}},
        "engine": {"units": 3, "streams": 2},
    },
    "arg max of the last step, initial states": {
        "model": {"inputs": 3, "hidden": [5, 3], "head": {"outputs": 3}},
        "engine": {"units": 3, "streams": 3, "state_streams": True},
    },
    "a GRU, initial states": {
        "model": {"cell": "gru", "inputs": 3, "hidden": [5]},
        "engine": {"units": 3, "streams": 2, "state_streams": True},
    },
    "columns, loaded": {
        "model": {"inputs": 3, "hidden": [4, 3]},
        "sparsity": {"pattern": "column", "input": 0.0, "recurrent": 0.5, "threshold": 0.05},
        "engine": {"dataflow": "column", "units": 1, "streams": 2, "memory": "scratchpad"},
    },
    "fed": {
        "model": {"inputs": 3, "hidden": [5], "head": {"outputs": 3}},
        "engine": {"units": 3, "streams": 2, "memory": "stream", "memory_width": 32},
    },
}


REAL = r"(assign is_real = )[^;]*;"
"""In the Verilog: whether what would leave is that of a sequence."""


def unequal(made: Design) -> Samples:
    """A long sequence, and short ones beside it."""
    given = samples.seeded(made.spec, 5, 6)
    given.lengths[1:] = (1, 2, 1, 3)
    for number, length in enumerate(given.lengths):
        given.x[number, length:] = 0
    return given


def verdict(engine: Engine, made: Design) -> Result:
    result = compare(
        "one", DeviceUnderTest(engine, clocked=engine is not hls, counts=True), made, unequal(made), schedule(made)
    )
    if result.status == "not run":
        pytest.skip(result.reason)
    return result


@pytest.mark.parametrize("sections", DESIGNS.values(), ids=DESIGNS)
@pytest.mark.parametrize("engine", first([native, hls, icarus, verilator]), ids=named)
def test_what_leaves_is_that_of_sequences_alone(engine: Engine, sections: dict[str, Any], tmp_path: Path) -> None:
    made = design(tmp_path, verilog=engine in (icarus, verilator), **sections)
    for path, text in render_hls(made).items():
        write_text(tmp_path / path, text)
    given = unequal(made)
    taken = turns(given.lengths.tolist(), made.net.layers[0].streams, made.spec.engine.state_streams)
    assert sum(not turn.real for turn in taken) >= 2
    marked = sum(beat.filler and beat.last for beat in script(made, given).sources["s_axis"])
    assert marked == sum(not turn.real for turn in taken)
    result = verdict(engine, made)
    assert (result.status, result.reason) == ("equal", "")


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        pytest.param("rtl/awkward.v", REAL, r"\g<1>1'b1;", id="results_of_fillers_leave"),
        pytest.param("rtl/awkward.v", REAL, r"\g<1>1'b0;", id="no_result_leaves"),
        pytest.param(
            "hls/fillers.h", r"if \(!filler\)", "if (!filler || kBeats > 0)", id="results_of_fillers_leave_the_cpp"
        ),
        pytest.param("hls/platform.h", r"packet.user != 0", "packet.user && kWidth == 0", id="the_cpp_reads_no_mark"),
    ],
)
def test_a_fault_in_what_withholds_them_is_caught(file: str, old: str, new: str, tmp_path: Path) -> None:
    made = design(tmp_path, verilog=True, **DESIGNS["h of every step, two cells and inputs"])
    for path, text in render_hls(made).items():
        write_text(tmp_path / path, text)
    text, count = re.subn(old, new, (tmp_path / file).read_text())
    assert count
    write_text(tmp_path / file, text)
    assert verdict(icarus if file.startswith("rtl") else hls, made).status == "different"
