"""A residual addition between two recurrent layers: h_t of the first and its own x_t, which the second reads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from accel.base.fixed import Fixed, Integers

WAITING = 4
"""Steps whose x_t waits for h_t, at most: two in the banks of the layer, and two between their begin and the bank of
the next layer that has room for what they make."""


@dataclass(frozen=True)
class Residual:
    """h + x, exact, aligned to the finer of the two, then narrowed to `out`."""

    h: Fixed
    x: Fixed
    out: Fixed

    @property
    def frac(self) -> int:
        """Fraction bits of the exact sum."""
        return max(self.h.frac, self.x.frac)

    @property
    def shifts(self) -> tuple[int, int]:
        """Left shifts that align h and x."""
        return self.frac - self.h.frac, self.frac - self.x.frac

    @property
    def width(self) -> int:
        """Bits of the exact sum."""
        of_h, of_x = self.shifts
        return max(self.h.width + of_h, self.x.width + of_x) + 1

    def of(self, h: Integers, x: Integers) -> Integers:
        """What the next layer reads, of h and x of the same shape."""
        of_h, of_x = self.shifts
        return np.asarray(self.out.narrow((h << of_h) + (x << of_x), self.frac))
