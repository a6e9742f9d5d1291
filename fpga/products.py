"""Products of a design, by their widths."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Products:
    """A number of products of the same widths."""

    count: int
    a: int
    b: int
    kept: int | None = None
    """Bits that are read; None where all are."""


def multiples(count: int, number: int, factor: int, kept: int) -> Iterator[Products]:
    """Of a number with a constant, whose low zeros are a shift; none where that is all."""
    zeros = (factor & -factor).bit_length() - 1
    odd = factor >> zeros
    if odd > 1:
        yield Products(count, number, odd.bit_length(), kept - zeros)
