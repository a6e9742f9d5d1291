"""Linear layers behind the recurrent ones, with activations between them: read right, proven, their loss told."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from accel.base.faults import Refused
from accel.engines.engine import reference
from accel.model import samples, weights_file
from accel.model.design import Design
from tests.training.importing.graphs import FINE, HIDDEN, INPUTS, OUTPUTS, Graph, fine
from training.importer import import_model
from training.importing import network as networks
from training.importing.onnx_model import read

MORE = {"formats": FINE["formats"] | {"linear": [24, 16]}}


def spec(*layers: tuple[int, str], **head: Any) -> Any:
    made = {"outputs": OUTPUTS, "kind": "logits", "when": "step"} | head
    made["layers"] = [{"outputs": outputs, "activation": activation} for outputs, activation in layers]
    linear = MORE if any(activation not in ("tanh", "sigmoid") for _, activation in layers) else {}
    return fine(model={"head": made}, **linear)


def through(operator: str, *more: Any, **options: Any) -> Callable[[Graph], str]:
    def made(g: Graph) -> str:
        ends = ["" if one is None else g.constant(np.array(one)) for one in more]
        return g.head(g.node(operator, g.head(g.layer("x"), outputs=5), *ends, **options), 5)

    return made


@pytest.mark.parametrize(
    ("made", "activation"),
    [
        (through("Relu"), "relu"),
        (through("Tanh"), "tanh"),
        (through("Sigmoid"), "sigmoid"),
        (through("HardSigmoid"), "hard_sigmoid"),
        (through("HardSigmoid", alpha=1 / 6, beta=0.5), "hard_sigmoid"),
        (through("Clip", -1.0, 1.0), "hard_tanh"),
        (through("Clip", 0.0, 0.6), "hard_sigmoid"),
        (through("Clip", 0.0), "relu"),
        (through("Clip", -0.25, None), "relu"),
        (through("Clip", -0.5, 1.5), "hard_sigmoid"),
    ],
)
def test_an_activation_between_linear_layers_is_what_the_file_has(
    made: Callable[[Graph], str], activation: str, tmp_path: Path
) -> None:
    graph, chosen = Graph(), spec((5, activation))
    import_model(chosen, graph.saved(tmp_path, made(graph)), tmp_path / "work")
    record = json.loads((tmp_path / "work/training.json").read_text())["import"]
    assert record["compared"][0]["largest_difference"] <= record["compared"][0]["allowed"]
    assert {one["name"] for one in record["loss"]["matrices"]} >= {"linear0.w_x", "linear0.bias", "head.w_x"}
    assert record["loss"]["layers"][-1]["relative_error"] < 0.03


@pytest.mark.parametrize("slopes", [None, (1,), (5,)])
def test_a_leaky_relu_is_a_relu_of_both_signs(slopes: tuple[int, ...] | None, tmp_path: Path) -> None:
    graph = Graph()
    h = graph.head(graph.layer("x"), outputs=5)
    leaky = graph.node("LeakyRelu", h, alpha=0.2) if slopes is None else graph.node("PRelu", h, graph.random(*slopes))
    path = graph.saved(tmp_path, graph.head(leaky, 5))
    import_model(spec((10, "relu")), path, tmp_path / "work")
    record = json.loads((tmp_path / "work/training.json").read_text())["import"]
    assert record["compared"][0]["largest_difference"] <= record["compared"][0]["allowed"]
    assert record["loss"]["layers"][-1]["relative_error"] < 0.03


def last_h(g: Graph) -> str:
    return g.squeezed(g.lstm("x", output=1), 0)


def relu_at_the_end(g: Graph) -> str:
    return str(g.node("Relu", g.head(g.layer("x")), name="end"))


def mean_at_the_end(g: Graph) -> str:
    return str(g.node("ReduceMean", g.layer("x"), axes=[0], keepdims=0))


@pytest.mark.parametrize(
    ("made", "layers", "head"),
    [
        (last_h, (), {"outputs": HIDDEN, "when": "last"}),
        (relu_at_the_end, ((OUTPUTS, "relu"),), {}),
        (mean_at_the_end, (), {"outputs": HIDDEN, "when": "last", "pool": "mean", "longest": 20}),
    ],
    ids=["h_n", "relu", "mean"],
)
def test_answers_that_no_linear_layer_makes_go_through_the_identity(
    made: Callable[[Graph], str], layers: Any, head: dict[str, Any], tmp_path: Path
) -> None:
    graph, chosen = Graph(), spec(*layers, **head)
    import_model(chosen, graph.saved(tmp_path, made(graph)), tmp_path / "work")
    record = json.loads((tmp_path / "work/training.json").read_text())["import"]
    assert record["head"] == "the identity, as no linear layer stands at the end"
    assert record["compared"][0]["largest_difference"] <= record["compared"][0]["allowed"]
    weights = weights_file.load(tmp_path / "work/weights.npz", chosen).layers[-1].w_x.values
    np.testing.assert_array_equal(weights, np.eye(len(weights)) * 2**12)


class Classifier(nn.Module):
    """Two layers, and behind the last step a normalised MLP."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(INPUTS, HIDDEN, batch_first=True)
        self.mlp = nn.Sequential(
            nn.BatchNorm1d(HIDDEN), nn.Linear(HIDDEN, 6), nn.ReLU(), nn.Linear(6, 5), nn.Hardtanh(), nn.Linear(5, 3)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = self.mlp(self.lstm(x)[0][:, -1])
        return found


def test_a_classifier_of_torch_with_normalisation_and_an_mlp_gives_its_own_logits(tmp_path: Path) -> None:
    torch.manual_seed(1)
    module = Classifier().eval()
    module.mlp[0].running_mean.uniform_(-0.5, 0.5)
    module.mlp[0].running_var.uniform_(0.5, 2)
    path = tmp_path / "classifier.onnx"
    names = {"input_names": ["x"], "output_names": ["y"], "dynamic_axes": {"x": {0: "batch", 1: "steps"}}}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(module, (torch.zeros(2, 6, INPUTS),), str(path), dynamo=False, **names)
    chosen = spec((6, "relu"), (5, "hard_tanh"), outputs=3, when="last")
    import_model(chosen, path, tmp_path / "work")
    design = Design(chosen, weights_file.load(tmp_path / "work/weights.npz", chosen), tmp_path)
    inputs = samples.seeded(chosen, 4, 5)
    got = reference(design, inputs).outputs / 2.0**design.net.head.frac  # type: ignore[union-attr]
    x = torch.from_numpy(chosen.formats.input.real(inputs.x)).float()
    with torch.no_grad():
        wanted = torch.stack([module(x[n : n + 1, :length])[0] for n, length in enumerate(inputs.lengths)])
    np.testing.assert_allclose(got, wanted.numpy(), atol=0.02)


def test_a_spec_without_the_layers_is_told_what_the_file_has(tmp_path: Path) -> None:
    graph = Graph()
    path = graph.saved(tmp_path, through("Relu")(graph))
    said = r"model.head.layers: wanted \[\{outputs: 5, activation: relu\}\], as model.onnx has .*, got \[\]"
    with pytest.raises(Refused, match=said):
        import_model(fine(), path, tmp_path / "work")
    with pytest.raises(Refused, match=r"got \[\{outputs: 5, activation: tanh\}\]"):
        import_model(spec((5, "tanh")), path, tmp_path / "work")


def test_an_activation_that_is_read_wrong_is_found_by_the_proof(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(networks.ACTIVATIONS, "hard_tanh", lambda value: np.clip(value, -1, 0.9))
    graph = Graph()
    path = graph.saved(tmp_path, through("Clip", -1.0, 1.0)(graph))
    with pytest.raises(Refused, match="got a difference of"):
        import_model(spec((5, "hard_tanh")), path, tmp_path / "work")


def test_a_sigmoid_at_the_end_is_an_end_and_in_between_it_is_none(tmp_path: Path) -> None:
    graph = Graph()
    inner = graph.node("Sigmoid", graph.head(graph.layer("x"), outputs=5))
    network = read(graph.saved(tmp_path, graph.node("Sigmoid", graph.head(inner, 5)))).network
    assert (network.ending, [layer.activation for layer in network.linear]) == ("sigmoid", ["sigmoid"])


def over_time(operator: str, axis: int = 0, inner: bool = False) -> Callable[[Graph], str]:
    def made(g: Graph) -> str:
        h = g.layer("x")
        h = g.head(h, outputs=5) if inner else h
        options = {"axes": [axis], "keepdims": 0}
        return g.head(g.node(operator, h, **options), 5 if inner else HIDDEN)

    return made


@pytest.mark.parametrize(
    ("made", "pool"),
    [
        (over_time("ReduceMean"), {"pool": "mean", "longest": 40}),
        (over_time("ReduceMean", inner=True), {"pool": "mean", "longest": 40}),
        (over_time("ReduceMax"), {"pool": "max"}),
    ],
)
def test_a_pool_over_the_steps_is_what_the_file_has(
    made: Callable[[Graph], str], pool: dict[str, Any], tmp_path: Path
) -> None:
    graph, chosen = Graph(), spec(when="last", **pool)
    import_model(chosen, graph.saved(tmp_path, made(graph)), tmp_path / "work")
    record = json.loads((tmp_path / "work/training.json").read_text())["import"]
    assert record["compared"][0]["largest_difference"] <= record["compared"][0]["allowed"]
    assert record["loss"]["layers"][-1]["relative_error"] < 0.01
    assert record["loss"]["decisions"] == {"answers": 9, "differ": 0}
    with pytest.raises(Refused, match=rf"model.head.pool: wanted {pool['pool']}, as model.onnx has, got none"):
        import_model(spec(when="last"), tmp_path / "model.onnx", tmp_path / "other")


def test_a_mean_that_is_read_as_a_maximum_is_found_by_the_proof(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(networks.FloatNetwork, "over_steps", lambda self, h, lengths=None: h.max(axis=1, keepdims=True))
    graph = Graph()
    path = graph.saved(tmp_path, over_time("ReduceMean")(graph))
    with pytest.raises(Refused, match="got a difference of"):
        import_model(spec(when="last", pool="mean", longest=40), path, tmp_path / "work")
