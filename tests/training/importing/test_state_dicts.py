"""State dicts and the wrappers people save them in: taken, asked about, or refused by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, prune

from accel.base.faults import Refused
from tests.training.importing.graphs import fine
from tests.training.importing.states import Net, assert_same, network, stored
from training.importer import import_model
from training.importing.state_dict import Named


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


WRAPPERS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "plain": lambda state: state,
    "state_dict": lambda state: {"epoch": 3, "state_dict": state},
    "model_state_dict": lambda state: {"model_state_dict": state, "optimizer_state_dict": {"state": {}}},
    "model_state": lambda state: {"model_state": state, "loss": 0.25},
    "model": lambda state: {"args": None, "model": state},
    "nested": lambda state: {"checkpoint": {"net": {"weights": state}}},
    "parallel": lambda state: {f"module.{name}": tensor for name, tensor in state.items()},
    "compiled": lambda state: {f"_orig_mod.{name}": tensor for name, tensor in state.items()},
    "both": lambda state: {f"module._orig_mod.{name}": tensor for name, tensor in state.items()},
    "half": lambda state: {name: tensor.bfloat16().float() for name, tensor in state.items()},
    "lightning": lambda state: {
        "state_dict": {f"model.{name}": tensor for name, tensor in state.items()},
        "pytorch-lightning_version": "2.4.0",
        "callbacks": {},
        "optimizer_states": [{"state": {0: {"exp_avg": torch.zeros(3)}}, "param_groups": []}],
    },
}


@pytest.mark.parametrize("wrapped", WRAPPERS.values(), ids=WRAPPERS)
def test_wrappers_are_looked_into(tmp_path: Path, wrapped: Callable[[dict[str, Any]], Any]) -> None:
    module = Net()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(parameter.bfloat16())
    assert_same(network(stored(tmp_path, wrapped(dict(module.state_dict())))), module)


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float64])
def test_other_floats_are_taken_exactly(tmp_path: Path, kind: torch.dtype) -> None:
    state = Net().to(kind).state_dict()
    found = network(stored(tmp_path, state)).layers[0].w_x
    np.testing.assert_array_equal(found, state["lstm.weight_ih_l0"].double().numpy())


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_torchscript_is_read_and_none_of_it_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module, path = Net(), tmp_path / "model.pt"
    torch.jit.script(module).save(str(path))

    def run(*_: Any, **__: Any) -> None:
        raise AssertionError("TorchScript was loaded")

    monkeypatch.setattr(torch.jit, "load", run)
    assert_same(network(path), module)


@pytest.mark.filterwarnings("ignore")
def test_a_traced_module_is_read_too(tmp_path: Path) -> None:
    module, path = Net(), tmp_path / "model.pt"
    torch.jit.trace(module, torch.zeros(2, 3, 3)).save(str(path))
    assert_same(network(path), module)


def test_weight_norm_in_both_spellings_is_put_together(tmp_path: Path) -> None:
    for number, norm in enumerate((parametrizations.weight_norm, old_weight_norm)):
        module = Net()
        for name in ("weight_ih_l0", "weight_hh_l0", "weight_hh_l1"):
            norm(module.lstm, name)
        norm(module.fc, "weight")
        state = {
            name: tensor * 1.5 if name.endswith(("_g", "original0")) else tensor
            for name, tensor in module.state_dict().items()
        }
        module.load_state_dict(state)
        path = stored(tmp_path, module.state_dict(), f"{number}.pt")
        found = network(path)
        assert len(found.folded) == 4
        assert_same(found, module)
        import_model(fine((4, 4)), path, tmp_path / "work")


def old_weight_norm(module: nn.Module, name: str) -> None:
    """torch's own before parametrisations."""
    with pytest.warns(FutureWarning):
        nn.utils.weight_norm(module, name)


def test_masks_of_pruning_are_applied(tmp_path: Path) -> None:
    module = Net()
    prune.random_unstructured(module.fc, "weight", 0.5)
    prune.random_unstructured(module.lstm, "weight_hh_l0", 0.5)
    path = stored(tmp_path, module.state_dict())
    assert_same(network(path), module)
    import_model(fine((4, 4)), path, tmp_path / "work")


class Cells(nn.Module):
    """LSTMCells one behind the other."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.out = nn.LSTMCell(3, 4), nn.LSTMCell(4, 5), nn.Linear(5, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        a = b = None
        steps = []
        for x_t in x.unbind(1):
            a = self.first(x_t, a)
            b = self.second(a[0], b)
            steps.append(self.out(b[0]))
        return torch.stack(steps, dim=1)


def test_cells_are_layers_in_the_order_that_is_named(tmp_path: Path) -> None:
    module, path = Cells(), tmp_path / "model.pt"
    torch.save(module.state_dict(), path)
    with pytest.raises(Refused, match=r"--lstm NAME for each LSTM.* got first \(3 -> 4\), second \(4 -> 5\)"):
        network(path)
    assert_same(network(path, Named(lstm=("first", "second"))), module)
    with pytest.raises(Refused, match=r"--lstm: wanted an order in which each reads"):
        network(path, Named(lstm=("second", "first")))
    with pytest.raises(Refused, match=r"--lstm: wanted names among first, second, each once, got third"):
        network(path, Named(lstm=("third",)))
    with pytest.raises(Refused, match=r"second.weight_ih: wanted a place in the network"):
        network(path, Named(lstm=("first",), ignore=("out.*",)), None)


def test_a_cell_without_a_prefix_is_found(tmp_path: Path) -> None:
    path = stored(tmp_path, nn.LSTMCell(3, 4).state_dict())
    import_model(fine(model={"head": None}), path, tmp_path / "work")


def test_without_biases_zeros_are_taken(tmp_path: Path) -> None:
    module = Net(bias=False)
    assert_same(network(stored(tmp_path, module.state_dict())), module)
