"""Bidirectional layers: the same bits everywhere and exact cycles, and what is wrong in a buffer is seen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from accel.architecture.latencies import MIRROR
from accel.engines.torn import sent_beats
from accel.engines.verify import compare
from accel.model import random_weights, samples
from accel.model.design import Design
from accel.model.samples import Samples
from accel.schedule import sequence_buffer
from accel.schedule.schedule import schedule
from accel.schedule.turns import all_turns
from tests.designs import spec
from tests.engines.alike import CPP, MYHDL, QUICK, SIMULATORS, rendered, require_equal, with_verilog

LONGEST = 4
HEADS: dict[str, Any] = {
    "h": None,
    "step": {"outputs": 3, "kind": "logits", "when": "step"},
    "states": {"outputs": 3, "last": "states"},
    "output": {"outputs": 3, "last": "output"},
    "max": {"outputs": 3, "pool": "max"},
}
SHAPES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "one": ({"hidden": [4]}, {"units": 4}),
    "two": ({"hidden": [4, 6]}, {"units": 4, "cells_per_cycle": 2, "input_words": 3}),
    "long x": ({"inputs": 24, "hidden": [4]}, {"units": 4}),
    "gru": ({"hidden": [6, 4], "cell": "gru"}, {"units": 2, "lanes_per_row": 2}),
}


def made(head: str, shape: str, work: Path) -> Design:
    """A design, rendered."""
    model, engine = SHAPES[shape]
    both = {"inputs": 3, "bidirectional": True, "longest": LONGEST, "head": HEADS[head]}
    return rendered(spec(model=both | model, engine=engine), work)


def stimuli(design: Design) -> Samples:
    """Sequences of all lengths, some of one step behind each other."""
    chosen = design.spec
    return samples.seeded(chosen, 5, LONGEST) + samples.brief(chosen, 3) + samples.corners(chosen)


@pytest.mark.parametrize(
    ("head", "shape"), [("h", "one"), ("output", "two"), pytest.param("states", "gru", marks=pytest.mark.slow)]
)
def test_hardware_and_cpp_compute_what_the_golden_model_does(head: str, shape: str, tmp_path: Path) -> None:
    design = made(head, shape, tmp_path)
    require_equal(design, stimuli(design), QUICK)


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("head", HEADS)
def test_every_simulator_agrees_in_every_bit_and_cycle(head: str, shape: str, tmp_path: Path) -> None:
    design = with_verilog(made(head, shape, tmp_path))
    require_equal(design, stimuli(design) + samples.seeded(design.spec, 6, LONGEST), SIMULATORS)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("held - 1 - step : step", "step : step"),
        ("beat >= M::kBeats / 2", "beat > M::kBeats / 2"),
        ("if (fits) ++held;\n  }\n  return held;", "++held;\n  }\n  return held;"),
    ],
)
def test_a_wrong_buffer_in_cpp_is_seen(old: str, new: str, tmp_path: Path) -> None:
    design = made("step", "one", tmp_path)
    header = tmp_path / "hls" / "mirror.h"
    text = header.read_text()
    assert text.count(old) == 1
    header.write_text(text.replace(old, new))
    found = compare("hls", CPP, design, stimuli(design), schedule(design))
    assert found.status == "different"


@pytest.mark.parametrize("constant", ["MIRROR", "MIRROR_NEXT"])
def test_a_buffer_that_is_a_cycle_later_than_predicted_is_seen(
    constant: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    design = made("h", "long x", tmp_path)
    monkeypatch.setattr(sequence_buffer, constant, getattr(sequence_buffer, constant) + 1)
    given = samples.brief(design.spec, 3, 3) + samples.brief(design.spec, 5)
    found = compare("myhdl", MYHDL, design, given, schedule(design))
    assert found.status == "different"
    assert "cycles" in found.reason


def test_a_sequence_that_goes_on_behind_its_longest_is_sent_and_has_to_be_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    design = made("states", "one", tmp_path)
    given = stimuli(design)
    order = [turn for turn in all_turns(given.lengths.tolist(), 1, False) if turn.is_step]
    assert max(sent_beats(design, given, order)) == 2 * design.net.x_beats
    text = (tmp_path / "myhdl" / "little.py").read_text()
    wrong = text.replace('"cut", status.torn, 3, 4', '"cut", status.torn, 3, 5').replace(
        "cut, status.torn, 3, 4", "cut, status.torn, 3, 5"
    )
    assert wrong != text
    (tmp_path / "myhdl" / "little.py").write_text(wrong)
    found = compare("myhdl", MYHDL, design, given, schedule(design))
    assert found.status == "different"


def test_a_sequence_takes_as_long_as_its_steps_and_two_ways_through_buffers(tmp_path: Path) -> None:
    design = made("h", "one", tmp_path)
    built = schedule(design)
    begins = built.begins([LONGEST, 1])[0]
    assert np.diff(begins).tolist()[: LONGEST - 1] == [built.interval(0)] * (LONGEST - 1)
    assert begins[0] == 3 * LONGEST - 1 + MIRROR + 2 * 3  # the last beat of x, the buffer, the first pair


@pytest.mark.parametrize(("both", "cycles", "gap"), [(False, 62, 14), (True, 96, 0)])
def test_directions_fill_each_others_gap(both: bool, cycles: int, gap: int, tmp_path: Path) -> None:
    model = {"inputs": 8, "hidden": [32], "head": None} | ({"bidirectional": True, "longest": 8} if both else {})
    chosen = spec(model=model, engine={"units": 8}, sparsity={"input": 0.25, "recurrent": 0.8125})
    built = schedule(Design(chosen, random_weights.seeded(chosen), tmp_path))
    assert built.stages[0].array.multipliers == 32
    assert (built.cycles_per_step, built.gap) == (cycles, gap)
