"""What engines check of a layer by rows in banks."""

from __future__ import annotations

import numpy as np

from accel.base.fixed import Integers
from accel.engines.dataflows.lanes import stored_places
from accel.engines.dataflows.rows import RowChecked


class BankChecked(RowChecked):
    """A lane of a row takes the columns c with c mod `lanes` its own number, in ascending order."""

    def in_order(self, columns: Integers, lanes: int) -> Integers:
        """The columns [nnz] of a row: the first one of every lane, then the second ones."""
        of_lanes = [columns[columns % lanes == lane] for lane in range(lanes)]
        return np.array(of_lanes, dtype=np.int64).T.reshape(-1)

    def held(self, columns: Integers, lanes: int, words: int) -> tuple[Integers, Integers]:
        """Of columns [nnz] a lane's memory holds every one of its own, those of a word of the vector side by side."""
        numbers = columns // lanes
        return numbers, stored_places(numbers, max(1, words // lanes))
