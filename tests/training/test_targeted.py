"""Targeted dropout: what is dropped, how often, and that a sparse network is left."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from accel.base.progress import silent
from tests.training.small import small, task
from training.loop import Fit, Stage
from training.model import LSTM, matrices_of
from training.patterns import LANES
from training.targeted import TargetedDropout, Weak, watch

SPEC = small()
KEPT = ((2, 4),)


def test_only_weak_weights_are_dropped_and_as_often_as_asked_for() -> None:
    torch.manual_seed(0)
    weight = torch.ones(200, 200)
    weak = Weak(weight)
    weak.strong[:, 100:] = False
    weak.probability.fill_(0.3)
    made = weak(weight)
    assert torch.all(made[:, :100] == 1)
    assert made[:, 100:].mean().item() == pytest.approx(0.7, abs=0.01)


def test_at_evaluation_all_weak_weights_are_gone() -> None:
    weak = Weak(torch.ones(2, 2))
    weak.strong[0, 1] = False
    assert weak.eval()(torch.ones(2, 2)).tolist() == [[1, 0], [1, 1]]


def test_a_weak_weight_that_grows_becomes_strong_until_the_probability_is_one() -> None:
    torch.manual_seed(0)
    model, method = watch(LSTM(SPEC)).eval(), TargetedDropout(KEPT)
    method.before_epoch(model, 0.0)
    w_h = model.layers[0].get_parameter("parametrizations.weight_hh_l0.original")
    row, one = (matrices_of(model.layers[0])[1] == 0).nonzero()[0].tolist()
    w_h.data[row, one] = 9.0
    method.before_epoch(model, 0.25)
    assert matrices_of(model.layers[0])[1][row, one] == 9.0
    method.before_epoch(model, 0.5)
    w_h.data[row, one] = 0.0
    method.before_epoch(model, 0.75)
    strong = model.layers[0].get_buffer("parametrizations.weight_hh_l0.0.strong")
    assert strong[row, one]


def test_a_stage_leaves_a_column_balanced_network(tmp_path: Path) -> None:
    model = watch(LSTM(SPEC))
    fitted = Fit(model, Stage("t", 4, ""), task(), SPEC.training, TargetedDropout(KEPT)).run(tmp_path, silent)
    for weight, kept in zip(matrices_of(fitted.model.eval().layers[0]), KEPT[0], strict=True):
        counts = (weight != 0).view(-1, LANES, weight.shape[1]).sum(0)
        assert counts.sum() == kept * 32
        assert torch.all(counts == counts[:1])
