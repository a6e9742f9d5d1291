"""Linear layers and activations between recurrent layers: read from graphs and modules, proven, or refused by name."""

from __future__ import annotations

import json
from collections.abc import Sequence
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


class Stacked(nn.Module):
    """Two recurrent layers with something between them, and a head behind the last step."""

    def __init__(self, *between: nn.Module, read: int = 6, kind: type[nn.Module] = nn.LSTM, both: bool = False) -> None:
        super().__init__()
        self.first = kind(5, 6, batch_first=True, bidirectional=both)
        self.between = nn.Sequential(*between)
        self.second, self.out = kind(read, 4, batch_first=True), nn.Linear(4, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.out(self.second(self.between(self.first(x)[0]))[0][:, -1])  # type: ignore[no-any-return]


BETWEEN: dict[str, tuple[Sequence[nn.Module], int, list[str]]] = {
    "linear, relu": ((nn.Linear(6, 3), nn.ReLU()), 3, ["relu"]),
    "linear, linear, tanh": ((nn.Linear(6, 8), nn.Linear(8, 3), nn.Tanh()), 3, ["tanh"]),
    "two": (
        (nn.Linear(6, 5), nn.Sigmoid(), nn.Linear(5, 3), nn.Hardtanh(), nn.Linear(3, 7)),
        7,
        ["sigmoid", "hard_tanh"],
    ),
    "activation, linear, activation": ((nn.ReLU(), nn.Linear(6, 3), nn.Tanh()), 3, ["relu", "tanh"]),
    "tanh alone": ((nn.Tanh(),), 6, ["tanh"]),
    "sigmoid alone": ((nn.Sigmoid(),), 6, ["sigmoid"]),
    "leaky": ((nn.LeakyReLU(0.2),), 6, ["relu"]),
    "linear, leaky": ((nn.Linear(6, 3), nn.LeakyReLU(0.2)), 3, ["relu"]),
    "linear, prelu, a slope each": ((nn.Linear(6, 3), nn.PReLU(3)), 3, ["relu"]),
    "hard sigmoid": ((nn.Linear(6, 3), nn.Hardsigmoid()), 3, ["hard_sigmoid"]),
    "relu6": ((nn.Linear(6, 3), nn.ReLU6()), 3, ["hard_sigmoid"]),
}


@pytest.mark.parametrize("name", BETWEEN)
def test_a_graph_is_read_as_it_answers(name: str, tmp_path: Path) -> None:
    between, read, kinds = BETWEEN[name]
    torch.manual_seed(1)
    module, x = Stacked(*between, read=read), np.random.default_rng(2).normal(size=(4, 7, 5)).astype(np.float32)
    if name.startswith("linear, prelu"):
        module.between[1].weight.data = torch.tensor([0.3, -0.2, 1.5])  # type: ignore[operator]
        module.between.insert(1, Turned())
        module.between.append(Turned())
    network = source.found(exported(module, tmp_path / "stacked.onnx", torch.from_numpy(x[:2])), Wishes()).network
    (chain,) = network.between
    assert not isinstance(chain, str)
    assert [one.activation for one in chain] == kinds
    with torch.no_grad():
        wanted = module(torch.from_numpy(x)).numpy()
    found = network.logits(network.over_steps(network.states(x.astype(np.float64))[-1]))[:, -1]
    np.testing.assert_allclose(found, wanted, atol=1e-5)


class Turned(nn.Module):
    """Steps and values exchanged, as nn.PReLU wants them with a slope for each value."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.transpose(1, 2)


def test_a_linear_layer_without_an_activation_folds_into_the_next_layer(tmp_path: Path) -> None:
    torch.manual_seed(1)
    module = Stacked(nn.Linear(6, 3), read=3)
    network = source.found(exported(module, tmp_path / "stacked.onnx", torch.zeros(2, 5, 5)), Wishes()).network
    assert (network.between, network.layers[1].sizes) == ((), (6, 4))


def chosen(**model: Any) -> Any:
    between = [[{"outputs": 3, "activation": "relu"}]]
    keys = {"inputs": 5, "between": between, "hidden": [6, 4], "head": {"outputs": 2, "kind": "logits"}}
    dense = {"pattern": "dense", "input": None, "recurrent": None}
    formats = {"linear": [12, 8], "input": [10, 6]}
    return spec(model=keys | model, sparsity=dense, engine={"units": 2}, formats=formats)


def test_an_import_is_proven_and_leaves_every_layer(tmp_path: Path) -> None:
    torch.manual_seed(1)
    module, work = Stacked(nn.Linear(6, 3), nn.ReLU(), read=3), tmp_path / "work"
    work.mkdir()
    import_model(chosen(), exported(module, tmp_path / "stacked.onnx", torch.zeros(2, 5, 5)), work)
    layers = weights_file.load(work / "weights.npz", chosen()).layers
    assert [layer.w_x.values.shape for layer in layers] == [(24, 5), (3, 6), (16, 3), (2, 4)]
    facts = json.loads((work / "training.json").read_text())["import"]
    assert facts["between"] == [["/between/between.1/Relu: relu"]]
    assert "between0_0.w_x" in [one["name"] for one in facts["loss"]["matrices"]]


def test_a_module_is_compiled_and_answers_as_torch_does(tmp_path: Path) -> None:
    torch.manual_seed(1)
    module = Stacked(nn.Linear(6, 3), nn.ReLU(), read=3, kind=nn.GRU)
    x = np.random.default_rng(2).normal(size=(6, 7, 5)).astype(np.float32)
    made = sparrow.compile(module, data=x, work=tmp_path, name="stacked", error=0.05)
    assert [one.outputs for one in made.spec.ahead(1)] == [3]
    with torch.no_grad():
        wanted = module(torch.from_numpy(x)).numpy()
    assert np.abs(made.predict(x) - wanted).max() < 0.1
    traced = made.trace(x)["between0_0.out"]
    with torch.no_grad():
        made_between = module.between(module.first(torch.from_numpy(x))[0]).numpy()
    np.testing.assert_allclose(traced.float, made_between, atol=1e-5)
    assert 0 < traced.error < 1


def test_a_spec_with_other_layers_between_is_refused(tmp_path: Path) -> None:
    path = exported(Stacked(nn.Linear(6, 3), nn.ReLU(), read=3), tmp_path / "stacked.onnx", torch.zeros(2, 5, 5))
    wanted = r"model.between: wanted \[\[{outputs: 3, activation: relu}\]\], as stacked.onnx has, got \[\[{outputs: 4, "
    with pytest.raises(Refused, match=wanted):
        import_model(chosen(between=[[{"outputs": 4}]]), path, tmp_path)


class Both(Stacked):
    """Two layers of both directions."""

    def __init__(self) -> None:
        super().__init__(nn.Linear(12, 3), nn.Tanh(), read=3, both=True)
        self.second, self.out = nn.LSTM(3, 2, batch_first=True, bidirectional=True), nn.Linear(4, 2)


def test_layers_between_bidirectional_ones_are_compiled_and_answer_as_torch_does(tmp_path: Path) -> None:
    torch.manual_seed(1)
    module, x = Both(), np.random.default_rng(2).normal(size=(6, 7, 5)).astype(np.float32)
    made = sparrow.compile(module, data=x, work=tmp_path, name="both", error=0.05)
    assert (made.spec.directions, [one.activation for one in made.spec.ahead(1)]) == (2, ["tanh"])
    with torch.no_grad():
        wanted = module(torch.from_numpy(x)).numpy()
    assert np.abs(made.predict(x) - wanted).max() < 0.1


def test_layers_of_one_and_of_both_directions_are_refused(tmp_path: Path) -> None:
    module = Stacked(nn.Linear(12, 3), nn.ReLU(), read=3, both=True)
    path = exported(module, tmp_path / "mixed.onnx", torch.zeros(2, 5, 5))
    keys = {"bidirectional": True, "longest": 9, "head": {"outputs": 2, "kind": "logits", "last": "output"}}
    wanted = r"mixed.onnx: /second/LSTM: wanted a layer of both directions, as /first/LSTM is, got another"
    with pytest.raises(Refused, match=wanted):
        import_model(chosen(**keys), path, tmp_path)


class Residuals(nn.Module):
    """Layers with their own x_t added, an activation behind each sum, and what is behind the last one."""

    def __init__(self, *between: nn.Module, both: bool = False, count: int = 3) -> None:
        super().__init__()
        size = 4 if both else 8
        self.layers = nn.ModuleList(
            nn.LSTM(8, size, batch_first=True, bidirectional=both, bias=n > 0) for n in range(count)
        )
        self.between, self.out = nn.ModuleList(between), nn.Linear(8, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for number, layer in enumerate(self.layers):
            x = self.between[number % len(self.between)](x + layer(x)[0])
        return self.out(x)  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("between", "links", "behind"),
    [
        ((nn.ReLU(),), [["residual", "relu"]] * 2, ["relu"]),
        ((nn.Tanh(), nn.Identity()), [["residual", "tanh"], "residual"], ["tanh"]),
        ((nn.Sequential(nn.Linear(8, 8), nn.Tanh()),), [["residual", "tanh"]] * 2, ["tanh"]),
        ((nn.Identity(), nn.ReLU()), ["residual", ["residual", "relu"]], []),
    ],
    ids=["relu", "tanh, none", "linear, tanh", "none, relu"],
)
@pytest.mark.parametrize("both", [False, True], ids=["forward", "both directions"])
def test_activations_behind_residuals_are_read_as_the_graph_answers(
    between: Sequence[nn.Module], links: list[Any], behind: list[str], both: bool, tmp_path: Path
) -> None:
    torch.manual_seed(1)
    module, x = Residuals(*between, both=both), np.random.default_rng(2).normal(size=(4, 7, 8)).astype(np.float32)
    network = source.found(exported(module, tmp_path / "sums.onnx", torch.from_numpy(x[:2])), Wishes()).network
    kinds = [
        link if isinstance(link, str) else [one if isinstance(one, str) else one.activation for one in link]
        for link in network.between
    ]
    assert (kinds, [one.activation for one in network.linear]) == ([*links, "residual"], behind)
    with torch.no_grad():
        wanted = module(torch.from_numpy(x)).numpy()
    found = network.logits(network.over_steps(network.states(x.astype(np.float64))[-1]))
    np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_an_activation_behind_a_residual_is_compiled_and_answers_as_torch_does(tmp_path: Path) -> None:
    torch.manual_seed(1)
    module, x = Residuals(nn.ReLU(), count=2), np.random.default_rng(2).normal(size=(6, 7, 8)).astype(np.float32)
    made = sparrow.compile(module, data=x, work=tmp_path, name="sums", error=0.05)
    assert [one.outputs for one in made.spec.ahead(1)] == [8]
    with torch.no_grad():
        wanted = module(torch.from_numpy(x)).numpy()
    assert np.abs(made.predict(x) - wanted).max() < 0.15


def test_a_spec_with_a_residual_of_other_layers_is_refused(tmp_path: Path) -> None:
    path = exported(Residuals(nn.ReLU(), count=2), tmp_path / "sums.onnx", torch.zeros(2, 5, 8))
    keys = {"inputs": 8, "hidden": [8, 8], "between": ["residual", "residual"]}
    head = {"outputs": 2, "kind": "logits", "when": "step", "layers": [{"outputs": 8}]}
    given = spec(
        model=keys | {"head": head},
        sparsity={"pattern": "dense", "input": None, "recurrent": None},
        formats={"linear": [12, 8], "residual": [12, 8]},
    )
    wanted = r"model.between: wanted \[\[residual, {outputs: 8, activation: relu}\], residual\], as sums.onnx has"
    with pytest.raises(Refused, match=wanted):
        import_model(given, path, tmp_path)
