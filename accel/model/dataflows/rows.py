"""Every row keeps the same number of weights (BRDS, arXiv 2101.02667)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from accel.architecture.array import Array
from accel.base.faults import Fault
from accel.model.dataflows.balanced import Balanced
from accel.model.sparse import Mask, largest_per_row


class RowBalanced(Balanced):
    """Balance of a matrix by rows."""

    by_index = True

    def faults(self, mask: Mask, nnz: int, array: Array, searched: bool, place: str) -> Iterator[Fault]:
        """Rows of a mask [rows, columns] that keep different numbers, none, or not those that are wanted."""
        counts = mask.sum(axis=1)
        if counts.min() != counts.max():
            yield Fault(place, "the same number of nonzeros in each row", f"{counts.min()} to {counts.max()}")
        elif counts[0] < 1:
            yield Fault(place, "at least one nonzero a row", "none")
        elif not searched and counts[0] != nnz:
            yield Fault(place, f"{nnz} nonzeros a row", str(counts[0]))

    def seeded(self, array: Array, rng: np.random.Generator, shape: tuple[int, int], nnz: int) -> Mask:
        """[rows, columns] with random columns of each row, or of each unit where the rows of one share them."""
        rows, columns = shape
        patterns = array.outputs if array.shared_by_gates else rows
        return np.tile(largest_per_row(rng.random((patterns, columns)), nnz), (rows // patterns, 1))
