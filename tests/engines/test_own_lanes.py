"""Lanes of its own for each direction: the same bits, exact cycles, and what takes one for another is seen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from accel.architecture import array
from accel.architecture.dataflows.directions import DirectionsArray
from accel.architecture.network import network
from accel.engines.icarus import icarus
from accel.engines.memories import check_memories
from accel.engines.verify import DeviceUnderTest, compare
from accel.model import random_weights, samples
from accel.model.design import Design
from accel.model.samples import Samples
from accel.schedule.schedule import schedule
from tests.designs import spec
from tests.engines.alike import CPP, MYHDL, QUICK, SIMULATORS, TORCH, rendered, require_equal, with_verilog
from tests.engines.deliberate import spoil

LONGEST = 4
BOTH: dict[str, Any] = {"inputs": 3, "hidden": [4], "bidirectional": True, "longest": LONGEST, "head": None}
CLASSES = {"outputs": 3}
LINEAR = [{"outputs": 5, "activation": "relu"}]
KINDS: dict[str, dict[str, Any]] = {
    "one layer": {"model": BOTH, "engine": {"units": 4}},
    "two cells": {"model": BOTH, "engine": {"units": 4, "cells_per_cycle": 2, "input_words": 3}},
    "two layers, an output": {
        "model": BOTH | {"hidden": [4, 6], "head": CLASSES | {"last": "output"}},
        "engine": {"units": 4, "cells_per_cycle": 2, "input_words": 3},
    },
    "all units in a group, states": {
        "model": BOTH | {"hidden": [6], "head": CLASSES | {"last": "states"}},
        "engine": {"units": 12, "cells_per_cycle": 3},
    },
    "a group with a rest, a mean": {
        "model": BOTH | {"hidden": [7], "head": CLASSES | {"pool": "mean", "longest": LONGEST}},
        "engine": {"units": 4, "operand_register": True},
    },
    "GRU, relu, a maximum": {
        "model": BOTH | {"cell": "gru", "hidden": [4, 4], "between": ["relu"], "head": CLASSES | {"pool": "max"}},
        "engine": {"units": 2, "lanes_per_row": 2, "multiplier_registers": True},
    },
    "linear layers around": {
        "model": BOTH
        | {
            "hidden": [4, 4],
            "before": LINEAR,
            "between": [LINEAR],
            "head": CLASSES | {"when": "step", "layers": LINEAR},
        },
        "engine": {"units": 2},
        "formats": {"linear": [10, 6]},
    },
    "tokens, columns shared by gates, two products a multiplier": {
        "model": BOTH | {"vocabulary": 6, "head": CLASSES | {"last": "states", "layers": LINEAR}},
        "sparsity": {"shared_by_gates": True},
        "weights": {"width": 6},
        "engine": {"units": 4, "pack": True},
        "formats": {"linear": [10, 6]},
    },
    "dense": {
        "model": BOTH | {"hidden": [4, 4]},
        "sparsity": {"pattern": "dense", "input": None, "recurrent": None},
        "engine": {"units": 4, "lanes_per_row": 2},
    },
    "a dense GRU, two products a multiplier": {
        "model": BOTH | {"cell": "gru", "inputs": 4, "hidden": [4]},
        "sparsity": {"pattern": "dense", "input": None, "recurrent": None},
        "weights": {"width": 6},
        "engine": {"units": 4, "cells_per_cycle": 2, "input_words": 2, "pack": True},
    },
    "split lanes, scales": {
        "model": BOTH | {"hidden": [8, 6]},
        "weights": {"kind": "ternary", "per_row": True, "input_frac": 1, "recurrent_frac": 1},
        "engine": {"units": [4, 2], "lanes_per_row": 2, "lanes": "split", "input_lanes": 1},
        "formats": {"scale": [9, 5]},
    },
    "x first": {"model": BOTH | {"inputs": 6, "hidden": [8, 6]}, "engine": {"units": [4, 2], "order": "x_first"}},
}


def made(kind: str, work: Path) -> Design:
    """A design, rendered."""
    sections = KINDS[kind]
    return rendered(spec(**sections | {"engine": sections["engine"] | {"directions": "own"}}), work)


def stimuli(design: Design) -> Samples:
    """Sequences of all lengths, some of one step behind each other."""
    chosen = design.spec
    return samples.seeded(chosen, 5, LONGEST) + samples.brief(chosen, 3) + samples.corners(chosen)


@pytest.mark.parametrize(
    "kind",
    ["one layer", "two cells"] + [pytest.param(kind, marks=pytest.mark.slow) for kind in [*KINDS][2:]],
)
def test_hardware_and_cpp_compute_what_the_golden_model_does(kind: str, tmp_path: Path) -> None:
    design = made(kind, tmp_path)
    assert all(layer.ways == 2 for layer in design.net.layers)
    require_equal(design, stimuli(design), QUICK)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_every_simulator_agrees_in_every_bit_and_cycle(kind: str, tmp_path: Path) -> None:
    design = with_verilog(made(kind, tmp_path))
    assert check_memories(design).reason == ""
    require_equal(design, stimuli(design) + samples.seeded(design.spec, 6, LONGEST), SIMULATORS | TORCH)


def test_a_lane_that_serves_the_other_direction_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    design = made("one layer", tmp_path)
    monkeypatch.setattr(DirectionsArray, "way", lambda layer, unit: 1 - unit // layer.cells % 2)
    assert compare("myhdl", MYHDL, design, stimuli(design), schedule(design)).status == "different"


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(lambda *sizes: (right(*sizes) + sizes[0] // 2) % sizes[0], id="backward first"),
        pytest.param(lambda count, _words, ways: right(count, 1, ways), id="by unit", marks=pytest.mark.slow),
        pytest.param(lambda count, *_: np.arange(count), id="as in files", marks=pytest.mark.slow),
    ],
)
def test_an_order_of_units_that_the_hardware_has_not_is_seen(
    wrong: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(array, "in_turn", wrong)
    design = made("two cells", tmp_path)
    assert compare("myhdl", MYHDL, design, stimuli(design), schedule(design)).status == "different"


right = array.in_turn


def test_verilog_whose_lanes_store_the_words_of_the_other_direction_differs(tmp_path: Path) -> None:
    design = with_verilog(made("one layer", tmp_path))
    spoil(tmp_path / "rtl" / "little.v", r"(h_enable && \(h_place\[0\] == )0", r"\g<1>1")
    result = compare("icarus", DeviceUnderTest(icarus, clocked=True), design, stimuli(design), schedule(design))
    if result.status == "not run":
        pytest.skip(result.reason)
    assert result.status == "different"


@pytest.mark.parametrize(
    ("header", "old", "new"),
    [
        ("operands.h", "ReadBy<A>(copy) == unit / A::kCells % kDirections<A>", "ReadBy<A>(copy) == 0"),
        pytest.param(
            "operands.h", "ReadBy<A>(copy) == column /", "ReadBy<A>(copy) != column /", marks=pytest.mark.slow
        ),
        pytest.param(
            *("operands.h", "A::kCells / kDirections<A> * A::kCells + unit", "A::kCells / kDirections<A> + unit"),
            marks=pytest.mark.slow,
        ),
        ("mirror.h", "2 * (beat - M::kBeats / 2) + 1", "2 * (beat - M::kBeats / 2)"),
    ],
)
def test_cpp_that_takes_a_half_for_the_other_differs(header: str, old: str, new: str, tmp_path: Path) -> None:
    design = made("two cells", tmp_path)
    path = tmp_path / "hls" / header
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))
    assert compare("hls", CPP, design, stimuli(design), schedule(design)).status == "different"


def test_a_copy_is_half_as_large_and_an_index_has_a_bit_less() -> None:
    sizes = {"inputs": 16, "hidden": [32], "bidirectional": True, "longest": LONGEST, "head": None}
    engine = {"units": 8, "cells_per_cycle": 2, "input_words": 2}
    (shared,) = network(spec(model=sizes, engine=engine)).layers
    (own,) = network(spec(model=sizes, engine=engine | {"directions": "own"})).layers
    assert own.index_width == shared.index_width - 1
    for kind in ("x copies", "h copies"):
        assert 2 * own.memory_bits[kind] == shared.memory_bits[kind]
    for kind in ("values", "bias"):
        assert own.memory_bits[kind] == shared.memory_bits[kind]
    assert (own.multipliers, own.depth) == (shared.multipliers, shared.depth)


ALIKE: dict[str, tuple[bool, dict[str, Any], int, int]] = {
    "one direction on half of the lanes": (False, {"units": 4}, 106, 10),
    "lanes of their own": (True, {"units": 8, "directions": "own"}, 110, 14),
    "lanes of their own, two cells": (True, {"units": 8, "cells_per_cycle": 2, "directions": "own"}, 106, 10),
    "shared lanes": (True, {"units": 8}, 96, 0),
    "lanes of their own, x first": (True, {"units": 8, "order": "x_first", "directions": "own"}, 96, 0),
}


@pytest.mark.parametrize("kind", ALIKE)
def test_a_step_takes_what_one_direction_takes_on_half_of_the_lanes(kind: str, tmp_path: Path) -> None:
    both, engine, cycles, gap = ALIKE[kind]
    model = {"inputs": 8, "hidden": [32], "head": None} | ({"bidirectional": True, "longest": 8} if both else {})
    chosen = spec(model=model, engine=engine, sparsity={"input": 0.25, "recurrent": 0.8125})
    built = schedule(Design(chosen, random_weights.seeded(chosen), tmp_path))
    assert built.stages[0].array.multipliers == 16 * (1 + both)
    assert (built.cycles_per_step, built.gap) == (cycles, gap)
