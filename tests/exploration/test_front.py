"""The front and its hypervolume, against counting every cell of a small grid."""

from __future__ import annotations

from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from exploration.front import apart, front, hypervolume

SIDE = 5


@st.composite
def points(draw: st.DrawFn) -> np.ndarray:
    objectives = draw(st.integers(1, 4))
    rows = draw(
        st.lists(st.lists(st.integers(0, SIDE), min_size=objectives, max_size=objectives), min_size=1, max_size=8)
    )
    return np.array(rows, dtype=float)


@settings(max_examples=150, deadline=None)
@given(points())
def test_the_hypervolume_is_the_number_of_cells_that_some_point_is_better_than(rows: np.ndarray) -> None:
    cells = product(range(SIDE), repeat=rows.shape[1])
    counted = sum(any(all(row[k] <= cell[k] for k in range(len(cell))) for row in rows) for cell in cells)
    assert hypervolume(rows, [SIDE] * rows.shape[1]) == counted


@settings(max_examples=150, deadline=None)
@given(points())
def test_the_front_covers_all_that_its_points_cover_and_no_point_of_it_is_idle(rows: np.ndarray) -> None:
    best, worst = front(rows), [SIDE + 1] * rows.shape[1]
    whole = hypervolume(rows, worst)
    assert hypervolume(rows[best], worst) == whole
    assert all(hypervolume(np.delete(rows[best], n, axis=0), worst) < whole for n in range(len(best)))


def test_the_bargain_lies_in_the_bend_of_the_front() -> None:
    assert apart(np.array([[0.0, 100.0], [1.0, 10.0], [10.0, 0.0]])).argmin() == 1
