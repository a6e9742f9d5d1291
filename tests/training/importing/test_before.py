"""Linear layers with activations in front of the recurrent ones: read from graphs, proven, or refused by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import sparrow
from accel.base.faults import Refused
from accel.model import weights_file
from tests.designs import spec
from tests.training.importing.graphs import exported
from training.importer import import_model
from training.importing import source
from training.importing.source import Wishes


class Front(nn.Module):
    """Linear layers with activations, a normalisation folded into one of them, an LSTM, and a head."""

    def __init__(self, tokens: bool = False) -> None:
        super().__init__()
        self.words = nn.Embedding(11, 5) if tokens else nn.Identity()
        self.front = nn.Sequential(nn.Linear(5, 6), nn.ReLU(), nn.Linear(6, 3), nn.Tanh())
        self.rnn, self.out = nn.LSTM(3, 4, batch_first=True), nn.Linear(4, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.out(self.rnn(self.front(self.words(x)))[0][:, -1])  # type: ignore[no-any-return]


def chosen(**model: Any) -> Any:
    before = [{"outputs": 6}, {"outputs": 3, "activation": "tanh"}]
    keys = {"inputs": 5, "before": before, "hidden": [4], "head": {"outputs": 2, "kind": "logits"}}
    dense = {"pattern": "dense", "input": None, "recurrent": None}
    linear = {"linear": [12, 8], "input": [10, 6]}
    return spec(model=keys | model, sparsity=dense, engine={"units": 2}, formats=linear)


@pytest.mark.parametrize("tokens", [False, True])
def test_a_graph_is_read_as_it_answers(tokens: bool, tmp_path: Path) -> None:
    torch.manual_seed(1)
    module, rng = Front(tokens), np.random.default_rng(2)
    x = rng.integers(0, 11, (4, 7)) if tokens else rng.normal(size=(4, 7, 5)).astype(np.float32)
    path = exported(module, tmp_path / "front.onnx", torch.from_numpy(x[:2]))
    network = source.found(path, Wishes()).network
    assert [one.activation for one in network.before] == ["relu", "tanh"]
    assert (network.inputs, network.vocabulary) == (5, 11 if tokens else None)
    with torch.no_grad():
        wanted = module(torch.from_numpy(x)).numpy()
    given = x[..., None] if tokens else x
    found = network.logits(network.over_steps(network.states(given.astype(np.float64))[-1]))[:, -1]
    np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_an_import_is_proven_and_leaves_every_layer(tmp_path: Path) -> None:
    torch.manual_seed(1)
    module, work = Front(), tmp_path / "work"
    work.mkdir()
    import_model(chosen(), exported(module, tmp_path / "front.onnx", torch.zeros(2, 5, 5)), work)
    layers = weights_file.load(work / "weights.npz", chosen()).layers
    assert [layer.w_x.values.shape for layer in layers] == [(6, 5), (3, 6), (16, 3), (2, 4)]
    facts = json.loads((work / "training.json").read_text())["import"]
    assert facts["before"] == ["/front/front.1/Relu: relu", "/front/front.3/Tanh: tanh"]
    assert [one["name"] for one in facts["loss"]["matrices"]][-6:-2] == [
        *("before0.w_x", "before0.bias", "before1.w_x", "before1.bias")
    ]


def test_a_module_is_compiled_with_what_stands_in_front(tmp_path: Path) -> None:
    torch.manual_seed(1)
    module, x = Front(), np.random.default_rng(2).normal(size=(6, 7, 5)).astype(np.float32)
    made = sparrow.compile(module, data=x, work=tmp_path, name="front", error=0.05)
    assert [one.outputs for one in made.spec.model.before] == [6, 3]
    with torch.no_grad():
        wanted = module(torch.from_numpy(x)).numpy()
    assert np.abs(made.predict(x) - wanted).max() < 0.1


def test_a_spec_with_other_layers_in_front_is_refused(tmp_path: Path) -> None:
    path = exported(Front(), tmp_path / "front.onnx", torch.zeros(2, 5, 5))
    with pytest.raises(Refused, match=r"model.before: wanted \[{outputs: 6, activation: relu}, {outputs: 3, "):
        import_model(chosen(before=[{"outputs": 6}, {"outputs": 3}]), path, tmp_path)
