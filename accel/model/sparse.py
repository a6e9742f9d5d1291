"""Balanced sparsity: every row keeps the same number of weights (BRDS, arXiv 2101.02667), or every lane in each column.

A lane by columns owns one gate's rows of the units p, p + P, p + 2P ... (Spartus, arXiv 2108.02297, deals rows out so).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from accel.base.fixed import Integers

Mask = npt.NDArray[np.bool_]


def largest_per_row(magnitude: npt.ArrayLike, nnz: int) -> Mask:
    """Mask [rows, columns] of the `nnz` largest magnitudes of each row; on a tie the lower column stays."""
    values = np.asarray(magnitude)
    if not 0 <= nnz <= values.shape[1]:
        raise ValueError(f"cannot keep {nnz} of {values.shape[1]} columns")
    order = np.argsort(-values, axis=1, kind="stable")[:, :nnz]
    mask = np.zeros(values.shape, dtype=bool)
    np.put_along_axis(mask, order, True, axis=1)
    return mask


@dataclass(frozen=True)
class Packed:
    """A row-balanced matrix: `values` and `columns`, both [rows, kept], columns ascending. No row pointers."""

    values: Integers
    columns: Integers
    width: int
    """Columns of the matrix."""

    @property
    def nnz_per_row(self) -> int:
        """Weights of each row."""
        return int(self.values.shape[1])


def pack(matrix: Integers, mask: Mask) -> Packed:
    """Row-balanced matrix [rows, columns] to values and column indices.

    The mask says which weights a row keeps (a kept weight may be zero). Raises ValueError where rows differ in number
    or a weight outside the mask is not zero.
    """
    counts = mask.sum(axis=1)
    if counts.min() != counts.max():
        raise ValueError(
            f"rows keep {counts.min()} to {counts.max()} weights; row balance wants the same number in each"
        )
    if np.any(matrix[~mask]):
        raise ValueError("a weight outside the mask is not zero")
    columns = np.nonzero(mask)[1].reshape(len(mask), int(counts[0]))
    return Packed(np.take_along_axis(matrix, columns, axis=1), columns.astype(np.int64), int(matrix.shape[1]))


def unpack(packed: Packed) -> tuple[Integers, Mask]:
    """The matrix and mask, both [rows, columns], that `pack` was given."""
    matrix = np.zeros((len(packed.values), packed.width), dtype=np.int64)
    mask = np.zeros(matrix.shape, dtype=bool)
    np.put_along_axis(matrix, packed.columns, packed.values, axis=1)
    np.put_along_axis(mask, packed.columns, True, axis=1)
    return matrix, mask


def by_lane(matrix: npt.NDArray[Any], units: int, gates: int) -> npt.NDArray[Any]:
    """A matrix [gates H, columns] as lanes see it: [gate, p, column, row of the lane], for P = `units`."""
    found: npt.NDArray[Any] = matrix.reshape(gates, -1, units, matrix.shape[1]).transpose(0, 2, 3, 1)
    return found


def from_lanes(lanes: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The matrix [rows, columns] that `by_lane` was given."""
    return lanes.transpose(0, 3, 1, 2).reshape(-1, lanes.shape[2])


def pack_columns(matrix: Integers, mask: Mask, units: int, gates: int) -> tuple[Integers, Integers]:
    """Values and rows-of-the-lane of the kept weights, both [column, kept, p, gate], rows ascending.

    Raises ValueError where lanes keep different numbers in a column or a weight outside the mask is not zero.
    """
    lanes = by_lane(mask, units, gates)
    counts = lanes.sum(axis=3)
    if counts.min() != counts.max():
        raise ValueError(f"lanes keep {counts.min()} to {counts.max()} weights of a column; balance wants one number")
    if np.any(matrix[~mask]):
        raise ValueError("a weight outside the mask is not zero")
    rows = np.nonzero(lanes)[3].reshape(*counts.shape, -1)
    values = np.take_along_axis(by_lane(matrix, units, gates), rows, axis=3)
    return values.transpose(2, 3, 1, 0), rows.astype(np.int64).transpose(2, 3, 1, 0)
