"""A residual addition between two recurrent layers: h_t of the first and its own x_t, which the second reads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from accel.base.fixed import Fixed, Integers

IN_BANKS = 2
"""Steps of a layer whose x_t is there and which have not begun: those in its banks."""
RESIDUAL = "residual"
"""What the narrowing of the sum is called beside the signals of the layer in front of it."""
LINKED = 2
"""Steps between their begin and their results: as many as the banks of the next layer have room for."""


@dataclass(frozen=True)
class Residual:
    """h + x, exact, aligned to the finer of the two, then narrowed to `out`."""

    h: Fixed
    x: Fixed
    out: Fixed
    crossed: bool = False
    """The layer has two directions: x_t comes as two vectors, that of the step and that of its mirror image."""
    ahead: bool = False
    """Steps of the layer begin whether or not what they make has room behind the sum."""
    final: bool = False
    """What the layer makes of a sequence's last step alone goes on."""

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
        """What the next layer reads, [..., n], of h and x as `total` takes them."""
        return np.asarray(self.out.narrow(self.total(h, x), self.frac))

    def total(self, h: Integers, x: Integers) -> Integers:
        """The exact sum of h [..., n] and of what its layer read, [..., n]; crossed, [..., 2n], of which forward's h
        belongs to the first half of the first vector, backward's to the second half of the second.
        """
        if self.crossed:
            quarter = x.shape[-1] // 4
            x = np.concatenate([x[..., :quarter], x[..., -quarter:]], axis=-1)
        of_h, of_x = self.shifts
        return np.asarray((h << of_h) + (x << of_x))
