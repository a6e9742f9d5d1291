"""What the lanes of an array take of a chip: the part of the estimates that each dataflow has its own way of."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

from accel.architecture.array import Array
from accel.architecture.vector import Vector
from fpga.memories import Memory
from fpga.products import Products

A = TypeVar("A", bound=Array)


@dataclass(frozen=True)
class Demand(ABC, Generic[A]):
    """Of one array: memories, bits of registers and of logic, products that split a number."""

    array: A
    by_columns: ClassVar[bool] = False
    """Whether sums are chosen by the number of a row, of which synthesis makes more than of other choices."""

    @property
    def totals(self) -> int:
        """Bits of the sums that the array gives its cell stage."""
        return self.array.units * self.array.sums_per_unit * self.array.total_width

    @property
    def signs(self) -> int:
        """Bits of operands that lanes of digits negate."""
        return 0 if self.array.multiplies else self.array.multipliers * self.array.product_width

    @property
    def pairing(self) -> int:
        """Bits of what puts two weights into one word, and gives back what their lower product borrowed."""
        return self.array.pairs * (self.array.weight_width + 1 + self.array.product_width)

    @property
    def picked(self) -> int:
        """Bits of choices of an operand among those of a word."""
        return sum(self.array.copies * (one.words - 1) * one.width for one in self.vectors)

    @property
    def words(self) -> int:
        """Registers of memory words, of weights and of products."""
        array = self.array
        found = array.units * array.word_width * (2 if array.streamed else 1) + self.totals
        return found + array.units * array.values_width + array.multipliers * array.product_width

    @property
    @abstractmethod
    def vectors(self) -> tuple[Vector, ...]:
        """How the copies of operands lie that lanes read."""

    @abstractmethod
    def registers(self) -> int:
        """Memory words, weights, operands, products and sums on their way, and the sums that shift to the cells."""

    @abstractmethod
    def factors(self) -> int:
        """Of these registers those that weights, operands and products of multipliers lie in."""

    @abstractmethod
    def ahead(self) -> int:
        """Cycles in which numbers of a group travel beside its sums."""

    @abstractmethod
    def adders(self) -> int:
        """Of products and sums; where weights are digits, of what is negated."""

    @abstractmethod
    def choices(self) -> int:
        """Between two values: what is shifted to the cell stage, where a sum begins, which operand it is, digits."""

    @abstractmethod
    def operands(self) -> Iterator[tuple[str, Memory]]:
        """What the lanes read beside their weights."""

    @abstractmethod
    def places(self) -> Iterator[Products]:
        """Of numbers with constants, by which addresses are made."""

    def busy(self) -> tuple[int, int] | None:
        """From a step's begin to its last result, and between two begins, where the dataflow has its own way of it."""
        return None
