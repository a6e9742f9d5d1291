"""What engines check of a layer whose directions have lanes of their own."""

from __future__ import annotations

from accel.base.fixed import Integers
from accel.engines.dataflows.lanes import stored_places
from accel.engines.dataflows.rows import RowChecked


class DirectionsChecked(RowChecked):
    """A lane's memory holds every second word of a vector, those of its own direction."""

    def held(self, columns: Integers, lanes: int, words: int) -> tuple[Integers, Integers]:
        """Of columns [nnz], which belong to one direction, the numbers among those of that one."""
        numbers = columns // (2 * words) * words + columns % words
        return numbers, stored_places(numbers, words)
