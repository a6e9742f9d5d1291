"""The arithmetic against two oracles: exact fractions, and apytypes."""

from __future__ import annotations

from fractions import Fraction
from math import floor

import apytypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accel.base.fixed import Fixed, LowBit, accumulator, bits_for, index_bits

CASES = [
    pytest.param(Fixed(16, 12), Fixed(8, 6), id="saturates_both_ways"),
    pytest.param(Fixed(16, 9), Fixed(12, 5), id="never_saturates"),
    pytest.param(Fixed(16, 1), Fixed(16, 0), id="every_odd_value_is_a_tie"),
    pytest.param(Fixed(12, 3), Fixed(16, 7), id="finer_target"),
    pytest.param(Fixed(12, 3), Fixed(12, 7), id="finer_target_saturates"),
    pytest.param(Fixed(9, 4), Fixed(9, 4), id="identity"),
    pytest.param(Fixed(16, 15), Fixed(2, 0), id="two_bits"),
]


def every(fmt: Fixed) -> np.ndarray:
    return np.arange(fmt.lo, fmt.hi + 1)


def exactly(value: int, source: Fixed, target: Fixed) -> int:
    """Round half up and saturate, in exact fractions."""
    scaled = Fraction(value, 2**source.frac) * 2**target.frac
    return min(max(floor(scaled + Fraction(1, 2)), target.lo), target.hi)


@pytest.mark.parametrize(("source", "target"), CASES)
def test_every_value_narrows_as_exact_fractions_do(source: Fixed, target: Fixed) -> None:
    expected = [exactly(int(value), source, target) for value in every(source)]
    np.testing.assert_array_equal(target.narrow(every(source), source.frac), expected)


@pytest.mark.parametrize(("source", "target"), CASES)
def test_every_value_narrows_as_apytypes_does(source: Fixed, target: Fixed) -> None:
    values = apytypes.APyFixedArray(every(source).tolist(), int_bits=source.width - source.frac, frac_bits=source.frac)
    cast = values.cast(
        int_bits=target.width - target.frac,
        frac_bits=target.frac,
        quantization=apytypes.QuantizationMode.RND,
        overflow=apytypes.OverflowMode.SAT,
    )
    expected = np.round(cast.to_numpy() * 2.0**target.frac).astype(np.int64)
    np.testing.assert_array_equal(target.narrow(every(source), source.frac), expected)


@pytest.mark.parametrize(("source", "target"), CASES)
def test_saturations_are_the_values_that_narrowing_clips(source: Fixed, target: Fixed) -> None:
    exact = [floor(Fraction(int(v), 2**source.frac) * 2**target.frac + Fraction(1, 2)) for v in every(source)]
    clipped = sum(not target.lo <= value <= target.hi for value in exact)
    assert target.saturations(every(source), source.frac) == clipped


@pytest.mark.parametrize("fmt", [Fixed(8, 6), Fixed(12, 0), Fixed(6, 9)], ids=str)
def test_quantising_the_real_value_gives_the_integer_back(fmt: Fixed) -> None:
    np.testing.assert_array_equal(fmt.quantize(fmt.real(every(fmt))), every(fmt))


def test_ties_round_up_on_both_sides_of_zero() -> None:
    assert Fixed(8, 0).quantize([-1.5, -0.5, 0.5, 1.5]).tolist() == [-1, 0, 1, 2]


def test_quantising_saturates_and_takes_infinities() -> None:
    assert Fixed(4, 0).quantize([-1e30, 7.4, 7.5, np.inf, -np.inf]).tolist() == [-8, 7, 7, 7, -8]


def test_quantising_nan_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^cannot quantise NaN to fixed<8,4>$"):
        Fixed(8, 4).quantize([0.0, np.nan])


@given(st.integers(-(2**40), 2**40), st.integers(0, 2**40))
def test_width_is_the_least_that_holds_a_range(lo: int, length: int) -> None:
    hi, width = lo + length, bits_for(lo, lo + length)
    assert -(1 << (width - 1)) <= lo <= hi < 1 << (width - 1)
    narrower = width - 2
    assert width == 1 or lo < -(1 << narrower) or hi >= 1 << narrower


@pytest.mark.parametrize(("count", "bits"), [(1, 1), (2, 1), (3, 2), (4, 2), (5, 3), (1024, 10), (1025, 11)])
def test_index_bits(count: int, bits: int) -> None:
    assert index_bits(count) == bits


@given(
    st.integers(1, 2000),
    st.integers(2, 18),
    st.integers(2, 18),
    st.integers(0, 6),
    st.integers(2, 20),
    st.integers(0, 12),
)
def test_accumulator_holds_its_worst_case(count: int, a: int, b: int, shift: int, bias: int, bias_shift: int) -> None:
    width = accumulator([(count, Fixed(a, 0), Fixed(b, 0), shift)], Fixed(bias, 0), bias_shift)
    largest = count * (2 ** (a + b - 2) << shift) + (2 ** (bias - 1) << bias_shift)
    assert largest < 2 ** (width - 1) <= 2 * largest


def test_digits_round_to_the_nearest_and_fit_their_words() -> None:
    ternary, binary = LowBit(2, 1), LowBit(1, 1)  # digits times a half
    real = np.array([-0.9, -0.3, -0.2, 0.0, 0.2, 0.25, 0.9])
    assert ternary.quantize(real).tolist() == [-1, -1, 0, 0, 0, 1, 1]
    assert binary.quantize(real).tolist() == [-1, -1, -1, 1, 1, 1, 1]
    assert ternary.codes(np.array([-1, 0, 1])).tolist() == [3, 0, 1]
    assert binary.codes(np.array([-1, 1])).tolist() == [1, 0]
