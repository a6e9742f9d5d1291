"""What a search of formats can turn: the width of one matrix or signal whose largest value is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from accel.base.fixed import Fixed
from training.importing.loss import MOST_CLIPPED, clipped
from training.importing.network import Array


@dataclass(frozen=True)
class Knob:
    """One format of the network, chosen by its width.

    `above` are the bits above the point, the sign included; `cost` is what one bit of width costs, in bits of weights.
    """

    name: str
    above: int
    widest: int
    cost: float
    finest: int = 40
    """Most fraction bits."""
    parts: tuple[Array, ...] = ()
    """Of weights, the matrices that share the width, each with the fraction bits of the least squared error; those of a
    signal follow from `above`.
    """

    @property
    def narrowest(self) -> int:
        """Bits that hold the largest value at all."""
        return max(2, self.above)

    def format(self, width: int) -> Fixed:
        """The format of that width of a signal."""
        return Fixed(width, max(0, min(self.finest, width - self.above)))


Widths = Mapping[str, int]
"""A width for each knob, by name."""


def above(largest: float) -> int:
    """Bits above the point, sign included, of a format that holds -largest to largest."""
    return max(1, int(np.floor(np.log2(max(largest, 2.0**-40)))) + 2)


def nearest(values: Array, width: int, finest: int) -> Fixed:
    """The format of a width in which values lie nearest to themselves, with at most MOST_CLIPPED of them clipped.

    Of a matrix of zeros, of which none are kept, any will do.
    """
    if not values.size:
        return Fixed(width, min(finest, width - 1))
    found = max(0, min(finest, width - above(float(np.abs(values).max()))))
    while found and clipped(values, Fixed(width, found)) > MOST_CLIPPED:
        found -= 1
    best, least = Fixed(width, found), _error(values, Fixed(width, found))
    for frac in range(found + 1, finest + 1):
        fmt = Fixed(width, frac)
        if clipped(values, fmt) > MOST_CLIPPED:
            break
        if (error := _error(values, fmt)) < least:
            best, least = fmt, error
    return best


def _error(values: Array, fmt: Fixed) -> float:
    return float(np.square(fmt.real(fmt.quantize(values)) - values).sum())
