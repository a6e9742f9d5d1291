"""Weights that are whole multiples of a step, as quantised training leaves them: the step, and the bits they take.

It is read from the numbers alone, so it does not matter which file brought them and what was folded into them.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]
MOST = 1 << 11
"""Largest multiple of a row's own step that is looked for; single precision does not tell larger ones apart."""
ROUNDING = 2.0**-22
"""Relative error of a quotient of two products in single precision."""
MOST_BITS = 32
"""Of a fixed-point format that is looked for."""
APART = tuple(sorted(range(-8, 9), key=abs))
"""Powers of two by which the steps of W_x and W_h of a row may differ, the nearest first."""


def bits_of(values: Floats) -> int | None:
    """Bits, the sign among them, with which some fixed-point format holds values of any shape exactly; 2 for zeros.

    None for more than MOST_BITS, and where a value is not finite.
    """
    found = values[values != 0].astype(np.float64)
    if not np.isfinite(found).all():
        return None
    mantissas, exponents = np.frexp(found)
    whole = np.rint(np.ldexp(mantissas, 53)).astype(np.int64)
    lowest = exponents - 53 + np.log2((whole & -whole).astype(np.float64)).astype(np.int64)
    bits = _bits(np.ldexp(found, -int(lowest.min(initial=0))))
    return bits if bits <= MOST_BITS else None


def step_of_row(values: Floats) -> float | None:
    """The largest step of which all values of a row [columns] are whole multiples, of at most MOST; 0 for zeros.

    None where there is none, as of float weights: several agree on a step by a chance that is nil.
    """
    sizes = np.unique(np.abs(values[values != 0]).astype(np.float64))
    if not sizes.size:
        return 0.0
    largest, multiples = float(sizes[-1]), np.arange(1, MOST + 1)
    for some in (sizes[:2], sizes[2:8], sizes[8:-1]):  # a few leave few multiples for the rest
        shares = np.outer(some / largest, multiples)
        multiples = multiples[(np.abs(shares - np.rint(shares)) <= ROUNDING * multiples).all(axis=0)]
    if not multiples.size:
        return None
    least = int(multiples[0])
    return largest / least if np.rint(sizes[0] / largest * least) else None


def steps_of_rows(w_x: Floats, w_h: Floats, apart: int) -> Floats:
    """For each row the step of W_x, where that of W_h is the same by 2**-apart; NaN for rows without one. [rows]"""
    return _common(_each(w_x), _each(np.ldexp(w_h, apart)))


def rows_alike(w_x: Floats, w_h: Floats) -> tuple[int, int] | None:
    """Bits of the multiples, and `apart` of `steps_of_rows` with the fewest, where every row has a step; else None."""
    if any(np.isnan(_each(matrix[:1])).any() for matrix in (w_x, w_h)):
        return None
    steps = _each(w_x), _each(w_h)
    found = []
    for apart in APART:
        common = _common(steps[0], np.ldexp(steps[1], apart))
        if not np.isnan(common).any():
            whole = np.concatenate([w_x, np.ldexp(w_h, apart)], axis=1) / np.where(common == 0, 1.0, common)[:, None]
            found.append((_bits(whole), apart))
    least = min(found, key=lambda one: (one[0], abs(one[1])), default=None)
    return least if least and least[0] <= 1 + math.log2(MOST) else None


def _each(matrix: Floats) -> Floats:
    """The step of each row; NaN where there is none."""
    found = (step_of_row(row) for row in matrix)
    return np.array([np.nan if step is None else step for step in found])


def _common(one: Floats, other: Floats) -> Floats:
    """The largest step of which both are whole multiples, row by row; NaN where there is none."""
    both = np.stack([one, other], axis=1)
    return np.where(np.isnan(both).any(axis=1), np.nan, _each(np.nan_to_num(both)))


def _bits(multiples: Floats) -> int:
    low, high = -float(multiples.min(initial=0)), float(multiples.max(initial=0)) + 1
    return max(2, 1 + math.ceil(math.log2(max(1.0, np.rint(low), np.rint(high)))))
