"""Digits and scales of rows: what they are by hand, and that training ends in what every engine computes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from accel.architecture.network import network
from accel.base.files import read_json
from accel.base.fixed import Fixed
from accel.engines.engine import golden, reference
from accel.model import samples, weights_file
from accel.model.design import Design
from accel.spec import Spec
from tests.training.small import small, task
from tests.training.test_loop import run
from training import pipeline
from training.engine import torch_engine
from training.model import LSTM, matrices_of
from training.prune import prune_layers
from training.recipe import in_formats
from training.rows import RowLowBit, attach, nearest_scale, scaled_rows
from training.straight_through import narrow

ALL = torch.ones(2, 4, dtype=torch.bool)
SCALE = {"input": [8, 6], "gate": [16, 12], "activation": [12, 11], "cell": [16, 11], "state": [12, 11]}
KINDS = {
    "ternary": {"kind": "ternary", "input_frac": 0, "recurrent_frac": 1, "per_row": True},
    "binary": {"kind": "binary", "input_frac": 1, "recurrent_frac": 0, "per_row": True},
    "digits alone": {"kind": "ternary", "input_frac": 1, "recurrent_frac": 2},
    "fixed": {"width": 4, "input_frac": 3, "recurrent_frac": 2, "per_row": True},
}


def scaled(kind: str, **sections: Any) -> Spec:
    scale = {"scale": [12, 9]} if KINDS[kind].get("per_row") else {}
    fracs = {"bias": [12, 6], "gate": [14, 6]} if kind == "digits alone" else {}
    return small(weights=KINDS[kind], formats={**SCALE, **scale, **fracs}, **sections)


def test_rows_are_rounded_about_their_own_mean_magnitude_by_hand() -> None:
    weight = torch.tensor([[0.1, -0.4, 0.7, 0.0], [10.0, -40.0, 70.0, 0.0]])
    digits = RowLowBit("ternary", 0.5, ALL)(weight)
    assert digits.tolist() == [[0, -0.5, 0.5, 0]] * 2  # cut at 0.7 * 0.3 and at 0.7 * 30
    assert RowLowBit("binary", 1.0, ALL)(weight).tolist() == [[1, -1, 1, 1]] * 2


def test_removed_weights_are_no_digits_and_do_not_count_in_the_mean() -> None:
    weight, mask = torch.tensor([[0.3, -0.5, 9.0, 9.0]]), torch.tensor([[True, True, False, False]])
    assert RowLowBit("ternary", 1.0, mask)(weight).tolist() == [[1, -1, 0, 0]]
    assert RowLowBit("binary", 1.0, mask)(weight).tolist() == [[1, -1, 0, 0]]


def test_the_gradient_of_digits_is_that_of_the_weights() -> None:
    weight = torch.tensor([[0.3, -0.01, 0.5, 0.0]], requires_grad=True)
    (RowLowBit("ternary", 1.0, ALL[:1])(weight) * torch.tensor([[2.0, 5.0, 7.0, 1.0]])).sum().backward()
    assert weight.grad is not None
    assert weight.grad.tolist() == [[2.0, 5.0, 7.0, 1.0]]


def test_no_other_scale_is_nearer_to_the_weights_of_both_matrices() -> None:
    torch.manual_seed(0)
    pair = torch.randn(5, 9), torch.randn(5, 4)
    digits = [
        RowLowBit("ternary", unit, torch.ones_like(w).bool())(w) for w, unit in zip(pair, (1.0, 0.5), strict=True)
    ]
    scale = nearest_scale(pair, digits)[:, None]

    def distance(scale: torch.Tensor) -> torch.Tensor:
        return sum(((w - scale * d).square().sum(1) for w, d in zip(pair, digits, strict=True)), torch.zeros(5))

    assert torch.all(distance(scale) < torch.minimum(distance(scale * 1.01), distance(scale * 0.99)))


def test_rows_of_zeros_stay_finite() -> None:
    model = LSTM(scaled("fixed"))
    torch.nn.init.zeros_(model.layers[0].weight_ih_l0)  # type: ignore[arg-type, union-attr]
    torch.nn.init.zeros_(model.layers[0].weight_hh_l0)  # type: ignore[arg-type, union-attr]
    for kind in KINDS:
        found = in_formats(model, network(scaled(kind)))
        assert torch.isfinite(found(torch.randn(2, 3, 3))[0]).all()
    scaled_rows(model.layers[0], "ternary")
    assert torch.isfinite(model(torch.randn(2, 3, 3))[0]).all()


def test_a_scale_a_row_brings_the_integers_of_every_row_nearest_to_it() -> None:
    torch.manual_seed(0)
    spec = scaled("fixed")
    model, net = LSTM(spec), network(spec)
    before = [weight.detach().clone() for weight in matrices_of(model.layers[0])]
    attach(model.layers[0], net.layers[0])
    chosen = model.layers[0].get_parameter("row_scale").detach()
    for was, now in zip(before, matrices_of(model.layers[0]), strict=True):
        torch.testing.assert_close(now.detach() * chosen[:, None], was)
    formats = Fixed(4, 3), Fixed(4, 2)
    whole = torch.stack([w.abs().amax(1) / (7 / 2.0**f.frac) for w, f in zip(before, formats, strict=True)]).amax(0)
    of_scale = net.layers[0].scale
    assert of_scale is not None
    whole = narrow(whole, of_scale)

    def error(scale: torch.Tensor) -> torch.Tensor:
        each = scale[:, None]
        pairs = zip(before, formats, strict=True)
        return torch.stack([(narrow(w / each, f) * each - w).square().sum(1) for w, f in pairs]).sum(0)

    assert torch.all(error(chosen) <= error(whole))
    assert error(chosen).sum() < 0.95 * error(whole).sum()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("pattern", ["row", "dense"])
def test_training_ends_in_the_integers_that_golden_and_torch_compute_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, pattern: str
) -> None:
    monkeypatch.setattr(pipeline.tasks, "load", lambda spec: task())
    sparsity = {"pattern": pattern} | ({"search": None} if pattern == "dense" else {})
    spec = scaled(kind, sparsity=sparsity)
    run(tmp_path, spec=spec)
    design = Design(spec, weights_file.load(tmp_path / "weights.npz", spec), tmp_path)
    given = samples.load(tmp_path / "samples.npz", spec)
    record = read_json(tmp_path / "training.json")
    answers = reference(design, given).outputs[:, 0]
    assert record["models"]["golden"] == record["models"]["quantized"] == np.mean(answers == given.labels)
    mine, theirs = torch_engine(design, given), golden(design, given)
    for name, values in mine.signals["lstm0"].items():
        np.testing.assert_array_equal(values, theirs.signals["lstm0"][name])
    np.testing.assert_array_equal(mine.outputs, theirs.outputs)


def test_pruned_rows_keep_their_masks_when_they_become_digits() -> None:
    torch.manual_seed(0)
    spec = scaled("binary")
    model = LSTM(spec)
    prune_layers(model.layers, ((2, 3),))
    made = in_formats(model, network(spec, ((2, 3),)))
    counts = [(weight != 0).sum(1).unique().tolist() for weight in matrices_of(made.layers[0])]
    assert counts == [[2], [3]]
