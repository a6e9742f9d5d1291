"""Bidirectional layers in torch: PyTorch's own answers in real numbers, the golden model's bits when quantised."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from accel.engines.verify import DeviceUnderTest, compare
from accel.model import random_weights, samples
from accel.model.design import Design
from accel.model.weights_checks import faults_of
from accel.schedule.schedule import schedule
from accel.spec import Spec
from tests.designs import spec
from training.directions import REVERSE, both, hold_halves
from training.engine import torch_engine
from training.export import integers
from training.importer import shapes
from training.model import LSTM
from training.prune import choices, masks, prune_layers

KINDS = {"lstm": nn.LSTM, "gru": nn.GRU}
HEADS: dict[str, Any] = {
    "h": None,
    "step": {"outputs": 3, "kind": "logits", "when": "step"},
    "states": {"outputs": 3, "kind": "logits", "last": "states"},
    "output": {"outputs": 3, "kind": "logits", "last": "output"},
    "mean": {"outputs": 3, "kind": "logits", "pool": "mean", "longest": 6},
}


def chosen(head: Any, cell: str = "lstm", **sections: Any) -> Spec:
    model = {"cell": cell, "inputs": 3, "hidden": [4, 6], "bidirectional": True, "longest": 6, "head": head}
    return spec(model=model, engine={"units": 2}, **sections)


def twins(made: Spec) -> tuple[LSTM, list[nn.Module]]:
    """A model, and PyTorch's bidirectional layers with the same weights."""
    torch.manual_seed(1)
    model = LSTM(made, when="step").double()
    theirs = []
    for layer, (inputs, hidden) in zip(model.layers, made.sizes, strict=True):
        twin = KINDS[made.model.cell](inputs, hidden, bidirectional=True, batch_first=True).double()
        for name, values in layer.named_parameters():
            gates = len(values) // (2 * hidden)
            parts = values.detach().view(gates, 2, hidden, *([2, -1] if values.ndim == 2 else []))
            for number, suffix in enumerate(("", REVERSE)):
                own = parts[:, number, :, number] if values.ndim == 2 else parts[:, number]
                twin.get_parameter(f"{name}{suffix}").data.copy_(own.reshape(gates * hidden, *own.shape[2:]))
        theirs.append(twin)
    return model, theirs


@pytest.mark.parametrize("cell", KINDS)
@pytest.mark.parametrize("head", HEADS)
def test_real_numbers_are_those_of_pytorchs_bidirectional_layers(head: str, cell: str) -> None:
    made = chosen(HEADS[head], cell)
    model, theirs = twins(made)
    x, lengths = torch.randn(5, 6, 3, dtype=torch.float64), torch.tensor([6, 1, 4, 2, 6])
    packed: Any = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    for twin in theirs:
        packed, last = twin(packed)
    y, _ = nn.utils.rnn.pad_packed_sequence(packed, batch_first=True)
    h_n = last[0] if cell == "lstm" else last
    real = (torch.arange(6) < lengths[:, None])[..., None]
    wanted = {
        "h": y,
        "step": y,
        "states": torch.cat([h_n[0], h_n[1]], dim=1),
        "output": y[torch.arange(5), lengths - 1],
        "mean": (y * real).sum(1) / lengths[:, None],
    }[head]
    got, _ = model(x, lengths)
    expected = wanted if model.head is None else model.head(wanted)
    shown = real.expand_as(expected) if got.ndim == 3 else torch.ones_like(expected, dtype=torch.bool)
    torch.testing.assert_close(got[shown], expected[shown])


@pytest.mark.parametrize("cell", KINDS)
@pytest.mark.parametrize("head", HEADS)
def test_quantised_evaluation_is_the_golden_model(head: str, cell: str, tmp_path: Path) -> None:
    made = chosen(HEADS[head], cell)
    design = Design(made, random_weights.seeded(made), tmp_path)
    given = samples.seeded(made, 6, 6) + samples.corners(made)
    found = compare("torch", DeviceUnderTest(torch_engine), design, given, schedule(design))
    assert (found.status, found.mismatches) == ("equal", 0)


def test_wide_sums_are_exact_too(tmp_path: Path) -> None:
    made = chosen(HEADS["step"], formats={"input": [32, 30], "cell": [30, 20]}, weights={"width": 18, "input_frac": 16})
    design = Design(made, random_weights.seeded(made), tmp_path)
    found = compare("torch", DeviceUnderTest(torch_engine), design, samples.seeded(made, 3, 6), schedule(design))
    assert found.status == "equal"


@pytest.mark.parametrize("pattern", ["row", "dense"])
def test_each_direction_keeps_its_own_weights_and_as_many_in_every_row(pattern: str) -> None:
    sparsity = {"pattern": pattern} | ({"input": None, "recurrent": None} if pattern == "dense" else {})
    made = chosen(None, sparsity=sparsity)
    torch.manual_seed(1)
    model = LSTM(made)
    hold_halves(model.layers)
    net = shapes(made)
    if pattern == "row":
        prune_layers(model.layers, [array.nnz for array in net.layers], choices(made))
    for layer, array in zip(model.layers, net.layers, strict=True):
        assert [mask.sum(1).unique().tolist() for mask in masks(layer)] == [[count] for count in array.nnz]
    weights = integers(model, net)
    assert not list(faults_of(weights, made, "it"))
    assert all(np.any(layer.w_x.values) for layer in weights.layers)


def test_training_moves_no_weight_into_the_other_half() -> None:
    torch.manual_seed(1)
    layer = both(nn.LSTM, 3, 4, bias=True)
    hold_halves([layer])
    layer(torch.randn(2, 5, 6))[0].sum().backward()
    gradient = layer.get_parameter("parametrizations.weight_hh_l0.original").grad
    assert gradient is not None
    assert torch.equal(gradient != 0, (gradient != 0) & masks(layer)[1])
    assert int((gradient != 0).sum()) == 16 * 4 * 2


def test_initial_weights_are_those_of_pytorchs_own_layer() -> None:
    torch.manual_seed(3)
    made = both(nn.GRU, 3, 4, bias=True)
    torch.manual_seed(3)
    theirs = nn.GRU(3, 4, bidirectional=True)
    assert torch.equal(made.weight_ih_l0[4:8, 3:], theirs.weight_ih_l0_reverse[:4])
    assert torch.equal(made.bias_hh_l0[8:12], theirs.bias_hh_l0[4:8])
