"""The smallest safe interval between steps: every operand is written before it is read.

For each row and position, the read cycle of the next step must come after the write of the unit that it reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from accel.architecture.dataflows.rows import RowArray
from accel.architecture.latencies import (
    ADDRESS_TO_FETCH,
    HEAD_INTERVAL,
    before_read,
    slot_delay,
    slot_to_cell,
    slot_to_state,
)
from accel.base.fixed import Integers
from accel.memory.dataflows.rows import order_in_banks, positions
from accel.model.weights import LayerWeights

AT_ONCE = 1 << 20
"""Operand reads that are looked at together: memory of a few MiB, whatever the size of the network."""
Columns = npt.NDArray[np.integer[Any]]
"""Columns of a matrix that rows read, in the order of their positions, [rows, kept]."""


def written_at(array: RowArray) -> Integers:
    """Cycle, from a level's first address, in which each unit's h_t is presented to the operand memories. [H]"""
    unit = np.arange(array.outputs)
    group, slot = unit // array.units, unit % array.units // array.cells
    ends = array.behind + (group + 1) * array.cycles_behind - 1
    return ends + slot_delay(array) + slot + slot_to_state(array)


def smallest_interval(array: RowArray, layer: LayerWeights) -> int:
    """Cycles from one step's beginning to the next one's: G*T, plus the gap that the pattern needs.

    Weights that are loaded may have any pattern with these nonzeros per row, so the gap is that of the worst one.
    Streams that take turns share the wait out: a stream's own next step comes only after all others had theirs.
    """
    return sum(level_intervals(array, layer))


def level_intervals(array: RowArray, layer: LayerWeights) -> tuple[int, ...]:
    """Cycles from each level's beginning to the next one's; behind the last comes the next step's first."""
    if array.writable:
        return intervals_of(array, [latest_columns(array)])
    first = deciding(array)
    return intervals_of(array, [_read_by(array, layer.level(n, array.levels), first) for n in range(array.levels)])


def _read_by(array: RowArray, layer: LayerWeights, units: int) -> Columns:
    """Columns of W_h that rows of the first units read, gate by gate."""
    every = layer.w_h.packed.columns
    gates = every.reshape(array.rows_per_unit, len(every) // array.rows_per_unit, every.shape[1])
    columns = np.concatenate([gate[:units] for gate in gates])
    return np.take_along_axis(columns, order_in_banks(columns, array.column_banks), axis=1)


def deciding(array: RowArray) -> int:
    """How many of the first units can decide how soon a step may follow the one before.

    Later groups read later: what these find written, though it be the last unit, makes nobody wait.
    """
    if array.kind is None:
        return array.outputs
    written, levels = int(written_at(array)[-1]), array.by_level
    shortest = min(level.cycles_behind for level in levels)
    ahead = min(level.behind - level.cycles_ahead for level in levels)
    waiting = written + 1 - ADDRESS_TO_FETCH - ahead - min(level.depth for level in levels) * array.streams
    return min(max(1, -(-waiting // shortest)) * array.units, array.outputs)


def interval_of(array: RowArray, columns: Columns) -> int:
    """`smallest_interval` of rows that read these columns of W_h in every level, [rows, K_h].

    Rows may be those of the first units alone, gate by gate.
    """
    return sum(intervals_of(array, [columns] * array.levels))


def intervals_of(array: RowArray, columns: Sequence[Columns]) -> tuple[int, ...]:
    """`level_intervals` of rows that read these columns of W_h, level by level."""
    following = [*array.by_level[1:], array.by_level[0]]
    read = [*columns[1:], columns[0]]
    return tuple(
        -(-_own_interval(level, after, table) // array.streams)
        for level, after, table in zip(array.by_level, following, read, strict=True)
    )


def _own_interval(array: RowArray, after: RowArray, columns: Columns) -> int:
    """Cycles from one level of a sequence to the next, which reads `columns`, until what was read and kept is there and
    the lanes are done, with all streams.

    What a cell keeps is read sooner where the groups `after` come sooner: most in the first one or in the last.
    """
    busy = array.depth * array.streams
    if array.kind is None:
        return max(HEAD_INTERVAL, busy)
    shorter = array.cycles_behind - after.cycles_behind
    sooner = array.behind - after.behind + shorter * (array.groups if shorter > 0 else 1)
    interval = max(slot_to_cell(array) + 1 - before_read(array) + sooner, busy)
    table, k_x = positions(after), after.nnz[0]
    return until_written(after, columns, np.where(table >= k_x, table - k_x, -1), written_at(array), interval)


def until_written(after: RowArray, columns: Columns, places: Integers, written: Integers, interval: int) -> int:
    """Cycles, at least `interval`, from a turn's first address to that of the turn `after` it, whose lane m reads in
    cycle t of a group what its row has at place [m, T] of `columns` (-1: something else) and which is there in the
    cycle `written` says of each column.
    """
    unit = np.arange(len(columns)) % (len(columns) // after.rows_per_unit)
    first = after.behind - after.cycles_ahead + unit // after.units * after.cycles_behind + ADDRESS_TO_FETCH
    latest, at_once = int(written.max()), max(1, AT_ONCE // len(columns))
    for row in places:
        cycles = np.nonzero(row >= 0)[0]
        cycles = cycles[latest + 1 - first[0] - cycles > interval]  # no later one waits
        for start in range(0, len(cycles), at_once):
            t = cycles[start : start + at_once]
            interval = max(interval, int((written[columns[:, row[t]]] + 1 - first[:, None] - t).max()))
    return interval


def latest_columns(array: RowArray) -> Integers:
    """The largest columns that a row of W_h can have at its positions: they ascend, so K - 1 - q more come after the
    q-th of K, each in its bank. Those of the first unit, [rows of a unit, K_h]: no later one reads earlier.
    """
    banks = np.arange(array.column_banks)
    held, left = -(-(array.outputs - banks) // array.column_banks), array.nnz[1] // array.column_banks
    columns = (held[None, :] - np.arange(left, 0, -1)[:, None]) * array.column_banks + banks
    return np.tile(columns.reshape(-1), (array.rows_per_unit, 1))
