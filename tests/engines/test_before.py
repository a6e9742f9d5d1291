"""Linear layers in front of the recurrent ones: the same bits everywhere, exact cycles, and what is wrong is seen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from accel.base.faults import Refused
from accel.base.fixed import Fixed
from accel.engines.memories import check_memories
from accel.model import golden, random_weights, samples
from accel.model.coverage import measure
from accel.model.design import Design
from accel.model.reach import reach
from tests.designs import BASE, spec
from tests.engines.alike import (
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
LAYERS: dict[str, Any] = {"inputs": 6, "before": RELU, "hidden": [6, 4], "head": STEP}
DESIGNS: dict[str, dict[str, Any]] = {
    "relu": {"model": {"inputs": 6, "before": RELU, "hidden": [4], "head": None}, "formats": FORMATS},
    "two, and behind": {
        "model": {
            "inputs": 6,
            "before": [{"outputs": 7, "activation": "tanh"}, {"outputs": 3, "activation": "hard_tanh"}],
            "hidden": [8, 4],
            "head": {"outputs": 3, "kind": "logits", "layers": [{"outputs": 4}]},
        },
        "engine": {"input_words": 2, "cells_per_cycle": 2},
        "formats": FORMATS,
    },
    "tokens, stateful": {
        "model": {"inputs": 6, "vocabulary": 7, "before": [{"outputs": 7, "activation": "sigmoid"}], "cell": "gru"}
        | {"hidden": [8], "stateful": True},
        "engine": {"input_words": 3},
    },
    "longer than a step": {
        "model": {"inputs": 60, "before": [{"outputs": 40, "units": 1}], "hidden": [4], "head": STEP},
        "formats": FORMATS,
    },
    "x first, a pool": {
        "model": {"inputs": 6, "before": RELU, "hidden": [8], "head": {"outputs": 3, "pool": "max"}},
        "engine": {"units": 2, "order": "x_first"},
        "formats": FORMATS,
    },
    "levels": {
        "model": {"inputs": 6, "before": RELU, "hidden": [8], "head": STEP, "cell": "gru_reset_first"},
        "engine": {"units": 2},
        "formats": FORMATS,
    },
    "its own states": {"model": {**LAYERS, "initial": "constant"}, "formats": FORMATS},
    "states given, streams": {
        "model": {**LAYERS, "head": {"outputs": 3}},
        "engine": {"streams": 2, "state_streams": True},
        "formats": FORMATS,
    },
    "loaded, streams": {
        "model": {**LAYERS, "before": [{"outputs": 7, "activation": "tanh"}, *RELU]},
        "engine": {"memory": "scratchpad", "streams": 2, "input_words": 2},
        "formats": FORMATS,
    },
    "loaded, states given": {
        "model": {**LAYERS, "head": {"outputs": 3}},
        "engine": {"memory": "scratchpad", "state_streams": True},
        "formats": FORMATS,
    },
    "loaded, its states carried on": {
        "model": {**LAYERS, "stateful": True},
        "engine": {"memory": "scratchpad"},
        "formats": FORMATS,
    },
    "fed, tokens": {
        "model": {**LAYERS, "vocabulary": 9},
        "engine": {"memory": "stream", "memory_width": 24, "streams": 3},
        "formats": FORMATS,
    },
    "both directions": {
        "model": {**LAYERS, "hidden": [4, 4], "bidirectional": True, "longest": 4},
        "engine": {"input_words": 2, "cells_per_cycle": 2},
        "formats": FORMATS,
    },
    "both directions, tokens, a pool": {
        "model": {
            **{"inputs": 6, "vocabulary": 9, "hidden": [4], "bidirectional": True, "longest": 5, "cell": "gru"},
            **{"before": [*RELU, {"outputs": 3, "activation": "sigmoid"}], "head": {"outputs": 3, "pool": "max"}},
        },
        "formats": FORMATS,
    },
    "columns": {
        "model": {**LAYERS, "hidden": [8, 4]},
        "engine": {"dataflow": "column"},
        "sparsity": {"pattern": "column", "input": 0.3, "recurrent": 0.5, "threshold": 0.1},
        "formats": FORMATS,
    },
    "columns and rows, loaded": {
        "model": {**LAYERS, "hidden": [8, 4], "before": [*RELU, {"outputs": 3, "activation": "tanh"}]},
        "engine": {
            **{"dataflow": ["column", {"input": "row", "recurrent": "column"}], "memory": "scratchpad", "streams": 2}
        },
        "sparsity": {"pattern": "balanced", "input": 0.3, "recurrent": 0.5},
        "formats": FORMATS,
    },
}


def made(name: str, work: Path) -> Design:
    """A design, rendered."""
    sections = DESIGNS[name]
    return rendered(spec(**sections | {"engine": {"units": 4, **sections.get("engine", {})}}), work)


@pytest.mark.parametrize("name", ["relu", "columns"])
def test_hardware_cpp_and_torch_compute_what_the_golden_model_does(name: str, tmp_path: Path) -> None:
    design = made(name, tmp_path)
    require_equal(design, stimuli(design), QUICK | TORCH)


@pytest.mark.slow
@pytest.mark.parametrize("name", DESIGNS)
def test_every_simulator_agrees_in_every_bit_and_cycle(name: str, tmp_path: Path) -> None:
    design = with_verilog(made(name, tmp_path))
    assert check_memories(design).reason == ""
    require_equal(design, stimuli(design) + samples.seeded(design.spec, 4, 4), SIMULATORS | TORCH)


def test_the_golden_model_reads_what_the_layer_in_front_makes() -> None:
    chosen = spec(**DESIGNS["relu"])
    weights, given = random_weights.seeded(chosen), samples.seeded(chosen, 4, 5)
    net = weights.network(chosen)
    front, layer = net.ahead[0][0], weights.layers[0]
    sums = given.x @ layer.w_x.values.T + (layer.bias << front.bias_shift)
    read = np.maximum(Fixed(9, 5).narrow(sums, front.sum_frac), 0)
    alone = golden.run_layer(net, net.layers[0], weights.layers[1], read, given.lengths)
    np.testing.assert_array_equal(golden.run(net, weights, given.x, given.lengths).h, alone.h)


def test_a_wrong_activation_in_front_is_seen(tmp_path: Path) -> None:
    require_a_wrong_clip_shows(made("relu", tmp_path))


def test_weights_and_clamps_in_front_are_covered() -> None:
    chosen = spec(**DESIGNS["relu"])
    weights, given = random_weights.seeded(chosen), samples.seeded(chosen, 4, 5)
    net = weights.network(chosen)
    found = measure(net, weights, given, golden.run(net, weights, given.x, given.lengths))
    assert "before0" in {use.layer for use in found.weights}
    assert "before0" in {clamp.layer for clamp in found.clamps}
    values = golden.run(net, weights, given.x, given.lengths).feeding[0]["out"]
    interval = reach(net, weights)[0].values["out"]
    assert (values >= interval.lo).all()
    assert (values <= interval.hi).all()


def test_states_that_are_given_beside_streams_and_loaded_weights_are_refused() -> None:
    engine = {"memory": "scratchpad", "state_streams": True, "streams": 2}
    with pytest.raises(Refused, match=r"engine.state_streams: wanted false beside model.before, engine.streams: 2 and"):
        spec(model=LAYERS, formats=FORMATS, engine=engine)


def test_a_format_for_what_leaves_is_asked_for() -> None:
    with pytest.raises(Refused, match=r"formats.linear: wanted a format where model.before"):
        spec(model={"inputs": 6, "before": RELU, "hidden": [4], "head": None})
