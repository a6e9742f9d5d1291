"""Binary and ternary weights: their digits, their gradients, and that folding changes nothing."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from tests.training.small import small
from training.arithmetic import REAL
from training.cell import run_level
from training.low_bit import LowBit, apply, binary, fold, ternary
from training.model import LSTM, bias_of, matrices_of

SPEC = small(model={"hidden": [8, 5]})


def made(kind: Any, norm: Any, stochastic: bool = True) -> LSTM:
    torch.manual_seed(0)
    return apply(LSTM(SPEC), kind, norm, stochastic)


def test_rounding_to_digits_by_hand() -> None:
    share = torch.tensor([-1.5, -0.5, -0.2, 0.0, 0.3, 0.4, 2.0])
    assert ternary(share, drawn=False).tolist() == [-1, -1, 0, 0, 0, 1, 1]
    assert binary(share, drawn=False).tolist() == [-1, -1, -1, 1, 1, 1, 1]


@pytest.mark.parametrize(("digits", "mean"), [(ternary, 0.25), (binary, 0.25)], ids=["ternary", "binary"])
def test_drawn_digits_have_the_weight_as_their_mean(digits: Any, mean: float) -> None:
    torch.manual_seed(0)
    drawn = digits(torch.full((100_000,), 0.25), drawn=True)
    assert drawn.mean().item() == pytest.approx(mean, abs=0.01)


def test_the_gradient_goes_straight_through() -> None:
    weight = torch.tensor([[0.3, -0.01]], requires_grad=True)
    (LowBit("ternary", 0.1, False)(weight) * torch.tensor([[2.0, 5.0]])).sum().backward()
    assert weight.grad is not None
    assert weight.grad.tolist() == [[2.0, 5.0]]


def test_drawn_weights_change_while_training_and_never_at_evaluation() -> None:
    model = made("ternary", "none")
    assert not torch.equal(matrices_of(model.layers[0])[1], matrices_of(model.layers[0])[1])
    model.eval()
    assert torch.equal(matrices_of(model.layers[0])[1], matrices_of(model.layers[0])[1])


@pytest.mark.parametrize("kind", ["binary", "ternary"])
@pytest.mark.parametrize("norm", ["none", "weight", "batch", "layer", "row"])
def test_every_combination_trains(kind: str, norm: str) -> None:
    model = made(kind, norm)
    before = [parameter.detach().clone() for parameter in model.parameters()]
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(2):
        optimizer.zero_grad()
        model(torch.randn(4, 6, 3))[0].square().sum().backward()
        optimizer.step()
    assert all(not torch.equal(was, now) for was, now in zip(before, model.parameters(), strict=True))


@pytest.mark.parametrize("kind", ["binary", "ternary"])
@pytest.mark.parametrize("norm", ["none", "weight", "batch", "row"])
def test_the_folded_network_computes_what_the_unfolded_one_does(kind: str, norm: str) -> None:
    model = made(kind, norm).double()
    for _ in range(20):
        model(torch.randn(16, 6, 3, dtype=torch.float64))
    model.eval()
    x = torch.randn(4, 6, 3, dtype=torch.float64)
    torch.testing.assert_close(by_folded(model, x), model.hidden(x)[0])


def by_folded(model: LSTM, x: torch.Tensor) -> torch.Tensor:
    """h of the last layer from digits, scales and offsets alone."""
    for number, layer in enumerate(model.layers):
        w_x, w_h = fold(model, number)
        bias, rows = bias_of(layer), []
        h = c = x.new_zeros(len(x), w_h.digits.shape[1])
        for part in x.unbind(1):
            pre = w_x(part) + w_h(h) + (0 if bias is None else bias)
            signals = run_level(REAL, model.cell.level, pre, c)
            h, c = signals["h"], signals["c"]
            rows.append(h)
        x = torch.stack(rows, 1)
    return x


def test_layer_normalisation_is_not_folded() -> None:
    with pytest.raises(ValueError, match="layer normalisation cannot be folded"):
        fold(made("ternary", "layer"), 0)


def test_digits_are_of_the_kind_asked_for() -> None:
    assert set(fold(made("binary", "weight"), 0)[1].digits.unique().tolist()) == {-1, 1}
    assert set(fold(made("ternary", "weight"), 0)[1].digits.unique().tolist()) == {-1, 0, 1}
