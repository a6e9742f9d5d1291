"""Sigmoid and tanh as tuples of integers: golden model, MyHDL memories and C arrays take the same tuple."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from accel.base.fixed import Fixed


def sigmoid(x: float) -> float:
    """Logistic function, 1 / (1 + e**-x), without overflow."""
    return 0.5 * (1.0 + math.tanh(0.5 * x))


FUNCTIONS: dict[str, Callable[[float], float]] = {"sigmoid": sigmoid, "tanh": math.tanh}


@dataclass(frozen=True)
class Table:
    """A function of one fixed-point number, integer in, integer out.

    The input is shifted right by `shift` and clamped to `address` bits; each entry is the function at the centre of
    its bin, rounded half up to `output`. `span` is the input range (a power of two): beyond -span..span the ends hold.
    """

    function: str
    input: Fixed
    output: Fixed
    wanted_address: int
    span: int

    @property
    def span_bits(self) -> int:
        """Bits of the input that lie inside the span."""
        return min(self.input.width, self.input.frac + self.span.bit_length())

    @property
    def address(self) -> int:
        """Address bits: the wanted ones, or fewer where the input has no more."""
        return min(self.wanted_address, self.span_bits)

    @property
    def shift(self) -> int:
        """Input bits below the address."""
        return self.span_bits - self.address

    @property
    def bits(self) -> int:
        """Memory bits of one copy."""
        return self.output.width << self.address

    @cached_property
    def entries(self) -> tuple[int, ...]:
        """The contents, at the unsigned address (two's complement of the signed index)."""
        return _entries(self)

    def index(self, value: Any) -> Any:
        """Signed table index of input integers: shift right, clamp."""
        half = 1 << (self.address - 1)
        return np.clip(np.asarray(value) >> self.shift, -half, half - 1)

    def __call__(self, value: Any) -> Any:
        """Look up input integers (any shape); int64 out."""
        return _array(self)[self.index(value) & ((1 << self.address) - 1)]

    @cached_property
    def largest_error(self) -> float:
        """Largest distance from the true function over every input integer.

        The functions rise, so each bin's error is largest at one of its ends; the outermost bins reach to the format's.
        """
        function, half = FUNCTIONS[self.function], 1 << (self.address - 1)
        first = np.arange(-half, half, dtype=np.int64) << self.shift
        last = first + (1 << self.shift) - 1
        ends = np.concatenate([first, last, [self.input.lo, self.input.hi]])
        true = np.array([function(float(x)) for x in self.input.real(ends)])
        return float(np.abs(true - self.output.real(self(ends))).max())


@lru_cache(maxsize=64)
def _entries(table: Table) -> tuple[int, ...]:
    function, half = FUNCTIONS[table.function], 1 << (table.address - 1)
    centre = ((1 << table.shift) - 1) / 2
    scale = float(2**table.input.frac)
    signed = [function(((k << table.shift) + centre) / scale) for k in range(-half, half)]
    integers = [int(v) for v in table.output.quantize(signed)]
    return tuple(integers[half:] + integers[:half])


@lru_cache(maxsize=64)
def _array(table: Table) -> np.ndarray:
    return np.array(table.entries, dtype=np.int64)
