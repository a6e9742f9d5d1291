"""What engines check of a layer with W_x by rows and W_h by columns."""

from __future__ import annotations

import numpy as np

from accel.architecture.dataflows.columns import ColumnArray
from accel.engines.dataflows.columns import ColumnChecked, by_column, lane_rows
from accel.engines.dataflows.lanes import Lanes, joined, stored_places
from accel.model.weights import LayerWeights, Matrix


class MixedChecked(ColumnChecked):
    """Rows of W_x, then columns of W_h."""

    def lanes(self, array: ColumnArray, layer: LayerWeights) -> Lanes:
        """Those of W_x, then those of W_h."""
        return joined([_by_row_of_lane(array, layer.w_x), by_column(array, layer.w_h)])


def _by_row_of_lane(array: ColumnArray, matrix: Matrix) -> Lanes:
    """The rows of a lane one after the other, each with its weights in their order."""
    rows = lane_rows(array)
    order = np.argsort(~matrix.mask[rows], axis=3, kind="stable")[..., : array.nnz[0]]
    found = (np.take_along_axis(matrix.values[rows], order, axis=3), order)
    shape = (-1, array.units, array.rows_per_unit, 1)
    weights, columns = (side.transpose(2, 3, 0, 1).reshape(shape) for side in found)
    return Lanes(weights, columns, stored_places(columns, array.input_words))
