"""The interval of a layer by rows before there are weights: a random pattern stands for the real one."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from accel.architecture.dataflows.rows import RowArray
from accel.schedule.intervals import Columns, deciding, interval_of, latest_columns

DRAWN = 1 << 21
"""Random columns that are drawn for an estimate, before those that a row keeps are chosen."""


def estimated_interval(array: RowArray) -> int:
    """Cycles from step to step with a random pattern, or the worst one where weights are loaded."""
    if array.writable:
        return interval_of(array, latest_columns(array))
    hidden = array.outputs // array.directions
    columns: Columns = _random_columns(_drawn(array), array.rows_per_unit, hidden, array.nnz[1], array.column_banks)
    if array.directions > 1:
        unit = np.tile(np.arange(len(columns) // array.rows_per_unit), array.rows_per_unit)
        columns = array.columns_of(unit[:, None], columns.astype(np.int64))
    return max(interval_of(array, columns), array.depth * array.set_beats if array.streamed else 0)


def random_rows(array: RowArray, columns: int, nnz: int) -> npt.NDArray[np.int32]:
    """`nnz` of `columns` columns in each row of the first units of an array, as many as are drawn for an estimate.

    As int32 [rows, nnz], gate by gate.
    """
    units = min(array.outputs, max(1, DRAWN // (array.rows_per_unit * columns)))
    return _random_columns(units, array.rows_per_unit, columns, nnz, 1)


def _drawn(array: RowArray) -> int:
    """How many of the first units columns are drawn of: those that can decide, as a power of two.

    No more than `DRAWN` columns are drawn; in networks as large as that the estimate may be a few cycles short.
    """
    drawable = max(1, DRAWN // (array.rows_per_unit * array.outputs))
    return min(1 << (deciding(array) - 1).bit_length(), drawable, array.outputs)


@lru_cache(maxsize=8)
def _random_columns(units: int, gates: int, columns: int, nnz: int, banks: int) -> npt.NDArray[np.int32]:
    """`nnz` of the columns in each row of the first units, gate by gate, in the order of their positions; the same at
    each call.

    One sequence of random numbers goes through all rows, those of other units included.
    """
    parts = []
    for gate in range(gates):
        bits = np.random.PCG64(1)
        bits.advance(gate * columns * columns)
        drawn = np.random.Generator(bits).random((units, columns))
        each = [_smallest(drawn[:, bank::banks], nnz // banks) * banks + bank for bank in range(banks)]
        parts.append(np.stack(each, axis=2).reshape(units, nnz).astype(np.int32))
    return np.concatenate(parts)


def _smallest(drawn: npt.NDArray[np.float64], nnz: int) -> npt.NDArray[np.int64]:
    """Where the `nnz` smallest of each row are, ascending."""
    return np.sort(np.argpartition(drawn, nnz - 1, axis=1)[:, :nnz], axis=1)
