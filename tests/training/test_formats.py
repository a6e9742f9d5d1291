"""Formats from data: the fraction bits with the smallest error, and saturations counted."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from accel.architecture.network import network
from accel.base.fixed import Fixed
from accel.model import random_weights, samples
from accel.spec import Spec
from tests.training.small import small, task
from training.export import layer_integers
from training.formats import best_frac, for_rows, for_weights, saturations, suggested
from training.model import LSTM, matrices_of
from training.recipe import in_formats


@pytest.mark.parametrize(
    ("values", "width", "frac"),
    [([0.5, -0.25], 4, 3), ([3.0, -4.0], 3, 0), ([0.75, 0.75, 0.75, 0.8], 4, 3), ([1.0], 8, 6)],
    ids=["quarters", "whole", "below_one", "one_needs_a_bit"],
)
def test_the_fraction_with_the_smallest_error_is_chosen(values: list[float], width: int, frac: int) -> None:
    assert best_frac(torch.tensor(values), width) == frac


def test_one_far_value_may_saturate_where_that_costs_less() -> None:
    values = torch.cat([torch.linspace(-0.9, 0.9, 4001), torch.tensor([1.2])])
    assert best_frac(values, 4) == 3


def test_the_chosen_fraction_is_no_worse_than_any_other() -> None:
    values = np.random.default_rng(0).normal(0, 0.3, 500)

    def error(frac: int) -> float:
        fmt = Fixed(6, frac)
        return float(((fmt.real(fmt.quantize(values)) - values) ** 2).sum())

    assert error(best_frac(torch.from_numpy(values), 6)) == min(error(frac) for frac in range(20))


def test_weights_of_each_matrix_get_a_fraction_of_their_own() -> None:
    spec = small()
    model = LSTM(spec)
    with torch.no_grad():
        model.layers[0].weight_ih_l0.mul_(16)  # type: ignore[operator, union-attr]
    found = for_weights(model, spec, 6).weights
    assert found.width == 6
    assert found.input_frac == found.recurrent_frac - 4


def test_a_scale_a_row_loses_less_where_rows_differ() -> None:
    torch.manual_seed(0)
    spec, model = small(), LSTM(small())
    rows = torch.logspace(-2, 0, 32)[:, None]
    with torch.no_grad():
        for weight in matrices_of(model.layers[0]):
            weight.mul_(rows)

    def lost(chosen: Spec) -> float:
        net = network(chosen, ((3, 8),))
        (made,) = in_formats(model, net).layers
        stored = layer_integers(made, net.layers[0])
        pair = zip((stored.w_x, stored.w_h), (net.layers[0].w_x, net.layers[0].w_h), strict=True)
        fmt = net.layers[0].scale
        scale = np.ones((32, 1)) if stored.scale is None or fmt is None else fmt.real(stored.scale)[:, None]
        real = [torch.as_tensor(scale * fmt.real(matrix.values)) for matrix, fmt in pair]
        return sum(
            float((w.detach() - r).square().sum()) for w, r in zip(matrices_of(model.layers[0]), real, strict=True)
        )

    assert lost(for_rows(model, spec, 4)) < 0.5 * lost(for_weights(model, spec, 4))


def test_formats_are_suggested_for_every_signal_at_the_specs_widths() -> None:
    spec = small()
    found = suggested(LSTM(spec), spec, task().valid)
    assert set(found) == {"input", "gate", "cell", "state", "bias"}
    assert found["gate"][0] == spec.formats.gate.width
    assert found["state"][1] >= spec.formats.state.frac


def test_saturations_are_counted_by_layer_and_signal() -> None:
    spec = small(formats={"gate": [4, 3]})
    drawn = random_weights.seeded(spec)
    found = saturations(drawn.network(spec), drawn, samples.corners(spec))
    assert found["lstm0"]["gate"] > 0
