"""W_x by rows and W_h by columns: a lane's rows one after the other, with the x of each weight, then its columns."""

from __future__ import annotations

from accel.architecture.dataflows.mixed import MixedArray
from accel.memory.dataflows.columns import by_column
from accel.memory.lane_words import LaneWords, joined
from accel.model.weights import LayerWeights, Matrix


def lane_words(array: MixedArray, layer: LayerWeights) -> LaneWords:
    """Those of W_x, then those of W_h."""
    return joined([_by_row_of_lane(array, layer.w_x), by_column(array, layer.w_h)])


def _by_row_of_lane(array: MixedArray, matrix: Matrix) -> LaneWords:
    shape = (array.rows_per_unit, array.groups, array.units, matrix.nnz_per_row)
    words = (-1, array.units, array.rows_per_unit, 1)
    values, columns = (
        part.reshape(shape).transpose(1, 3, 2, 0).reshape(words)
        for part in (matrix.packed.values, matrix.packed.columns)
    )
    return LaneWords(values, columns, array.x_vector.places(columns))
