"""By columns: a lane's weights in each column of W_x, then of W_h, with the rows of the lane that they belong to."""

from __future__ import annotations

from accel.architecture.dataflows.columns import ColumnArray
from accel.base.fixed import Integers
from accel.memory.lane_words import LaneWords, joined
from accel.model.sparse import pack_columns
from accel.model.weights import LayerWeights, Matrix


def lane_words(array: ColumnArray, layer: LayerWeights) -> LaneWords:
    """Those of W_x, then those of W_h."""
    return joined([by_column(array, layer.w_x), by_column(array, layer.w_h)])


def by_column(array: ColumnArray, matrix: Matrix) -> LaneWords:
    """Columns one after the other."""
    values, rows = pack_columns(matrix.values, matrix.mask, array.units, array.rows_per_unit)
    numbers = _words(array, rows)
    return LaneWords(_words(array, values), numbers, numbers)


def _words(array: ColumnArray, entries: Integers) -> Integers:
    return entries.reshape(-1, array.units, array.rows_per_unit, 1)
