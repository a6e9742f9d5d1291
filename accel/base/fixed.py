"""The arithmetic, defined once: two's complement fixed point, round half up, saturate.

Training, golden model, MyHDL blocks and HLS C++ all ask this module; nobody else adds half a unit before a shift.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, order=True)
class Fixed:
    """Signed fixed point: `width` bits in all, `frac` of them below the point; the value is integer / 2**frac."""

    width: int
    frac: int

    @property
    def lo(self) -> int:
        """Smallest integer of the format."""
        return -(1 << (self.width - 1))

    @property
    def hi(self) -> int:
        """Largest integer of the format."""
        return (1 << (self.width - 1)) - 1

    def limits(self, rows: int) -> tuple[Any, Any]:
        """Smallest and largest integer of a matrix of so many rows: of all of them, or of each, [rows, 1]."""
        return self.lo, self.hi

    def by_gate(self, count: int) -> tuple[int, ...]:
        """Bits of the weights of each of `count` gates."""
        return (self.width,) * count

    def codes(self, value: Integers) -> Integers:
        """Integers of the format, of any shape, as the unsigned words that memories hold."""
        return value & ((1 << self.width) - 1)

    def dropped(self, value: Any, frac: int) -> Any:
        """Round integers with `frac` fraction bits half up to this format's fraction; no saturation yet.

        A coarser source (`frac` < own) is shifted left, which is exact.
        """
        shift = frac - self.frac
        if shift <= 0:
            return value << -shift
        return (value + (1 << shift >> 1)) >> shift

    def narrow(self, value: Any, frac: int) -> Any:
        """Bring integers with `frac` fraction bits to this format: round half up, then saturate."""
        return np.clip(self.dropped(value, frac), self.lo, self.hi)

    def saturations(self, value: Any, frac: int) -> int:
        """How many of the values `narrow` would clip."""
        dropped = np.asarray(self.dropped(value, frac))
        return int(np.count_nonzero((dropped < self.lo) | (dropped > self.hi)))

    def quantize(self, real: npt.ArrayLike) -> Integers:
        """Real numbers of any shape to integers of this format: round half up, then saturate. NaN is refused."""
        scaled = np.asarray(real, dtype=np.float64) * float(2**self.frac)
        if np.isnan(scaled).any():
            raise ValueError(f"cannot quantise NaN to {self}")
        return np.clip(np.floor(scaled + 0.5), *self.limits(len(scaled) if scaled.ndim else 1)).astype(np.int64)

    def real(self, value: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Integers of this format, of any shape, as the real numbers they stand for."""
        return np.asarray(value, dtype=np.float64) / float(2**self.frac)

    def __str__(self) -> str:
        return f"fixed<{self.width},{self.frac}>"


@dataclass(frozen=True, order=True)
class LowBit(Fixed):
    """Low-bit weights times 2**-frac: -1, 0 and 1 in two bits (ternary), or -1 and 1 in one bit (binary).

    A binary digit's word is 1 for -1, so it reads as two's complement -1, and as 0 for 1.
    """

    @property
    def lo(self) -> int:
        """-1"""
        return -1

    @property
    def hi(self) -> int:
        """1"""
        return 1

    def codes(self, value: Integers) -> Integers:
        """Digits of any shape as the unsigned words that memories hold."""
        return super().codes(value) if self.width > 1 else (value < 0).astype(np.int64)

    def quantize(self, real: npt.ArrayLike) -> Integers:
        """Real numbers of any shape to the nearest digit; a half rounds up, and the binary digit of 0 is 1."""
        found = super().quantize(real)
        return found if self.width > 1 else np.where(np.asarray(real) < 0, -1, 1)


@dataclass(frozen=True, order=True)
class ByGate(Fixed):
    """Weights of a matrix whose gates have widths of their own, the widest of them `width`; row = gate * units + unit.

    Their fraction is one, so that all products stay aligned; a narrower gate only saturates earlier.
    """

    gates: tuple[int, ...]
    """Bits of the weights of each gate."""

    def limits(self, rows: int) -> tuple[Any, Any]:
        """Smallest and largest integer of each row, [rows, 1]; the gates have as many rows each."""
        ends = np.repeat([1 << width - 1 for width in self.gates], rows // len(self.gates))[:, None]
        return -ends, ends - 1

    def by_gate(self, count: int) -> tuple[int, ...]:
        """Bits of the weights of each of `count` gates."""
        assert count == len(self.gates)
        return self.gates

    def __str__(self) -> str:
        return f"fixed<{'/'.join(map(str, self.gates))},{self.frac}>"


def bits_for(lo: int, hi: int) -> int:
    """Width of the narrowest two's complement integer that holds lo..hi."""
    return max((lo if lo >= 0 else ~lo).bit_length(), (hi if hi >= 0 else ~hi).bit_length()) + 1


def index_bits(count: int) -> int:
    """Width of the narrowest unsigned integer that holds 0..count-1, at least one bit."""
    return max(1, (count - 1).bit_length())


def worst_product(a: Fixed, b: Fixed) -> int:
    """Largest magnitude of a product of the two formats (the product of both minima)."""
    return a.lo * b.lo


def accumulator(terms: Iterable[tuple[int, Fixed, Fixed, int]], offset: Fixed | None, offset_shift: int) -> int:
    """Width that holds any sum of products exactly.

    `terms` are (count, a, b, left shift) of products a*b; `offset` is one more addend (a bias), shifted left.
    Python integers throughout, so the bound itself cannot round.
    """
    magnitude = sum(count * (worst_product(a, b) << shift) for count, a, b, shift in terms)
    if offset is not None:
        magnitude += -offset.lo << offset_shift
    return bits_for(-magnitude, magnitude)
