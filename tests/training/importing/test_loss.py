"""What import says of the loss: clipping and rounding of every matrix, and the error of h_t."""

from __future__ import annotations

import json
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
from accel.spec import Spec
from tests.training.importing.graphs import HIDDEN, INPUTS, OUTPUTS, fine
from tests.training.small import small
from training.importer import import_model

Net = nn.ModuleDict


def module(largest: float = 0.5) -> Net:
    """Weights of at most 1/2 but for one of W_x, the largest."""
    torch.manual_seed(0)
    made = nn.ModuleDict({"lstm": nn.LSTM(INPUTS, HIDDEN, batch_first=True), "fc": nn.Linear(HIDDEN, OUTPUTS)})
    with torch.no_grad():
        made["lstm"].weight_ih_l0[3, 1] = largest
    return made


def imported(tmp_path: Path, made: Net, spec: Spec, **options: Any) -> dict[str, Any]:
    torch.save(made.state_dict(), tmp_path / "model.pt")
    import_model(spec, tmp_path / "model.pt", tmp_path / "work", **options)
    loss: dict[str, Any] = json.loads((tmp_path / "work/training.json").read_text())["import"]["loss"]
    return loss


def test_the_error_of_rounding_is_that_of_the_stored_integers(tmp_path: Path) -> None:
    made, spec = module(), fine(weights={"width": 6, "input_frac": 5, "recurrent_frac": 5, "head_frac": 5})
    found = {matrix["name"]: matrix for matrix in imported(tmp_path, made, spec)["matrices"]}
    assert list(found) == ["lstm0.w_x", "lstm0.w_h", "lstm0.bias", "head.w_x", "head.bias"]
    stored = weights_file.load(tmp_path / "work/weights.npz", spec).layers[0]
    exact = made["lstm"].weight_hh_l0.detach().double().numpy()
    error = np.sqrt(np.mean((stored.w_h.values / 32 - exact) ** 2))
    assert found["lstm0.w_h"]["rms_error"] == pytest.approx(error)
    assert found["lstm0.w_h"]["relative_error"] == pytest.approx(error / np.sqrt(np.mean(exact**2)))
    assert found["lstm0.w_h"]["largest"] == pytest.approx(np.abs(exact).max())
    assert not any(matrix["clipped"] for matrix in found.values())


def test_weights_that_clip_are_refused_with_a_format_that_holds_them(tmp_path: Path) -> None:
    narrow = {"width": 8, "input_frac": 7, "recurrent_frac": 7, "head_frac": 7}
    said = (
        r"lstm.weight_ih_l0 \(lstm0.w_x\): wanted at most 0.1% of it clipped in fixed<8,7> "
        r"\(weights.input_frac: 4 holds it; or --allow-clipping\), got 2.1%, the largest weight 6.3"
    )
    with pytest.raises(Refused, match=said):
        imported(tmp_path, module(6.3), fine(weights=narrow))
    assert not (tmp_path / "work").exists()
    imported(tmp_path, module(6.3), fine(weights=narrow | {"input_frac": 4}))
    loss = imported(tmp_path, module(6.3), fine(weights=narrow), allow_clipping=True)
    clipped = {matrix["name"]: matrix["clipped"] for matrix in loss["matrices"]}
    assert clipped["lstm0.w_x"] == pytest.approx(1 / (4 * HIDDEN * INPUTS))


def test_a_width_that_holds_it_at_no_fraction_is_said(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"it takes more bits, weights.width, or --allow-clipping"):
        imported(tmp_path, module(300.0), fine(weights={"width": 8}))


def test_ternary_weights_do_not_clip(tmp_path: Path) -> None:
    head = {"outputs": OUTPUTS}
    model = {"inputs": INPUTS, "hidden": [HIDDEN], "head": head}
    spec = small(model=model, weights={"kind": "ternary"}, sparsity={"pattern": "dense", "search": None})
    found = {matrix["name"]: matrix for matrix in imported(tmp_path, module(6.3), spec)["matrices"]}
    assert found["lstm0.w_x"]["clipped"] == 0.0
    assert found["lstm0.w_x"]["relative_error"] > 0.1


def test_the_error_of_h_is_that_of_the_golden_model_against_torch(tmp_path: Path) -> None:
    made, spec = module(), fine(formats={"state": [8, 6], "cell": [12, 8], "activation": [9, 8], "gate": [12, 8]})
    x = np.random.default_rng(1).normal(0, 0.5, (5, 6, INPUTS))
    np.save(tmp_path / "x.npy", x)
    loss = imported(tmp_path, made, spec, data_file=tmp_path / "x.npy")
    with torch.no_grad():
        h = made.double()["lstm"](torch.from_numpy(x))[0]
        logits = made["fc"](h).numpy()
    design = Design(spec, weights_file.load(tmp_path / "work/weights.npz", spec), tmp_path)
    seen = reference(design, samples.load(tmp_path / "work/samples.npz", spec))
    assert design.net.head is not None
    got = seen.outputs.reshape(logits.shape) / 2.0**design.net.head.frac
    expected = np.sqrt(np.mean((got - logits) ** 2) / np.mean(logits**2))
    assert [layer["name"] for layer in loss["layers"]] == ["lstm0", "head"]
    assert loss["layers"][1]["relative_error"] == pytest.approx(expected)
    assert 0.001 < loss["layers"][0]["relative_error"] < 0.3


def test_random_x_is_said_to_be_random(tmp_path: Path) -> None:
    loss = imported(tmp_path, module(), fine())
    assert loss["inputs"] == "random"
    assert all(0 < layer["relative_error"] < 0.01 for layer in loss["layers"])
