"""By rows: lanes share out the positions of their row, x columns before h columns, group after group."""

from __future__ import annotations

import numpy as np

from accel.architecture.dataflows.rows import RowArray
from accel.base.fixed import Integers
from accel.memory.lane_words import LaneWords, joined
from accel.model.sparse import Packed
from accel.model.weights import LayerWeights


def positions(array: RowArray) -> Integers:
    """Position in its row (x columns, then h columns) that lane m takes in cycle t; -1 where it idles. [M, T]."""
    table = np.full((array.lanes_per_row, array.cycles_per_group), -1, dtype=np.int64)
    for m, lane in enumerate(array.lanes):
        start, stride = first_position(array, m)
        table[m, : lane.slots] = np.arange(lane.slots) * stride + start
    return table


def first_position(array: RowArray, lane: int) -> tuple[int, int]:
    """The position that a lane of a row takes first, and its stride."""
    if array.dedicated_lanes is None:
        return lane, array.lanes_per_row
    x_lanes, h_lanes = array.dedicated_lanes
    return (lane, x_lanes) if lane < x_lanes else (array.nnz[0] + lane - x_lanes, h_lanes)


def row_words(layer: LayerWeights, column_banks: int) -> tuple[Integers, Integers]:
    """Values and column indices of each row in the order of its positions, both [rows, K_x + K_h].

    Columns ascend; with banks, the first of each bank come before the second ones.
    """
    parts = [dealt_to_banks(matrix.packed, column_banks) for matrix in (layer.w_x, layer.w_h)]
    values = np.concatenate([part.values for part in parts], axis=1)
    columns = np.concatenate([part.columns for part in parts], axis=1)
    return values, columns


def dealt_to_banks(packed: Packed, column_banks: int) -> Packed:
    """Rows in which a weight of each bank follows one of the bank before, in ascending order within a bank."""
    order = order_in_banks(packed.columns, column_banks)
    values, columns = (np.take_along_axis(side, order, axis=1) for side in (packed.values, packed.columns))
    return Packed(values, columns, packed.width)


def order_in_banks(columns: Integers, column_banks: int) -> Integers:
    """For each position of a row, [rows, kept], which of its ascending columns is taken there."""
    by_bank = np.argsort(columns % column_banks, axis=1, kind="stable")
    return by_bank.reshape(len(by_bank), column_banks, -1).transpose(0, 2, 1).reshape(by_bank.shape)


def lane_words(array: RowArray, layer: LayerWeights) -> LaneWords:
    """G*T words a level; idle lanes and the units beyond the last one have zeros."""
    levels = enumerate(array.by_level)
    return joined([_of_level(array, level, layer.level(number, array.levels)) for number, level in levels])


def _of_level(array: RowArray, level: RowArray, layer: LayerWeights) -> LaneWords:
    values, columns = row_words(layer, array.column_banks)
    of_x, of_h = np.split(columns, [level.nnz[0]], axis=1)
    of_x, of_h = level.numbers(of_x, level.x_vector), level.numbers(of_h, level.h_vector)
    places = np.hstack([level.x_copy.places(of_x), level.h_copy.places(of_h)])
    return LaneWords(*(dealt(level, entries) for entries in (values, np.hstack([of_x, of_h]), places)))


def dealt(array: RowArray, entries: Integers) -> Integers:
    """Entries [row = gate * H + unit][position] as the lanes take them, [group and cycle, unit, row, lane]: of all
    groups the cycles that come ahead, then the others.
    """
    padded = np.zeros((array.rows_per_unit, array.groups * array.units, entries.shape[1] + 1), dtype=np.int64)
    padded[:, : array.outputs, :-1] = entries.reshape(array.rows_per_unit, array.outputs, -1)
    taken = padded[:, :, positions(array)]  # position -1 is the zero at the end
    split = taken.reshape(array.rows_per_unit, array.groups, array.units, array.lanes_per_row, -1)
    words, ahead = np.transpose(split, (1, 4, 2, 0, 3)), array.cycles_ahead
    shape = (-1, array.units, array.rows_per_unit, array.lanes_per_row)
    return np.concatenate([part.reshape(shape) for part in (words[:, :ahead], words[:, ahead:])])
