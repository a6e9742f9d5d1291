"""The head's exact sums are seen in every engine, arg max or not: a fault that changes no result is caught."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from accel.base.files import write_text
from accel.engines.engine import LOGITS, Engine, EngineFailed, reference
from accel.engines.hls import hls
from accel.engines.icarus import icarus
from accel.engines.native import native
from accel.engines.verify import DeviceUnderTest, Result, compare
from accel.engines.verilator import verilator
from accel.hls.render import render_hls
from accel.model import samples
from accel.model.design import Design
from accel.schedule.schedule import schedule
from tests.engines.awkward import design
from training.engine import torch_engine

SMALL: dict[str, Any] = {
    "sparsity": {"pattern": "dense"},
    "weights": {"width": 6, "input_frac": 4, "recurrent_frac": 4, "head_frac": 4},
    "engine": {"units": 2},
}
HEADS: dict[str, dict[str, Any]] = {
    "arg max of the last step": {"kind": "argmax", "when": "last"},
    "arg max of every step": {"kind": "argmax", "when": "step"},
}


def small(work: Path, head: str, verilog: bool = False, **engine: Any) -> Design:
    """A design with a head of four outputs whose weights are even, and its C++."""
    model = {"inputs": 2, "hidden": [4], "head": {"outputs": 4, **HEADS[head]}}
    made = design(work, verilog, **{**SMALL, "model": model, "engine": {"units": 2, **engine}})
    for path, text in render_hls(made).items():
        write_text(work / path, text)
    return made


def turn_low_bits_of_head(made: Design) -> None:
    """Turn the lowest bit of the first weight of every word of the head, in the Verilog's memories and in the C++."""
    for file in (made.work / "rtl").glob("awkward_head_unit*.hex"):
        write_text(file, "".join(f"{int(word, 16) ^ 1:x}\n" for word in file.read_text().split()))
    header = made.work / "hls" / "weights.h"
    text = header.read_text()
    start = text.index("kHeadValues = ")
    array = text[start : text.index(";", start)]
    turned = re.sub(r"-?\d+", lambda value: str(int(value[0]) ^ 1), array)
    write_text(header, text.replace(array, turned))


def compared(engine: Engine, made: Design, **kind: bool) -> Result:
    inputs = samples.seeded(made.spec, 3, 3) + samples.corners(made.spec, 2)
    result = compare("it", DeviceUnderTest(engine, **kind), made, inputs, schedule(made))
    if result.status == "not run":
        pytest.skip(result.reason)
    return result


def without_logits(engine: Engine) -> Engine:
    """What verification saw before: the head's sums as they should be, whatever the engine showed."""

    def blind(made: Design, inputs: samples.Samples) -> Any:
        seen = engine(made, inputs)
        seen.signals["head"] = reference(made, inputs).signals["head"]
        return seen

    return blind


CLOCKED = {"clocked": True}


@pytest.mark.parametrize(
    ("engine", "kind", "head"),
    [
        pytest.param(native, CLOCKED, "arg max of the last step", id="myhdl"),
        pytest.param(icarus, CLOCKED, "arg max of every step", id="icarus"),
        pytest.param(verilator, CLOCKED, "arg max of the last step", id="verilator", marks=pytest.mark.slow),
        pytest.param(hls, {}, "arg max of the last step", id="hls"),
        pytest.param(hls, {}, "arg max of every step", id="hls, every step"),
    ],
)
def test_low_bits_of_the_head_are_caught(engine: Engine, kind: dict[str, bool], head: str, tmp_path: Path) -> None:
    made = small(tmp_path, head, verilog=engine in (icarus, verilator))
    turn_low_bits_of_head(made)
    result = compared(engine, made, **kind)
    assert result.status == "different"
    assert result.reason.startswith("head.logits differs first at step ")


def test_what_only_the_arg_max_would_show_stays_hidden_without_the_logits(tmp_path: Path) -> None:
    made = small(tmp_path, "arg max of the last step")
    turn_low_bits_of_head(made)
    assert compared(hls, made).mismatches > 0
    assert compared(without_logits(hls), made).reason == ""


def test_torch_shows_the_logits_behind_an_arg_max(tmp_path: Path) -> None:
    made = small(tmp_path, "arg max of the last step")
    inputs = samples.seeded(made.spec, 3, 3)
    found = torch_engine(made, inputs).signals["head"][LOGITS]
    np.testing.assert_array_equal(found, reference(made, inputs).signals["head"][LOGITS])
    assert found.shape == (3, 4)


def lose_them(seen: Any) -> None:
    del seen.signals["head"]


def lose_a_row(seen: Any) -> None:
    seen.signals["head"][LOGITS] = seen.signals["head"][LOGITS][:-1]


def turn_one(seen: Any) -> None:
    seen.signals["head"][LOGITS][1, 2] ^= 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lose_them, "head.logits differs first at step 3 (sequence 0, step 3), unit 0: expected a signal, got nothing"),
        (lose_a_row, "head.logits differs first at step "),
        (turn_one, "head.logits differs first at step "),
    ],
)
def test_every_engine_must_show_the_right_logits(change: Callable[[Any], None], reason: str, tmp_path: Path) -> None:
    made = small(tmp_path, "arg max of the last step")

    def faulty(given: Design, inputs: samples.Samples) -> Any:
        seen = reference(given, inputs)
        change(seen)
        return seen

    result = compare("it", DeviceUnderTest(faulty), made, samples.corners(made.spec), schedule(made))
    assert result.status == "different"
    assert result.reason.startswith(reason)


def test_a_step_of_which_the_cpp_shows_a_value_twice_is_not_complete(tmp_path: Path) -> None:
    made = small(tmp_path, "arg max of every step")
    header = tmp_path / "hls" / "head.h"
    line = "    Observe(kLogit, A::kLayer, row, logit);\n"
    assert line in header.read_text()
    write_text(header, header.read_text().replace(line, 2 * line))
    with pytest.raises(EngineFailed, match="a signal was not observed once"):
        hls(made, samples.corners(made.spec))
    write_text(header, header.read_text().replace(2 * line, ""))
    with pytest.raises(EngineFailed, match=r"a signal was not observed once|unused"):
        hls(made, samples.corners(made.spec))


@pytest.mark.parametrize("engine", [pytest.param(native, id="myhdl"), pytest.param(hls, id="hls")])
def test_logits_of_streams_that_take_turns_stay_with_their_sequences(engine: Engine, tmp_path: Path) -> None:
    made = small(tmp_path, "arg max of the last step", streams=2)
    inputs = samples.seeded(made.spec, 3, 3)
    np.testing.assert_array_equal(
        engine(made, inputs).signals["head"][LOGITS], reference(made, inputs).signals["head"][LOGITS]
    )
