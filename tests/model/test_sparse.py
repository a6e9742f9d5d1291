"""Balanced masks and their packing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accel.model.sparse import from_lanes, largest_per_row, pack, pack_columns, unpack


@st.composite
def balanced(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """A matrix and a mask that keeps the same number in each row; kept weights may be zero."""
    rows, columns = draw(st.integers(1, 6)), draw(st.integers(1, 9))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    mask = largest_per_row(rng.random((rows, columns)), draw(st.integers(0, columns)))
    return np.where(mask, rng.integers(-3, 4, (rows, columns)), 0), mask


@given(balanced())
def test_unpacking_gives_back_what_was_packed(given_matrix: tuple[np.ndarray, np.ndarray]) -> None:
    matrix, mask = given_matrix
    got, got_mask = unpack(pack(matrix, mask))
    np.testing.assert_array_equal(got, matrix)
    np.testing.assert_array_equal(got_mask, mask)


@given(balanced())
def test_columns_of_a_packed_row_ascend(given_matrix: tuple[np.ndarray, np.ndarray]) -> None:
    packed = pack(*given_matrix)
    assert np.all(np.diff(packed.columns, axis=1) > 0)
    assert packed.nnz_per_row == given_matrix[1].sum(axis=1)[0]


def test_the_largest_of_each_row_stay_and_the_lower_column_wins_a_tie() -> None:
    mask = largest_per_row([[1, 3, 2, 3], [5, 5, 5, 5]], 2)
    assert mask.tolist() == [[False, True, False, True], [True, True, False, False]]


@pytest.mark.parametrize("kept", [-1, 5])
def test_more_or_fewer_than_there_are_cannot_be_kept(kept: int) -> None:
    with pytest.raises(ValueError, match=f"^cannot keep {kept} of 4 columns$"):
        largest_per_row(np.ones((2, 4)), kept)


def test_rows_that_differ_in_number_are_refused() -> None:
    mask = np.array([[True, False], [True, True]])
    with pytest.raises(ValueError, match="rows keep 1 to 2 weights; row balance wants the same number in each"):
        pack(np.zeros((2, 2), dtype=np.int64), mask)


def test_a_weight_outside_the_mask_is_refused() -> None:
    with pytest.raises(ValueError, match="a weight outside the mask is not zero"):
        pack(np.array([[1, 2]]), np.array([[True, False]]))


@given(st.integers(1, 3), st.integers(1, 4), st.integers(1, 5), st.data())
def test_packed_columns_hold_every_weight_of_every_lane_once(
    units: int, rows: int, columns: int, data: st.DataObject
) -> None:
    kept, rng = data.draw(st.integers(1, rows)), np.random.default_rng(data.draw(st.integers(0, 99)))
    chosen = largest_per_row(rng.random((4 * units * columns, rows)), kept).reshape(4, units, columns, rows)
    mask = from_lanes(chosen)
    matrix = np.where(mask, rng.integers(-9, 9, mask.shape), 0)
    values, places = pack_columns(matrix, mask, units, 4)
    again = np.zeros_like(matrix)
    for column, k, p, gate in np.ndindex(values.shape):
        again[gate * units * rows + places[column, k, p, gate] * units + p, column] += values[column, k, p, gate]
    np.testing.assert_array_equal(again, matrix)
    assert (np.diff(places, axis=1) > 0).all()
