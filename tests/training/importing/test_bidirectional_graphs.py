"""Bidirectional LSTMs and GRUs of PyTorch as ONNX graphs: read as they answer, proven against the graph, or refused."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from accel.base.faults import Refused
from tests.designs import spec
from tests.training.importing.graphs import Graph
from training.importer import import_model
from training.importing import source
from training.importing.network import FloatNetwork
from training.importing.source import Wishes


class Both(nn.Module):
    """Bidirectional layers and a head, which reads them in one of the ways in which people do."""

    def __init__(self, kind: type[nn.Module], layers: int, read: str) -> None:
        super().__init__()
        self.rnn = kind(3, 4, num_layers=layers, bidirectional=True, batch_first=True)
        self.fc, self.read = nn.Linear(8, 3), read

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y, last = self.rnn(x)
        h_n = last[0] if isinstance(last, tuple) else last
        read = {
            "step": lambda: y,
            "output": lambda: y[:, -1],
            "states": lambda: torch.cat([h_n[-2], h_n[-1]], dim=1),
            "mean": lambda: y.mean(dim=1),
        }
        return self.fc(read[self.read]())  # type: ignore[no-any-return]


def exported(module: nn.Module, folder: Path) -> Path:
    path, axes = folder / "both.onnx", {"x": {0: "n", 1: "t"}}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module.eval(),
            (torch.zeros(2, 5, 3),),
            str(path),
            dynamo=False,
            input_names=["x"],
            output_names=["y"],
            dynamic_axes=axes,
        )
    return path


def chosen(layers: int, cell: str, head: dict[str, Any]) -> Any:
    both = {"cell": cell, "inputs": 3, "hidden": [4] * layers, "bidirectional": True, "longest": 16, "head": head}
    return spec(model=both, sparsity={"pattern": "dense", "input": None, "recurrent": None}, engine={"units": 2})


HEADS: dict[str, dict[str, Any]] = {
    "step": {"when": "step"},
    "output": {"when": "last", "last": "output"},
    "states": {"when": "last", "last": "states"},
    "mean": {"pool": "mean", "longest": 16},
}


def network(path: Path) -> FloatNetwork:
    return source.found(path, Wishes()).network


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU])
@pytest.mark.parametrize("read", HEADS)
def test_a_graph_of_both_directions_is_read_as_it_answers(read: str, kind: type[nn.Module], tmp_path: Path) -> None:
    torch.manual_seed(1)
    layers = 2 if read in ("step", "states") else 1
    path = exported(Both(kind, layers, read), tmp_path)
    found = network(path)
    assert (found.directions, [layer.sizes for layer in found.layers]) == (2, [(3, 4), (8, 4)][:layers])
    assert found.last == HEADS[read].get("last")
    head = {"outputs": 3, "kind": "logits"} | HEADS[read]
    import_model(chosen(layers, kind.__name__.lower(), head), path, tmp_path, allow_clipping=True)  # proven, or refused


def test_the_wrong_last_step_is_refused_with_that_of_the_file(tmp_path: Path) -> None:
    path = exported(Both(nn.LSTM, 1, "states"), tmp_path)
    made = chosen(1, "lstm", {"outputs": 3, "kind": "logits", "last": "output"})
    with pytest.raises(Refused, match=r"model.head.last: wanted states, as both.onnx reads, got output"):
        import_model(made, path, tmp_path)


def test_a_state_that_was_taken_for_the_output_would_be_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = exported(Both(nn.LSTM, 1, "states"), tmp_path)
    monkeypatch.setattr(FloatNetwork, "over_steps", lambda self, h, lengths=None: self.in_order(h, lengths))
    made = chosen(1, "lstm", {"outputs": 3, "kind": "logits", "last": "states"})
    with pytest.raises(Refused, match="wanted the answers of the network that was read from it"):
        import_model(made, path, tmp_path)


def both(graph: Graph, **options: Any) -> str:
    """Y of both directions step by step, [steps, sequences, 8]."""
    y = graph.lstm("x", hidden=4, direction="bidirectional", **options)
    turned = graph.node("Transpose", y, perm=[0, 2, 1, 3])
    return str(graph.node("Reshape", turned, graph.constant([0, 0, -1])))


def test_states_before_the_first_step_are_refused(tmp_path: Path) -> None:
    graph = Graph()
    h_0 = graph.random(2, 1, 4)
    y = both(graph, more=("", h_0, h_0))
    with pytest.raises(Refused, match="zeros for initial_h of both directions"):
        network(graph.saved(tmp_path, graph.head(y, 8)))


def test_a_direction_that_only_reads_backward_is_refused(tmp_path: Path) -> None:
    graph = Graph()
    with pytest.raises(Refused, match="reads forward only, got reverse"):
        network(graph.saved(tmp_path, graph.head(graph.layer("x", direction="reverse"))))


def test_what_is_put_beside_something_else_is_refused(tmp_path: Path) -> None:
    graph = Graph()
    y = both(graph)
    wide = graph.node("Concat", y, "x", axis=2)
    with pytest.raises(Refused, match="parts of one layer's h_t, or whole vectors, side by side"):
        network(graph.saved(tmp_path, str(graph.node("MatMul", wide, graph.random(8 + 3, 2)))))
