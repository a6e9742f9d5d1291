"""Linear layers between recurrent ones: the same bits everywhere, exact cycles, and what is wrong is seen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from accel.architecture.latencies import slot_to_out
from accel.base.faults import Refused
from accel.base.fixed import Fixed
from accel.engines.memories import check_memories
from accel.engines.verify import compare
from accel.model import golden, random_weights, samples
from accel.model.coverage import measure
from accel.model.design import Design
from accel.model.reach import reach
from accel.schedule.dataflows import rows as dataflow
from accel.schedule.schedule import schedule
from tests.designs import BASE, spec
from tests.engines.alike import (
    MYHDL,
    QUICK,
    SIMULATORS,
    TORCH,
    rendered,
    require_a_wrong_clip_shows,
    require_equal,
    stimuli,
    with_verilog,
)

STEP: dict[str, Any] = {"outputs": 3, "kind": "logits", "when": "step"}
FORMATS = {**BASE["formats"], "linear": [9, 5]}
RELU = [{"outputs": 5, "activation": "relu"}]
LAYERS: dict[str, Any] = {"inputs": 3, "hidden": [6, 4], "between": [RELU], "head": STEP}
DESIGNS: dict[str, dict[str, Any]] = {
    "relu": {"model": {**LAYERS, "head": None}, "engine": {"units": 2}, "formats": FORMATS},
    "of several words, a table, last step": {
        "model": {**LAYERS, "hidden": [7, 6], "head": {"outputs": 3}}
        | {"between": [[{"outputs": 7, "activation": "tanh"}, {"outputs": 3, "activation": "hard_tanh"}]]},
        "engine": {"cells_per_cycle": 2, "units": [6, 2]},
        "formats": FORMATS,
    },
    "everywhere": {
        "model": {**LAYERS, "before": RELU, "hidden": [6, 4, 4], "cell": "gru"}
        | {"between": [[{"outputs": 8, "activation": "sigmoid"}], [{"outputs": 2}, {"outputs": 4}]]}
        | {"head": {**STEP, "layers": [{"outputs": 4}]}},
        "formats": {**FORMATS, "gate": [[16, 12], [15, 11], [14, 10]]},
    },
    "slower than both": {
        "model": {**LAYERS, "hidden": [12, 4], "between": [[{"outputs": 40, "units": 1}]]},
        "formats": FORMATS,
    },
    "residual behind": {
        "model": {**LAYERS, "hidden": [6, 5, 5], "between": [RELU, "residual"]},
        "formats": {**FORMATS, "residual": [12, 8]},
        "engine": {"units": 5},
    },
    "of a residual": {
        "model": {**LAYERS, "inputs": 6, "hidden": [6, 4]}
        | {"between": [["residual", {"outputs": 6, "activation": "tanh"}, {"outputs": 3}]]},
        "engine": {"units": 2},
        "formats": {**FORMATS, "residual": [9, 5]},
    },
    "of residuals, one behind the last layer too": {
        "model": {**LAYERS, "hidden": [6, 6, 6], "cell": "gru", "head": {"outputs": 3}}
        | {"between": [[{"outputs": 6}], ["residual", {"outputs": 6}], "residual"]},
        "engine": {"units": 2},
        "formats": {**FORMATS, "residual": [12, 8]},
    },
    "of a residual, two streams, loaded": {
        "model": {**LAYERS, "before": RELU, "hidden": [5, 4], "between": [["residual", {"outputs": 7}]]},
        "engine": {"memory": "scratchpad", "streams": 2, "state_streams": False},
        "formats": {**FORMATS, "residual": [7, 4]},
    },
    "both directions, of a residual": {
        "model": {**LAYERS, "inputs": 8, "hidden": [4, 2], "bidirectional": True, "longest": 4}
        | {"between": [["residual", {"outputs": 5, "activation": "relu"}]]},
        "engine": {"units": 2},
        "formats": {**FORMATS, "residual": [10, 6]},
    },
    "of a residual, columns": {
        "model": {**LAYERS, "inputs": 8, "hidden": [8, 4], "between": [["residual", {"outputs": 8}]]},
        "engine": {"dataflow": "column"},
        "sparsity": {"pattern": "column", "input": 0.3, "recurrent": 0.5, "threshold": 0.1},
        "formats": {**FORMATS, "residual": [10, 6]},
    },
    "levels": {
        "model": {**LAYERS, "cell": "gru_reset_first"},
        "engine": {"units": 2},
        "formats": FORMATS,
    },
    "x first, a pool": {
        "model": {**LAYERS, "head": {"outputs": 3, "pool": "max"}},
        "engine": {"units": 2, "order": "x_first"},
        "formats": FORMATS,
    },
    "tokens, stateful": {
        "model": {**LAYERS, "inputs": 6, "vocabulary": 7, "stateful": True},
        "formats": FORMATS,
    },
    "its own states": {"model": {**LAYERS, "initial": "constant"}, "formats": FORMATS},
    "states given, streams": {
        "model": {**LAYERS, "head": {"outputs": 3}},
        "engine": {"streams": 2, "state_streams": True},
        "formats": FORMATS,
    },
    "loaded, streams": {
        "model": LAYERS,
        "engine": {"memory": "scratchpad", "streams": 2},
        "formats": FORMATS,
    },
    "loaded, states given, streams": {
        "model": {**LAYERS, "head": {"outputs": 3}},
        "engine": {"memory": "scratchpad", "state_streams": True, "streams": 2},
        "formats": FORMATS,
    },
    "fed": {
        "model": LAYERS,
        "engine": {"memory": "stream", "memory_width": 24, "streams": 3},
        "formats": FORMATS,
    },
    "both directions": {
        "model": {**LAYERS, "hidden": [4, 2], "bidirectional": True, "longest": 4},
        "engine": {"units": 2},
        "formats": FORMATS,
    },
    "both directions, of several words, last states": {
        "model": {**LAYERS, "cell": "gru", "hidden": [4, 6, 2], "bidirectional": True, "longest": 5}
        | {"between": [[{"outputs": 7, "activation": "tanh"}, {"outputs": 3}], "relu"]}
        | {"head": {"outputs": 3, "last": "states"}},
        "engine": {"units": 2, "cells_per_cycle": 2},
        "formats": FORMATS,
    },
    "both directions, a residual behind": {
        "model": {**LAYERS, "before": RELU, "hidden": [2, 2], "bidirectional": True, "longest": 4}
        | {
            "between": [[{"outputs": 4, "activation": "sigmoid"}], "residual"],
            "head": {"outputs": 3, "last": "output"},
        },
        "engine": {"units": 2},
        "formats": {**FORMATS, "residual": [12, 8]},
    },
    "columns": {
        "model": {**LAYERS, "hidden": [8, 4]},
        "engine": {"dataflow": "column"},
        "sparsity": {"pattern": "column", "input": 0.3, "recurrent": 0.5, "threshold": 0.1},
        "formats": FORMATS,
    },
    "rows, then columns, loaded": {
        "model": {**LAYERS, "hidden": [8, 4]},
        "engine": {"dataflow": ["row", "column"], "memory": "scratchpad", "streams": 2},
        "sparsity": {"pattern": "balanced", "input": 0.3, "recurrent": 0.5},
        "formats": FORMATS,
    },
}


def made(name: str, work: Path) -> Design:
    """A design, rendered."""
    sections = DESIGNS[name]
    return rendered(spec(**sections | {"engine": {"units": 4, **sections.get("engine", {})}}), work)


@pytest.mark.parametrize("name", ["relu", "everywhere", "both directions"])
def test_hardware_cpp_and_torch_compute_what_the_golden_model_does(name: str, tmp_path: Path) -> None:
    design = made(name, tmp_path)
    require_equal(design, stimuli(design), QUICK | TORCH)


@pytest.mark.slow
@pytest.mark.parametrize("name", DESIGNS)
def test_every_simulator_agrees_in_every_bit_and_cycle(name: str, tmp_path: Path) -> None:
    design = with_verilog(made(name, tmp_path))
    assert check_memories(design).reason == ""
    require_equal(design, stimuli(design) + samples.seeded(design.spec, 4, 4), SIMULATORS | TORCH)


def test_the_golden_model_reads_what_the_layer_between_makes() -> None:
    chosen = spec(**DESIGNS["relu"])
    weights, given = random_weights.seeded(chosen), samples.seeded(chosen, 4, 5)
    net = weights.network(chosen)
    (linear,) = net.ahead[1]
    trace, layer = golden.run(net, weights, given.x, given.lengths), weights.layers[1]
    sums = trace.layers[0].h @ layer.w_x.values.T + (layer.bias << linear.bias_shift)
    read = np.maximum(Fixed(9, 5).narrow(sums, linear.sum_frac), 0)
    np.testing.assert_array_equal(trace.layers[1].read, read)
    alone = golden.run_layer(net, net.layers[1], weights.layers[2], read, given.lengths)
    np.testing.assert_array_equal(trace.h, alone.h)


def test_the_layer_between_reads_a_residual_sum() -> None:
    chosen = spec(**DESIGNS["of a residual"])
    weights, given = random_weights.seeded(chosen), samples.seeded(chosen, 4, 5)
    net = weights.network(chosen)
    trace, (first, _) = golden.run(net, weights, given.x, given.lengths), net.ahead[1]
    sums = (trace.layers[0].h << net.residuals[1].shifts[0]) + (given.x << net.residuals[1].shifts[1])
    read = Fixed(9, 5).narrow(sums, net.residuals[1].frac)
    made = golden.linear_sums(first, weights.layers[1], read)
    np.testing.assert_array_equal(trace.feeding[0]["out"], golden.run_linear(net, first, made)["out"])


def test_a_residual_in_front_of_a_layer_between_that_goes_without_x_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = spec(**DESIGNS["both directions, of a residual"])
    design = Design(chosen, random_weights.seeded(chosen), Path())
    torch_engine, given = TORCH["torch"], samples.seeded(chosen, 4, 4)
    assert compare("torch", torch_engine, design, given, schedule(design)).status == "equal"
    monkeypatch.setattr(golden, "linked", lambda net, number, before: before.h)
    assert compare("torch", torch_engine, design, given, schedule(design)).status == "different"


def test_a_wrong_activation_between_is_seen(tmp_path: Path) -> None:
    require_a_wrong_clip_shows(made("relu", tmp_path))


def test_a_cycle_more_between_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    design = made("relu", tmp_path)
    monkeypatch.setattr(dataflow, "slot_to_out", lambda array: slot_to_out(array) + 1)
    found = compare("myhdl", MYHDL, design, stimuli(design), schedule(design))
    assert (found.status, "cycles" in found.reason) == ("different", True)


def test_halves_of_two_steps_in_front_of_a_layer_between_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = spec(**DESIGNS["both directions"])
    design = Design(chosen, random_weights.seeded(chosen), Path())
    torch_engine, given = TORCH["torch"], samples.seeded(chosen, 4, 4)
    assert compare("torch", torch_engine, design, given, schedule(design)).status == "equal"
    monkeypatch.setattr(golden, "straightened", lambda net, number, signal, lengths: signal)
    assert compare("torch", torch_engine, design, given, schedule(design)).status == "different"


def test_weights_and_clamps_between_are_covered() -> None:
    chosen = spec(**DESIGNS["relu"])
    weights, given = random_weights.seeded(chosen), samples.seeded(chosen, 4, 5)
    net = weights.network(chosen)
    trace = golden.run(net, weights, given.x, given.lengths)
    found = measure(net, weights, given, trace)
    assert "between0_0" in {use.layer for use in found.weights}
    assert "between0_0" in {clamp.layer for clamp in found.clamps}
    values, interval = trace.feeding[0]["out"], reach(net, weights)[1].values["out"]
    assert (values >= interval.lo).all()
    assert (values <= interval.hi).all()


@pytest.mark.parametrize(
    ("sections", "wanted"),
    [
        ({"model": {**LAYERS, "between": [RELU, RELU]}}, r"model.between: wanted 1 entries"),
        ({"model": {**LAYERS, "between": [{"outputs": 5}]}}, r"model.between\[0\]: wanted a list"),
        ({"model": {**LAYERS, "between": [[]]}}, r"model.between\[0\]: wanted Value should have at least 1 item"),
        ({"model": {**LAYERS, "between": [["relu"]]}}, r"model.between\[0\]\[0\]: wanted 'residual'"),
        ({"model": {**LAYERS, "between": [["residual"]]}}, r"model.between\[0\]: wanted residual once, in front of"),
        (
            {"model": {**LAYERS, "between": [["residual", *RELU, "residual"]]}},
            r"model.between\[0\]: wanted residual once, in front of linear layers, or the word",
        ),
        (
            {"model": {**LAYERS, "between": [["residual", *RELU]]}, "formats": {**FORMATS, "residual": [9, 5]}},
            r"model.between\[0\]: wanted no residual of layer 0, whose x_t has 3 elements and its h_t 6, got .residual",
        ),
        ({"model": {**LAYERS, "inputs": 6, "between": [["residual", *RELU]]}}, r"formats.residual: wanted a format"),
        ({"formats": BASE["formats"]}, r"formats.linear: wanted a format where model.before, model.between or"),
        (
            {"training": {"studies": {"lasso": [0.1]}}},
            r"training.studies.lasso: wanted nothing beside linear",
        ),
    ],
)
def test_what_does_not_go_together_is_refused_by_its_key(sections: dict[str, Any], wanted: str) -> None:
    given = {"model": LAYERS, "formats": FORMATS, "engine": {"units": 2}} | sections
    with pytest.raises(Refused, match=wanted):
        spec(**given)
