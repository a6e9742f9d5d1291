"""What a graph has between its recurrent layers, and behind the last one: read, proven, or refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from accel.base.faults import Refused
from tests.designs import BASE, spec
from tests.training.importing.graphs import INPUTS, Graph, exported
from training.importer import import_model
from training.importing import source
from training.importing.network import FloatNetwork
from training.importing.source import Wishes

DENSE: dict[str, Any] = {
    "sparsity": {"pattern": "dense", "input": None, "recurrent": None},
    "engine": {"units": 2},
}
SUMS = {**BASE["formats"], "residual": [12, 8]}


def states_read(module: nn.Module, x: torch.Tensor, path: Path) -> FloatNetwork:
    """The network of a module's graph, whose last states are the module's answers."""
    exported(module.eval(), path, x)
    network = source.found(path, Wishes()).network
    with torch.no_grad():
        np.testing.assert_allclose(network.states(x.numpy())[-1], module(x).numpy(), atol=1e-5)
    return network


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
    network = states_read(Stacked(), x, path)
    assert network.between == ("relu",)
    work.mkdir()
    keys = {"inputs": 3, "hidden": [4, 4], "between": ["relu"], "head": None}
    import_model(spec(model=keys, **DENSE), path, work)
    with pytest.raises(Refused, match=r"model.between: wanted \[relu\], as stacked.onnx has"):
        import_model(spec(model=keys | {"between": []}, **DENSE), path, work)
    alone = replace(network, between=())
    assert not np.allclose(alone.states(x.numpy())[-1], network.states(x.numpy())[-1])


class Residual(nn.Module):
    """Three GRUs, each but the first of which reads what the one before answered and read."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.GRU(4, 4, batch_first=True) for _ in range(3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for layer in self.layers[:-1]:
            x = x + layer(x)[0]
        return self.layers[-1](x)[0]  # type: ignore[no-any-return]


def test_a_graph_with_residual_additions_is_read_and_proven(tmp_path: Path) -> None:
    torch.manual_seed(1)
    path, work = tmp_path / "residual.onnx", tmp_path / "work"
    assert states_read(Residual(), torch.randn(4, 6, 4), path).between == ("residual", "residual")
    work.mkdir()
    keys = {"inputs": 4, "hidden": [4, 4, 4], "between": ["residual", "residual"], "head": None, "cell": "gru"}
    import_model(spec(model=keys, **DENSE, formats=SUMS), path, work)
    with pytest.raises(Refused, match=r"model.between: wanted \[residual, residual\], as residual.onnx has"):
        import_model(spec(model=keys | {"between": ["relu", "relu"]}, **DENSE), path, work)


@pytest.mark.parametrize("when", ["step", "last", "mean"])
def test_a_residual_behind_the_last_layer_is_read_and_proven(when: str, tmp_path: Path) -> None:
    torch.manual_seed(1)
    gru, head, x = nn.GRU(4, 4, batch_first=True), nn.Linear(4, 2), torch.randn(4, 6, 4)

    class Behind(nn.Module):
        """A GRU whose input is added to what it answers, and a linear layer."""

        def __init__(self) -> None:
            super().__init__()
            self.gru, self.head = gru, head

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            both = self.gru(x)[0] + x
            read = both.mean(1) if when == "mean" else both[:, -1] if when == "last" else both
            return self.head(read)  # type: ignore[no-any-return]

    module, path, work = Behind().eval(), tmp_path / "behind.onnx", tmp_path / "work"
    exported(module, path, x)
    network = source.found(path, Wishes()).network
    assert (network.between, network.pool) == (("residual",), "mean" if when == "mean" else "none")
    answers = network.logits(network.over_steps(network.states(x.numpy())[-1]))
    with torch.no_grad():
        np.testing.assert_allclose(answers if when == "step" else answers[:, -1], module(x).numpy(), atol=1e-5)
    work.mkdir()
    over = {"pool": "mean", "longest": 12} if when == "mean" else {}
    answer: dict[str, Any] = {"outputs": 2, "kind": "logits", "when": "step" if when == "step" else "last"}
    keys = {"inputs": 4, "hidden": [4], "between": ["residual"], "head": answer | over, "cell": "gru"}
    import_model(spec(model=keys, **DENSE, formats=SUMS), path, work)


def test_a_residual_at_the_end_is_read_by_a_head_that_changes_nothing(tmp_path: Path) -> None:
    graph = Graph()
    path = graph.saved(tmp_path, graph.node("Add", "x", graph.layer("x", hidden=INPUTS), name="skip"))
    network = source.found(path, Wishes()).network
    assert network.between == ("residual",)
    assert network.head is not None
    np.testing.assert_array_equal(network.head.weight, np.eye(INPUTS))


@pytest.mark.parametrize("changed", ["scaled", "of a folded x", "of another layer's x"])
def test_other_additions_are_refused(changed: str, tmp_path: Path) -> None:
    graph = Graph()
    x = graph.node("Mul", "x", graph.constant(2.0)) if changed == "of a folded x" else "x"
    h = graph.layer(x, hidden=INPUTS)
    added = graph.node("Mul", h, graph.constant(0.5)) if changed == "scaled" else h
    if changed == "of another layer's x":
        added = graph.layer(h, INPUTS, INPUTS)
    both = graph.node("Add", added, x, name="skip")
    path = graph.saved(tmp_path, graph.head(graph.layer(both, INPUTS)))
    with pytest.raises(Refused, match=r"skip \(Add\): wanted one input that depends on x"):
        source.found(path, Wishes())
