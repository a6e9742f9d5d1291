"""Narrowing and tables: forward equal to the integers' definition, backward as documented."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from accel.base.fixed import Fixed
from accel.base.tables import Table
from training.straight_through import look_up, narrow


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("fmt", [Fixed(8, 4), Fixed(6, 5), Fixed(4, 0)], ids=str)
def test_narrowing_equals_the_definition_on_every_value(fmt: Fixed, dtype: torch.dtype) -> None:
    values = np.arange(-(1 << 13), 1 << 13)
    wanted = fmt.real(fmt.narrow(values, 9))
    np.testing.assert_array_equal(narrow(torch.from_numpy(values / 2.0**9).to(dtype), fmt).numpy(), wanted)


def test_a_tie_is_rounded_up_not_to_even() -> None:
    ties = torch.tensor([0.5, 1.5, 2.5, -0.5, -1.5])
    assert narrow(ties, Fixed(8, 0)).tolist() == [1.0, 2.0, 3.0, 0.0, -1.0]


def test_the_gradient_passes_a_narrowing_except_where_it_saturated() -> None:
    x = torch.tensor([-9.0, -8.0, 0.3, 7.4, 7.6], requires_grad=True)
    narrow(x, Fixed(4, 0)).sum().backward()  # type: ignore[no-untyped-call]
    assert x.grad is not None
    assert x.grad.tolist() == [0.0, 1.0, 1.0, 1.0, 0.0]


@pytest.mark.parametrize("function", ["sigmoid", "tanh"])
@pytest.mark.parametrize("address", [4, 8, 12])
def test_a_look_up_equals_the_table_on_every_input(function: str, address: int) -> None:
    table = Table(function, Fixed(12, 8), Fixed(9, 7), address, 4)
    values = np.arange(table.input.lo, table.input.hi + 1)
    found = look_up(torch.from_numpy(table.input.real(values)), table)
    np.testing.assert_array_equal(found.numpy(), table.output.real(table(values)))


@pytest.mark.parametrize(("function", "true"), [("sigmoid", torch.sigmoid), ("tanh", torch.tanh)])
def test_the_gradient_of_a_look_up_is_that_of_the_true_function(function: str, true: torch.nn.Module) -> None:
    table = Table(function, Fixed(12, 8), Fixed(9, 7), 5, 4)
    points = torch.linspace(-7, 7, 29, dtype=torch.float64)
    x, y = points.clone().requires_grad_(), points.clone().requires_grad_()
    look_up(x, table).sum().backward()  # type: ignore[no-untyped-call]
    true(y).sum().backward()
    torch.testing.assert_close(x.grad, y.grad)
