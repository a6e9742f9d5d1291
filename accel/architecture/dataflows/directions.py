"""By rows, each of two directions on lanes of its own, which hold what it reads and no more (decision 053)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from accel.architecture.dataflows.rows import RowArray
from accel.architecture.vector import Vector
from accel.base.fixed import Integers
from accel.spec import DATAFLOWS, Traversal

DIRECTIONS = 2


@dataclass(frozen=True)
class DirectionsArray(RowArray):
    """Both directions of a bidirectional layer, word by word in turn: units, x and h lie in words of the forward
    direction, then of the backward one, then of the forward one again. Words of units are those that the cell stage
    takes in a cycle. P is a multiple of two such words, so that unit p of every group has the same direction.
    """

    dataflow = "directions"

    @property
    def traversals(self) -> tuple[Traversal, Traversal]:
        """As rows."""
        return DATAFLOWS["row"].traversals

    @property
    def skips_states(self) -> bool:
        """Zeros cost what others do."""
        return False

    @property
    def x_copy(self) -> Vector:
        """A copy holds the words of its direction."""
        return _half(self.x_vector)

    @property
    def h_copy(self) -> Vector:
        """A copy holds the words of its direction."""
        return _half(self.h_vector)

    @cached_property
    def unit_order(self) -> Integers:
        """The units as they lie, by their numbers in files, where the forward ones come first. [2H]"""
        return in_turn(self.outputs, self.cells)

    @cached_property
    def input_order(self) -> Integers:
        """The values of x as they lie, by their numbers in files. [2I]"""
        return in_turn(self.inputs, self.input_words)

    def columns_of(self, unit: Integers, numbers: Integers) -> Integers:
        """Every other word, beginning with that of the unit's direction."""
        words = DIRECTIONS * (numbers // self.cells) + unit // self.cells % DIRECTIONS
        return words * self.cells + numbers % self.cells

    def numbers(self, columns: Integers, vector: Vector) -> Integers:
        """Words of the other direction are left out."""
        return columns // (DIRECTIONS * vector.words) * vector.words + columns % vector.words

    def direction(self, unit: int) -> int:
        """0 of a unit of a group that reads forward, 1 of one that reads backward."""
        return unit // self.cells % DIRECTIONS


def in_turn(count: int, words: int) -> Integers:
    """Of `count` values, those of the forward direction before those of the backward one, which of them lies at each
    place where words of both take turns.
    """
    place = np.arange(count)
    word = place // words
    return word % DIRECTIONS * (count // DIRECTIONS) + word // DIRECTIONS * words + place % words


def _half(whole: Vector) -> Vector:
    return replace(whole, beats=-(-whole.beats // DIRECTIONS))
