"""Every lane keeps the same number of weights of its rows in each column (Spartus, arXiv 2108.02297)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from accel.architecture.array import Array
from accel.base.faults import Fault
from accel.model.dataflows.balanced import Balanced
from accel.model.sparse import Mask, by_lane, from_lanes, largest_per_row


class ColumnBalanced(Balanced):
    """Balance of a matrix by columns."""

    by_index = False

    def faults(self, mask: Mask, nnz: int, array: Array, searched: bool, place: str) -> Iterator[Fault]:
        """Lanes that keep another number in a column of a mask [rows, columns]."""
        counts = by_lane(mask, array.units, array.rows_per_unit).sum(axis=3)
        if counts.min() != nnz or counts.max() != nnz:
            wanted = f"{nnz} of the {array.groups} rows of each of {array.multipliers} lanes in each column"
            yield Fault(place, wanted, f"{counts.min()} to {counts.max()}")

    def seeded(self, array: Array, rng: np.random.Generator, shape: tuple[int, int], nnz: int) -> Mask:
        """[rows, columns] with random rows of each lane in each column."""
        lanes = (array.rows_per_unit, array.units, shape[1], array.groups)
        chosen = largest_per_row(rng.random(lanes).reshape(-1, array.groups), nnz)
        return from_lanes(chosen.reshape(lanes))
