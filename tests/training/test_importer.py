"""Importing the user's own nn.LSTM."""

from __future__ import annotations

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
from tests.training.small import small
from training.importer import import_model


class Classifier(nn.Module):
    """What users have: an LSTM and a linear layer under names of their own."""

    def __init__(self, **options: Any) -> None:
        super().__init__()
        self.rnn = nn.LSTM(3, 8, num_layers=2, **options)
        self.classify = nn.Linear(8, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.classify(self.rnn(x)[0])
        return logits


SPEC = small(model={"hidden": [8, 8]})
DENSE = small(
    model={"hidden": [8, 8], "head": {"outputs": 3, "kind": "logits", "when": "step"}},
    sparsity={"pattern": "dense", "search": None},
    weights={"width": 18, "input_frac": 15, "recurrent_frac": 15, "head_frac": 15},
    formats={"gate": [20, 16], "bias": [20, 16], "activation": [18, 16], "cell": [20, 16], "state": [18, 16]},
    tables={"address": 14},
)


def saved(tmp_path: Path, module: nn.Module) -> Path:
    path = tmp_path / "model.pt"
    torch.save(module.state_dict(), path)
    return path


def test_an_imported_network_computes_what_the_users_did(tmp_path: Path) -> None:
    torch.manual_seed(0)
    module = Classifier()
    import_model(DENSE, saved(tmp_path, module), tmp_path)
    design = Design(DENSE, weights_file.load(tmp_path / "weights.npz", DENSE), tmp_path)
    chosen = samples.load(tmp_path / "samples.npz", DENSE).first(1)
    real = torch.from_numpy(DENSE.formats.input.real(chosen.x[0, : chosen.lengths[0]])).float()
    wanted = module(real[:, None])[:, 0].detach().numpy()
    assert design.net.head is not None
    np.testing.assert_allclose(reference(design, chosen).outputs / 2.0**design.net.head.frac, wanted, atol=2e-3)


def test_an_imported_network_is_pruned_at_the_specs_ratios(tmp_path: Path) -> None:
    import_model(SPEC, saved(tmp_path, Classifier()), tmp_path)
    loaded = weights_file.load(tmp_path / "weights.npz", SPEC)
    assert [layer.nnz_per_row for layer in loaded.layers] == [(2, 4), (4, 4), (8, 0)]


def test_an_lstm_without_biases_fits_a_spec_without_biases(tmp_path: Path) -> None:
    spec = small(model={"hidden": [8, 8], "bias": False, "head": None})
    import_model(spec, saved(tmp_path, nn.LSTM(3, 8, num_layers=2, bias=False)), tmp_path)
    assert not any(layer.bias.any() for layer in weights_file.load(tmp_path / "weights.npz", spec).layers)


def test_what_the_spec_should_say_is_said(tmp_path: Path) -> None:
    module = nn.ModuleDict({"lstm": nn.LSTM(5, 6), "fc": nn.Linear(6, 4)})
    with pytest.raises(Refused) as refused:
        import_model(SPEC, saved(tmp_path, module), tmp_path)
    said = [f"{fault.place} {fault.wanted} {fault.got}" for fault in refused.value.faults]
    assert said == [
        "model.inputs 5, as lstm of model.pt reads 3",
        "model.hidden [6], as model.pt has (lstm) [8, 8]",
        "model.head.outputs 4, as fc of model.pt 3",
    ]
    assert not (tmp_path / "weights.npz").exists()


def test_biases_do_not_fit_a_spec_without(tmp_path: Path) -> None:
    spec = small(model={"hidden": [8, 8], "bias": False, "head": {"outputs": 3}})
    with pytest.raises(Refused, match=r"model.bias: wanted true, as model.pt has biases, got false"):
        import_model(spec, saved(tmp_path, Classifier()), tmp_path)


def test_safetensors_give_the_same_integers_as_pt(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    module = Classifier()
    save_file(module.state_dict(), tmp_path / "model.safetensors")
    import_model(SPEC, tmp_path / "model.safetensors", tmp_path / "a", head="classify")
    import_model(SPEC, saved(tmp_path, module), tmp_path / "b")
    assert (tmp_path / "a" / "weights.npz").read_bytes() == (tmp_path / "b" / "weights.npz").read_bytes()
