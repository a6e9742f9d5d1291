"""Widths and fraction bits of what operations give: exact ones lose nothing, narrowed ones have those of a format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from accel.architecture.cells.operations import Clip, Lookup, Mix, Narrow, Operation, Product, Sum
from accel.base.fixed import Fixed


@dataclass(frozen=True)
class Size:
    """Width and fraction bits of an integer value; unlike `Fixed`, not a format that anything is narrowed to."""

    width: int
    frac: int


@dataclass(frozen=True)
class MixSizes:
    """Widths on the way to other + share * (one - other)."""

    one: Size
    other: Size
    share: Size

    @property
    def fine(self) -> int:
        """Fraction bits of the two as they are subtracted."""
        return max(self.one.frac, self.other.frac)

    @property
    def one_shift(self) -> int:
        """Left shift that aligns `one`."""
        return self.fine - self.one.frac

    @property
    def other_shift(self) -> int:
        """Left shift that aligns `other`."""
        return self.fine - self.other.frac

    @property
    def difference(self) -> int:
        """Width of one - other."""
        return max(self.one.width + self.one_shift, self.other.width + self.other_shift) + 1

    @property
    def product(self) -> int:
        """Width of share * (one - other)."""
        return self.share.width + self.difference

    @property
    def frac(self) -> int:
        """Fraction bits of the sum."""
        return self.share.frac + self.fine

    @property
    def sum_shift(self) -> int:
        """Left shift that aligns `other` with the sum."""
        return self.frac - self.other.frac

    @property
    def total(self) -> int:
        """Width of the sum."""
        return max(self.product, self.other.width + self.sum_shift) + 1


def product_size(a: Size, b: Size) -> Size:
    """Of a * b."""
    return Size(a.width + b.width, a.frac + b.frac)


def sum_size(a: Size, b: Size) -> Size:
    """Of a + b, both aligned."""
    frac = max(a.frac, b.frac)
    return Size(max(a.width + frac - a.frac, b.width + frac - b.frac) + 1, frac)


def size_of(operation: Operation, known: Mapping[str, Size], formats: Any) -> Size:
    """Size of what an operation gives, from those of its operands and the formats of a spec."""

    def of(fmt: Fixed) -> Size:
        return Size(fmt.width, fmt.frac)

    match operation:
        case Narrow():
            return of(getattr(formats, operation.format))
        case Lookup():
            return of(formats.activation)
        case Clip():
            return known[operation.source]
        case Product():
            return product_size(known[operation.a], known[operation.b])
        case Sum():
            return sum_size(known[operation.a], known[operation.b])
        case Mix():
            mix = mix_sizes(operation, known)
            return Size(mix.total, mix.frac)


def mix_sizes(operation: Mix, known: Mapping[str, Size]) -> MixSizes:
    """Widths within a mix."""
    return MixSizes(*(known[name] for name in operation.operands))
