"""By rows, each of two directions on lanes of its own, which hold what it reads and no more (decision 053)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from accel.architecture.dataflows.rows import RowArray
from accel.architecture.vector import Vector
from accel.base.fixed import Integers


@dataclass(frozen=True)
class DirectionsArray(RowArray):
    """Both directions of a bidirectional layer, word by word in turn: units, x and h lie in words of the forward
    direction, then of the backward one, then of the forward one again. Words of units are those that the cell stage
    takes in a cycle. P is a multiple of two such words, so that unit p of every group has the same direction.
    """

    dataflow, chosen = "directions", "row"

    @property
    def ways(self) -> int:
        """Both directions."""
        return self.directions

    @property
    def x_copy(self) -> Vector:
        """A copy holds the words of its direction."""
        return self._of_direction(self.x_vector)

    @property
    def h_copy(self) -> Vector:
        """A copy holds the words of its direction."""
        return self._of_direction(self.h_vector)

    def numbers(self, columns: Integers, vector: Vector) -> Integers:
        """`columns` of any shape; words of the other direction are left out."""
        return columns // (self.ways * vector.words) * vector.words + columns % vector.words

    def columns_of(self, unit: Integers, numbers: Integers) -> Integers:
        """Every other word, beginning with that of the unit's direction; shapes as in `RowArray`."""
        words = self.ways * (numbers // self.cells) + self.way(unit)
        return words * self.cells + numbers % self.cells

    def _of_direction(self, whole: Vector) -> Vector:
        return replace(whole, beats=-(-whole.beats // self.ways))
