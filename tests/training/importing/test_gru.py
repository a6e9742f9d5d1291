"""GRUs from files: both forms of ONNX, modules of PyTorch; what was read computes what the file does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from accel.base.faults import Refused
from accel.base.files import read_json
from accel.model import weights_file
from tests.training.importing.graphs import HIDDEN, INPUTS, OUTPUTS, Graph, fine
from tests.training.importing.reference import wrong
from tests.training.importing.states import assert_same, network, stored
from training.importer import import_model
from training.importing.onnx_model import read
from training.importing.state_dict import Named

NEAR = 1e-5
Made = Callable[[Graph, dict[str, Any]], str]


def gru(g: Graph, x: str, options: dict[str, Any], inputs: int = INPUTS, bias: bool = True, output: int = 0) -> str:
    """A node's Y or Y_h."""
    tensors = [g.random(1, 3 * HIDDEN, inputs), g.random(1, 3 * HIDDEN, HIDDEN)]
    tensors += [g.random(1, 6 * HIDDEN)] if bias else []
    made: list[str] = g.node("GRU", x, *tensors, outputs=2, hidden_size=HIDDEN, **options)
    return made[output]


def one_layer(g: Graph, options: dict[str, Any]) -> str:
    return g.head(g.squeezed(gru(g, "x", options), 1))


def two_layers(g: Graph, options: dict[str, Any]) -> str:
    first = g.squeezed(gru(g, "x", options), 1)
    return g.head(g.squeezed(gru(g, first, options, HIDDEN), 1))


def without_bias(g: Graph, options: dict[str, Any]) -> str:
    return g.head(g.squeezed(gru(g, "x", options, bias=False), 1))


def affine_before(g: Graph, options: dict[str, Any]) -> str:
    x = g.node("Add", g.node("MatMul", "x", g.random(INPUTS, 5)), g.random(5))
    return g.head(g.squeezed(gru(g, x, options, 5), 1))


def last_state(g: Graph, options: dict[str, Any]) -> str:
    return g.head(g.squeezed(gru(g, "x", options, output=1), 0))


FORMS = {"default": {}, "reset first": {"linear_before_reset": 0}, "reset after": {"linear_before_reset": 1}}
GRAPHS: list[Made] = [one_layer, two_layers, without_bias, affine_before, last_state]


@pytest.mark.parametrize("options", FORMS.values(), ids=FORMS.keys())
@pytest.mark.parametrize("made", GRAPHS)
def test_a_graph_computes_what_onnx_does(made: Made, options: dict[str, Any], tmp_path: Path) -> None:
    g = Graph()
    path = g.saved(tmp_path, made(g, options))
    assert wrong(path) < NEAR
    wanted = "gru" if options.get("linear_before_reset") else "gru_reset_first"
    assert {layer.cell for layer in read(path).network.layers} == {wanted}


@pytest.mark.parametrize(("options", "cell"), [(FORMS["default"], "gru_reset_first"), (FORMS["reset after"], "gru")])
def test_a_graph_becomes_weights_close_to_its_own_answers(options: dict[str, Any], cell: str, tmp_path: Path) -> None:
    g = Graph()
    path, spec = g.saved(tmp_path, two_layers(g, options)), fine((HIDDEN, HIDDEN), model={"cell": cell})
    import_model(spec, path, tmp_path / "work")
    layers = read_json(tmp_path / "work" / "training.json")["import"]["loss"]["layers"]
    assert max(layer["relative_error"] for layer in layers) < 0.01
    assert len(weights_file.load(tmp_path / "work" / "weights.npz", spec).layers) == 3


def test_a_cell_that_the_file_does_not_have_is_refused(tmp_path: Path) -> None:
    g = Graph()
    path = g.saved(tmp_path, one_layer(g, FORMS["default"]))
    for cell in ("lstm", "gru"):
        with pytest.raises(Refused, match=rf"model.cell: wanted gru_reset_first, as .*GRU.* is, got {cell}"):
            import_model(fine(model={"cell": cell}), path, tmp_path / "work")
    assert not (tmp_path / "work").exists()


def test_cells_of_two_kinds_are_refused(tmp_path: Path) -> None:
    g = Graph()
    h = g.layer(g.squeezed(gru(g, "x", FORMS["reset after"]), 1), HIDDEN)
    path = g.saved(tmp_path, g.head(h))
    with pytest.raises(Refused, match=r"model.cell: wanted lstm, as .*LSTM.* is, got gru"):
        import_model(fine((HIDDEN, HIDDEN), model={"cell": "gru"}), path, tmp_path / "work")


class Net(nn.Module):
    """Two layers of GRUs and a head."""

    def __init__(self, **options: Any) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.lstm = nn.GRU(INPUTS, HIDDEN, num_layers=2, batch_first=True, **options)
        self.fc = nn.Linear(HIDDEN, OUTPUTS)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = self.fc(self.lstm(x)[0])
        return found


@pytest.mark.parametrize("bias", [True, False])
def test_a_state_dict_computes_what_its_module_does(bias: bool, tmp_path: Path) -> None:
    module = Net(bias=bias)
    path = stored(tmp_path, module.state_dict())
    found = network(path)
    assert {layer.cell for layer in found.layers} == {"gru"}
    assert_same(found, module)
    import_model(fine((HIDDEN, HIDDEN), model={"cell": "gru"}), path, tmp_path / "work")
    compared = read_json(tmp_path / "work" / "training.json")["import"]
    assert max(layer["relative_error"] for layer in compared["loss"]["layers"]) < 0.01


def test_cells_of_pytorch_are_layers(tmp_path: Path) -> None:
    torch.manual_seed(0)
    cell, x = nn.GRUCell(INPUTS, HIDDEN).double(), torch.randn(2, 5, INPUTS).double()
    found = network(stored(tmp_path, cell.state_dict()), Named(), None)
    h, steps = torch.zeros(2, HIDDEN).double(), []
    for x_t in x.unbind(1):
        h = cell(x_t, h)
        steps.append(h)
    np.testing.assert_allclose(found.states(x.numpy())[-1], torch.stack(steps, 1).detach().numpy(), atol=1e-12)
    spec = fine(model={"cell": "gru", "head": None})
    import_model(spec, tmp_path / "model.pt", tmp_path / "work")
