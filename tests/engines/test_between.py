"""Activations on h between recurrent layers: the same bits everywhere, exact cycles, and a wrong end is seen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from accel.base.faults import Refused
from accel.engines import covered
from accel.engines.verify import compare
from accel.model import golden, random_weights, samples
from accel.model.coverage import measure
from accel.model.design import Design
from accel.model.reach import reach
from accel.schedule import timeline
from accel.schedule.schedule import schedule
from tests.designs import BASE, spec
from tests.engines.alike import (
    CPP,
    MYHDL,
    QUICK,
    SIMULATORS,
    TORCH,
    rendered,
    require_equal,
    stimuli,
    with_verilog,
)

STEP: dict[str, Any] = {"outputs": 3, "kind": "logits", "when": "step"}
DESIGNS: dict[str, dict[str, Any]] = {
    "relu": {"model": {"inputs": 3, "hidden": [4, 4], "between": ["relu"], "head": None}, "engine": {"units": 2}},
    "three layers, two cells": {
        "model": {"inputs": 3, "hidden": [8, 6, 4], "between": ["hard_tanh", "relu"], "head": STEP},
        "engine": {"cells_per_cycle": 2},
        "formats": {**BASE["formats"], "state": [14, 11]},
    },
    "columns": {
        "model": {"inputs": 3, "hidden": [8, 4], "between": ["relu"], "head": STEP},
        "sparsity": {"pattern": "column", "input": 0.3, "recurrent": 0.5},
        "engine": {"dataflow": "column"},
    },
    "loaded, two streams": {
        "model": {"inputs": 3, "hidden": [8, 4], "between": ["hard_sigmoid"], "head": STEP},
        "engine": {"memory": "scratchpad", "streams": 2},
    },
    "residual": {
        "model": {"inputs": 4, "hidden": [4, 4, 4], "between": ["residual", "residual"], "head": None},
        "engine": {"units": 2},
        "formats": {**BASE["formats"], "residual": [7, 5]},
    },
    "residual of two words, finer than x": {
        "model": {"inputs": 3, "hidden": [7, 7, 7], "between": ["relu", "residual"], "head": STEP},
        "engine": {"cells_per_cycle": 2, "units": 2},
        "formats": {**BASE["formats"], "residual": [16, 13]},
    },
    "residual behind a layer in front, streams, loaded": {
        "model": {"inputs": 3, "before": [{"outputs": 5}], "hidden": [5, 5], "between": ["residual"], "cell": "gru"},
        "engine": {"streams": 3, "memory": "scratchpad"},
        "formats": {**BASE["formats"], "linear": [9, 5], "residual": [9, 4]},
    },
    "residual of rows of a table, fed": {
        "model": {"inputs": 6, "vocabulary": 9, "hidden": [6, 6], "between": ["residual"], "head": {"outputs": 3}},
        "engine": {"memory": "stream", "memory_width": 16, "units": 6, "input_words": 2, "cells_per_cycle": 2},
        "formats": {**BASE["formats"], "residual": [12, 10]},
    },
    "both directions": {
        "model": {"inputs": 3, "hidden": [4, 4, 2], "between": ["relu", "residual"], "bidirectional": True}
        | {"longest": 4, "head": {"outputs": 3, "last": "output"}},
        "formats": {**BASE["formats"], "residual": [10, 6]},
    },
    "both directions, residual of x": {
        "model": {"inputs": 8, "hidden": [4, 4], "between": ["residual"], "bidirectional": True, "longest": 5}
        | {"head": None},
        "engine": {"units": 2, "input_words": 2, "cells_per_cycle": 2},
        "formats": {**BASE["formats"], "residual": [7, 5]},
    },
    "residual by columns": {
        "model": {
            "inputs": 4,
            "hidden": [4, 4, 4],
            "between": ["residual", "residual"],
            "stateful": True,
            "head": STEP,
        },
        "sparsity": {"pattern": "column", "input": 0.3, "recurrent": 0.5, "threshold": 0.1},
        "engine": {"dataflow": "column", "units": 2},
        "formats": {**BASE["formats"], "residual": [10, 6]},
    },
    "residual of levels": {
        "model": {"inputs": 4, "hidden": [4, 4], "between": ["residual"], "cell": "highway", "depth": 2, "head": STEP},
        "engine": {"units": 2},
        "formats": {**BASE["formats"], "residual": [10, 6]},
    },
    "residuals, the last one too": {
        "model": {"inputs": 4, "hidden": [4, 4], "between": ["residual", "residual"], "head": {"outputs": 3}},
        "engine": {"units": 2},
        "formats": {**BASE["formats"], "residual": [7, 5]},
    },
    "a residual behind, after every step, loaded": {
        "model": {"inputs": 5, "hidden": [5], "between": ["residual"], "head": {**STEP, "layers": [{"outputs": 4}]}},
        "engine": {"units": 2, "memory": "scratchpad", "streams": 2},
        "formats": {**BASE["formats"], "linear": [9, 5], "residual": [14, 11]},
    },
    "a residual behind, a mean": {
        "model": {"inputs": 6, "hidden": [6], "between": ["residual"], "cell": "gru"}
        | {"head": {"outputs": 3, "pool": "mean", "longest": 4, "kind": "logits"}},
        "engine": {"units": 2, "input_words": 2, "cells_per_cycle": 2},
        "formats": {**BASE["formats"], "residual": [9, 6]},
    },
    "a residual behind both directions": {
        "model": {"inputs": 8, "hidden": [4], "between": ["residual"], "bidirectional": True, "longest": 5}
        | {"head": {"outputs": 3, "last": "output"}},
        "formats": {**BASE["formats"], "residual": [9, 6]},
    },
    "a residual behind columns, stateful": {
        "model": {"inputs": 4, "hidden": [4], "between": ["residual"], "stateful": True, "head": STEP},
        "sparsity": {"pattern": "column", "input": 0.3, "recurrent": 0.5, "threshold": 0.1},
        "engine": {"dataflow": "column", "units": 2},
        "formats": {**BASE["formats"], "residual": [10, 6]},
    },
    "behind a layer in front": {
        "model": {"inputs": 3, "before": [{"outputs": 4}], "hidden": [6, 4], "between": ["relu"], "cell": "gru"},
        "formats": {**BASE["formats"], "linear": [9, 5]},
    },
}


def made(name: str, work: Path) -> Design:
    """A design, rendered."""
    return rendered(spec(**DESIGNS[name]), work)


@pytest.mark.parametrize("name", ["relu", "residual"])
def test_hardware_cpp_and_torch_compute_what_the_golden_model_does(name: str, tmp_path: Path) -> None:
    design = made(name, tmp_path)
    require_equal(design, stimuli(design), QUICK | TORCH)


@pytest.mark.slow
@pytest.mark.parametrize("name", DESIGNS)
def test_every_simulator_agrees_in_every_bit_and_cycle(name: str, tmp_path: Path) -> None:
    design = with_verilog(made(name, tmp_path))
    require_equal(design, stimuli(design) + samples.seeded(design.spec, 4, 4), SIMULATORS | TORCH)


def test_the_next_layer_reads_h_without_what_lies_below_zero() -> None:
    chosen = spec(**DESIGNS["relu"])
    weights, given = random_weights.seeded(chosen), samples.seeded(chosen, 4, 5)
    trace = golden.run(weights.network(chosen), weights, given.x, given.lengths)
    assert trace.layers[0].h.min() < 0
    np.testing.assert_array_equal(trace.layers[1].read, np.maximum(trace.layers[0].h, 0))


def test_the_next_layer_reads_h_and_x_together_as_far_as_their_format_holds_them() -> None:
    chosen = spec(**DESIGNS["residual"])
    weights, given = random_weights.seeded(chosen), stimuli(Design(chosen, random_weights.seeded(chosen), Path()))
    net = weights.network(chosen)
    trace = golden.run(net, weights, given.x, given.lengths)
    first, second = trace.layers[:2]
    one = (first.h + (first.read << 5) + (1 << 5)) >> 6
    assert one.max() > 63
    assert one.min() < -64
    np.testing.assert_array_equal(second.read, np.clip(one, -64, 63))
    two = (second.h + (second.read << 6) + (1 << 5)) >> 6
    np.testing.assert_array_equal(trace.layers[2].read, np.clip(two, -64, 63))


def test_a_wrong_end_and_a_cycle_too_much_are_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    design = made("relu", tmp_path)
    monkeypatch.setattr(timeline, "CLIPPED", timeline.CLIPPED + 1)
    found = compare("myhdl", MYHDL, design, stimuli(design), schedule(design))
    assert found.status == "different"
    assert "cycles" in found.reason
    monkeypatch.undo()
    top = tmp_path / "hls" / "top.cpp"
    text = top.read_text()
    assert text.count("lstm1_clipped, 0, 2047") == 1
    top.write_text(text.replace("lstm1_clipped, 0, 2047", "lstm1_clipped, -1, 2047"))
    found = compare("hls", CPP, design, stimuli(design), schedule(design))
    assert found.status == "different"


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ({"between": ["relu", "relu"]}, r"model.between: wanted 1 entries"),
        ({"hidden": [4]}, r"model.between: wanted nothing for one layer"),
        ({"between": ["tanh"]}, r"model.between"),
        ({"between": ["relu", "residual"], "inputs": 4}, r"no residual behind the last layer without model.head"),
        ({"between": ["residual"]}, r"model.between\[0\]: wanted no residual of layer 0, whose x_t has 3 elements and"),
        ({"between": ["residual"], "inputs": 4}, r"formats.residual: wanted a format where model.between has a resid"),
    ],
)
def test_what_does_not_go_is_refused_by_its_key(model: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused, match=said):
        spec(model=DESIGNS["relu"]["model"] | model)


def test_units_that_are_removed_beside_a_residual_are_refused() -> None:
    studies = {"lasso": [0.001]}
    with pytest.raises(Refused, match=r"training.studies.lasso: wanted nothing beside model.between: residual"):
        spec(**DESIGNS["residual"], training={"task": "seeded", "studies": studies})


def test_clips_of_residual_sums_are_counted_and_sequences_that_meet_them_are_found() -> None:
    design = Design(chosen := spec(**DESIGNS["residual"]), random_weights.seeded(chosen), Path())
    net, weights, given = design.net, design.weights, samples.seeded(chosen, 3, 3)
    trace = golden.run(net, weights, given.x, given.lengths)
    clamps = {(one.layer, one.signal): one for one in measure(net, weights, given, trace).clamps}
    real = np.arange(given.x.shape[1]) < given.lengths[:, None]
    sums = net.residuals[2].total(trace.layers[1].h, trace.layers[1].read)[real]
    fmt, found = net.residuals[2].out, clamps["lstm1", "residual"]
    beyond = fmt.dropped(sums, net.residuals[2].frac)
    assert (found.below, found.above) == ((beyond < fmt.lo).sum(), (beyond > fmt.hi).sum())
    assert found.values == sums.size
    reached = reach(net, weights)
    assert {("residual", "below"), ("residual", "above")} <= reached[0].earliest.keys()
    made = covered.sequences(design, samples.corners(chosen), given, reached)
    sides = [side for side in covered.cover(design, made.all, reached).clamps if side.signal == "residual"]
    assert len(sides) == 4
    assert all(side.clipped or side.why.startswith("cannot be: it gets to") for side in sides)
    assert any(side.clipped for side in sides)


def test_a_sum_that_its_format_always_holds_is_said_to_be_one() -> None:
    chosen = spec(**DESIGNS["residual"] | {"formats": {**BASE["formats"], "residual": [24, 12]}})
    design = Design(chosen, random_weights.seeded(chosen), Path())
    reached, given = reach(design.net, design.weights), samples.seeded(chosen, 3, 3)
    sides = [side for side in covered.cover(design, given, reached).clamps if side.signal == "residual"]
    assert {side.clipped for side in sides} == {0}
    assert all(side.why.startswith("cannot be: it gets to") for side in sides)
