"""What engines check of a layer by columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from accel.architecture.dataflows.columns import ColumnArray
from accel.base.fixed import Integers
from accel.engines.dataflows.checked import Checked
from accel.engines.dataflows.lanes import Lanes, joined
from accel.model.weights import LayerWeights, Matrix


class ColumnChecked(Checked[ColumnArray]):
    """Columns of both matrices, and how full the queue of h was."""

    indices_name = "Rows"

    def lanes(self, array: ColumnArray, layer: LayerWeights) -> Lanes:
        """Those of W_x, then those of W_h."""
        return joined([by_column(array, layer.w_x), by_column(array, layer.w_h)])

    def fault(self, array: ColumnArray, seen: Mapping[str, Sequence[int]]) -> str:
        """The queue of h held more than it has places, or nobody watched it."""
        most = max(seen["queued"], default=-1)
        if 0 <= most <= array.h_queue:
            return ""
        return f"{array.name}: the queue of h has {array.h_queue} places, and {most} were taken"


def lane_rows(array: ColumnArray) -> Integers:
    """Rows of the matrix that a lane owns: those of the hidden units u, u + P, u + 2 P ... [u, r, row of the lane]."""
    unit, row, owned = np.ogrid[: array.units, : array.rows_per_unit, : array.groups]
    return np.asarray(row * array.outputs + owned * array.units + unit)


def by_column(array: ColumnArray, matrix: Matrix) -> Lanes:
    """Columns one after the other: each lane's weights in it, the lane's first row first."""
    rows = lane_rows(array)
    mask, values = matrix.mask[rows], matrix.values[rows]  # [u, r, row of the lane, column]
    kept = int(mask[0, 0, :, 0].sum()) if mask.size else 0
    order = np.argsort(~mask, axis=2, kind="stable")[:, :, :kept]
    found = (np.take_along_axis(values, order, axis=2), order)
    shape = (-1, array.units, array.rows_per_unit, 1)
    weights, owned = (side.transpose(3, 2, 0, 1).reshape(shape) for side in found)
    return Lanes(weights, owned, owned)
