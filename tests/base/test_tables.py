"""Tables against the true functions, by brute force."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from accel.base.fixed import Fixed
from accel.base.tables import Table

TABLES = [
    pytest.param(Table("sigmoid", Fixed(16, 12), Fixed(12, 11), 10, 8), id="digits_sigmoid"),
    pytest.param(Table("tanh", Fixed(16, 12), Fixed(12, 11), 10, 4), id="digits_tanh"),
    pytest.param(Table("tanh", Fixed(6, 3), Fixed(8, 7), 10, 4), id="an_entry_for_every_input"),
    pytest.param(Table("sigmoid", Fixed(16, 8), Fixed(4, 3), 2, 1), id="four_entries"),
    pytest.param(Table("tanh", Fixed(8, 7), Fixed(8, 7), 6, 4), id="span_beyond_the_input"),
]


def true(function: str, x: float) -> float:
    return 1.0 / (1.0 + math.exp(-x)) if function == "sigmoid" else math.tanh(x)


def every(fmt: Fixed) -> np.ndarray:
    return np.arange(fmt.lo, fmt.hi + 1)


def looked_up(table: Table, value: int) -> int:
    """The table's definition in exact fractions: the function at the centre of the input's bin, rounded half up."""
    bins = 1 << table.address
    width = Fraction(2**table.span_bits, bins)
    number = min(max(math.floor(value / width), -bins // 2), bins // 2 - 1)
    centre = number * width + (width - 1) / 2
    y = true(table.function, float(centre) / 2**table.input.frac) * 2**table.output.frac
    return min(max(math.floor(y + 0.5), table.output.lo), table.output.hi)


@pytest.mark.parametrize("table", TABLES)
def test_every_input_finds_the_function_at_the_centre_of_its_bin(table: Table) -> None:
    expected = [looked_up(table, int(value)) for value in every(table.input)]
    np.testing.assert_array_equal(table(every(table.input)), expected)


@pytest.mark.parametrize("table", TABLES)
def test_stated_error_is_the_largest_over_every_input(table: Table) -> None:
    reals = table.input.real(every(table.input))
    expected = np.array([true(table.function, float(x)) for x in reals])
    error = np.abs(expected - table.output.real(table(every(table.input)))).max()
    assert table.largest_error == pytest.approx(error, abs=1e-15)


@pytest.mark.parametrize("table", TABLES)
def test_a_table_rises_as_its_function_does(table: Table) -> None:
    assert np.all(np.diff(table(every(table.input))) >= 0)


def test_beyond_the_span_the_ends_hold() -> None:
    table = Table("tanh", Fixed(16, 8), Fixed(12, 11), 8, 4)
    inside, outside = 4 * 256 - 1, 32767
    assert table(outside) == table(inside)
    assert table(-32768) == table(-inside - 1)


def test_a_wide_input_needs_no_memory_for_its_error() -> None:
    assert Table("tanh", Fixed(32, 4), Fixed(12, 11), 10, 4).largest_error < 0.04


def test_contents_are_ints_that_fit_the_output() -> None:
    table = Table("sigmoid", Fixed(16, 12), Fixed(12, 11), 10, 8)
    assert len(table.entries) == 1024
    assert all(type(entry) is int and table.output.lo <= entry <= table.output.hi for entry in table.entries)
