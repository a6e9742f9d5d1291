"""The lanes of a layer, whatever its dataflow: what every one of them has, and what each has to say of itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, TypeVar

import numpy as np

from accel.architecture.layer import Layer
from accel.architecture.vector import Vector
from accel.base.fixed import Fixed, Integers, accumulator, bits_for
from accel.spec import BALANCES, DATAFLOWS, Traversal

U = TypeVar("U", int, Integers)
Term = tuple[int, Fixed, Fixed, int]
"""Products of one operand in a row's sum: their number, formats of weight and operand, left shift of the product."""


@dataclass(frozen=True)
class Array(Layer, ABC):
    """The lanes of one layer: `units` P x `rows_per_unit` x `lanes_per_row` M, working through `outputs` units.

    Each dataflow is a class of its own (`accel.architecture.dataflows`).
    """

    dataflow: ClassVar[str]
    """Its name, under which every floor has its part of it."""
    chosen: ClassVar[str] = ""
    """Its name in `accel.spec.DATAFLOWS`, where a spec calls it by that of another one."""

    @property
    def traversals(self) -> tuple[Traversal, Traversal]:
        """How the lanes traverse W_x and W_h."""
        return DATAFLOWS[self.chosen or self.dataflow].traversals

    @property
    def skips_states(self) -> bool:
        """Whether a zero of h costs nothing: cycles depend on zeros, and small states count as 0."""
        return DATAFLOWS[self.chosen or self.dataflow].skips_states

    @property
    @abstractmethod
    def dense(self) -> bool:
        """Every weight is kept."""

    @property
    @abstractmethod
    def indices(self) -> int:
        """Indices in one unit's memory word."""

    @property
    @abstractmethod
    def index_width(self) -> int:
        """Bits of an index."""

    @property
    @abstractmethod
    def copies(self) -> int:
        """Copies of the operand memories."""

    @property
    @abstractmethod
    def depth(self) -> int:
        """Words of one unit's weight memory, and the cycles of the lanes in a step without zeros."""

    @property
    @abstractmethod
    def shortest_step(self) -> int:
        """Cycles that a step takes at least."""

    @property
    @abstractmethod
    def group_cycles(self) -> tuple[int, ...]:
        """Cycles from the sums of a group to those of the next in each level; none where those of all groups come
        together.
        """

    @property
    def cycles_ahead(self) -> int:
        """Cycles of each group that come before the first h of any, in the first level."""
        return 0

    @property
    @abstractmethod
    def matrix_nonzeros(self) -> tuple[int, int]:
        """Weights that W_x and W_h keep."""

    @property
    @abstractmethod
    def terms(self) -> tuple[Term, Term]:
        """The most that a row's sum may consist of: products with x, products with h."""

    @property
    @abstractmethod
    def operand_bits(self) -> dict[str, int]:
        """Bits of the memories of operands and sums, by what they hold."""

    @property
    def column_banks(self) -> int:
        """Banks of the columns, of which each lane of a row reads one; 1 where it reads them all."""
        return 1

    @property
    def ways(self) -> int:
        """Directions that have lanes of their own, words of units and of x being theirs in turn; 1 where every lane
        serves all.
        """
        return 1

    def way(self, unit: U) -> U:
        """Which of them units serve, a number or an array of any shape."""
        return unit // self.cells % self.ways

    @cached_property
    def unit_order(self) -> Integers:
        """The units as they lie, by their numbers in files, where all of a direction come together. [units]"""
        return in_turn(self.outputs, self.cells, self.ways)

    @cached_property
    def input_order(self) -> Integers:
        """The values of x as they lie, likewise. [inputs]"""
        return in_turn(self.inputs, self.input_words, self.ways)

    @property
    def x_copy(self) -> Vector:
        """How a copy holds x_t: of the columns of one bank."""
        return self.x_vector.of_column_bank(self.column_banks)

    @property
    def h_copy(self) -> Vector:
        """How a copy holds h_{t-1}."""
        return self.h_vector.of_column_bank(self.column_banks)

    @property
    def places(self) -> tuple[int, int]:
        """Of how many weights `nnz` are nnz."""
        x, h = (BALANCES[traversal] for traversal in self.traversals)
        inputs, outputs = self.inputs // self.directions, self.outputs // self.directions
        return x.among(inputs, self.groups), h.among(outputs, self.groups)

    @property
    def removed(self) -> tuple[float, float]:
        """Shares of W_x and of W_h that are removed."""
        (k_x, k_h), (of_x, of_h) = self.nnz, self.places
        return 1 - k_x / of_x, 1 - k_h / of_h

    @property
    def multipliers(self) -> int:
        """Lanes of the layer."""
        return self.units * self.rows_per_unit * self.lanes_per_row

    @property
    @abstractmethod
    def shares_operand(self) -> bool:
        """Whether the lanes of all rows of a unit multiply by the same operand."""

    @property
    def pairs(self) -> int:
        """Multipliers that serve two lanes, of rows 0 and 1 of a unit, 2 and 3 ...; a last row alone has its own."""
        packs = self.pack and self.multiplies and self.shares_operand
        return packs * self.units * self.lanes_per_row * (self.rows_per_unit // 2)

    @property
    def nonzeros(self) -> int:
        """Weights read in one step, by columns in one without zeros."""
        return sum(self.matrix_nonzeros)

    @property
    def total_width(self) -> int:
        """Width of a row's exact sum, neither scaled nor with its bias."""
        return accumulator(self.terms, None, 0)

    @property
    def scaled_width(self) -> int:
        """Width of a row's exact sum as it meets its bias."""
        return self.total_width + (self.scale.width if self.scale else 0)

    @property
    def sum_width(self) -> int:
        """Width of a row's exact sum with its bias."""
        if self.scale is None:
            return accumulator(self.terms, self.bias, self.bias_shift)
        largest = (1 << (self.scaled_width - 1)) + (-self.bias.lo << self.bias_shift)
        return bits_for(-largest, largest)

    @property
    def word_width(self) -> int:
        """Bits of one unit's memory word: a value for each of its lanes, then the indices."""
        return self.values_width + self.indices * self.index_width

    @property
    def set_beats(self) -> int:
        """Beats of the words that all units read in one cycle, where they come through a stream."""
        assert self.streamed is not None
        return -(-self.units * self.word_width // self.streamed)

    @property
    def streamed_beats(self) -> int:
        """Beats of the weights of a turn, where they come through a stream."""
        return self.depth * self.set_beats

    @property
    def scale_words_width(self) -> int:
        """Bits of a word of the memory of scales: those of the rows that the cell stage takes in a cycle."""
        return self.cells * self.sums_per_unit * (self.scale.width if self.scale else 0)

    @property
    def held(self) -> int:
        """Words of each unit that lie on the chip."""
        return (2 if self.writable else 1) * self.depth

    @property
    def memory_bits(self) -> dict[str, int]:
        """Bits of every memory of the layer, exact, by what they hold."""
        sums = (2 if self.writable else 1) * self.groups * self.units * self.sums_per_unit
        return {
            "values": self.units * self.held * self.values_width,
            "indices": self.units * self.indices * self.held * self.index_width,
            "bias": self.unit_levels * sums * self.bias.width,
            "scales": sums * self.scale.width if self.scale else 0,
        } | self.operand_bits


def in_turn(count: int, words: int, ways: int) -> Integers:
    """Of `count` values, those of one of the `ways` before those of the next, which lies at each place where words of
    all of them take turns, [count].
    """
    place = np.arange(count)
    word = place // words
    return word % ways * (count // ways) + word // ways * words + place % words
