"""Activations on h between recurrent layers: the same bits everywhere, exact cycles, and a wrong end is seen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from accel.base.faults import Refused
from accel.engines.verify import compare
from accel.model import golden, random_weights, samples
from accel.model.design import Design
from accel.model.samples import Samples
from accel.schedule import timeline
from accel.schedule.schedule import schedule
from tests.designs import BASE, spec
from tests.engines.alike import CPP, MYHDL, QUICK, SIMULATORS, TORCH, rendered, require_equal, with_verilog
from tests.training.importing.graphs import Graph, exported
from training.importer import import_model
from training.importing import source
from training.importing.source import Wishes

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
    "behind a layer in front": {
        "model": {"inputs": 3, "before": [{"outputs": 4}], "hidden": [6, 4], "between": ["relu"], "cell": "gru"},
        "formats": {**BASE["formats"], "linear": [9, 5]},
    },
}


def made(name: str, work: Path) -> Design:
    """A design, rendered."""
    return rendered(spec(**DESIGNS[name]), work)


def stimuli(design: Design) -> Samples:
    return samples.seeded(design.spec, 4, 4) + samples.brief(design.spec, 2) + samples.corners(design.spec, 2)


def test_hardware_cpp_and_torch_compute_what_the_golden_model_does(tmp_path: Path) -> None:
    design = made("relu", tmp_path)
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
        ({"bidirectional": True, "longest": 4}, r"model.between: wanted nothing beside model.bidirectional"),
        ({"between": ["tanh"]}, r"model.between"),
    ],
)
def test_what_does_not_go_is_refused_by_its_key(model: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused, match=said):
        spec(model=DESIGNS["relu"]["model"] | model)


class Stacked(nn.Module):
    """Two LSTMs with a ReLU between, as some write them."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.LSTM(3, 4, batch_first=True), nn.LSTM(4, 4, batch_first=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.two(torch.relu(self.one(x)[0]))[0]  # type: ignore[no-any-return]


def test_a_graph_with_an_activation_between_is_read_and_proven(tmp_path: Path) -> None:
    torch.manual_seed(1)
    path, work, x = tmp_path / "stacked.onnx", tmp_path / "work", torch.randn(4, 6, 3)
    module = Stacked().eval()
    exported(module, path, x)
    network = source.found(path, Wishes()).network
    assert network.between == ("relu",)
    with torch.no_grad():
        np.testing.assert_allclose(network.states(x.numpy())[-1], module(x).numpy(), atol=1e-5)
    work.mkdir()
    keys = {"inputs": 3, "hidden": [4, 4], "between": ["relu"], "head": None}
    dense: dict[str, Any] = {"sparsity": {"pattern": "dense", "input": None, "recurrent": None}, "engine": {"units": 2}}
    import_model(spec(model=keys, **dense), path, work)
    with pytest.raises(Refused, match=r"model.between: wanted \[relu\], as stacked.onnx has"):
        import_model(spec(model=keys | {"between": []}, **dense), path, work)
    alone = replace(network, between=())
    assert not np.allclose(alone.states(x.numpy())[-1], network.states(x.numpy())[-1])


def test_a_scaled_activation_between_is_refused(tmp_path: Path) -> None:
    graph = Graph()
    between = graph.node("Relu", graph.node("Mul", graph.layer("x"), graph.constant(2.0)), name="between")
    path = graph.saved(tmp_path, graph.head(graph.layer(between, 4)))
    with pytest.raises(Refused, match=r"between \(Relu\): wanted no activation or pool between recurrent layers"):
        source.found(path, Wishes())
