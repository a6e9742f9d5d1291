"""Layers that share lanes in time: each begins as soon as what it reads of the layer in front is written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from accel.architecture.dataflows.rows import RowArray
from accel.architecture.dataflows.shared import SharedArray
from accel.architecture.latencies import before_read, slot_to_cell
from accel.architecture.network import Network
from accel.memory.dataflows.rows import positions
from accel.model.weights import LayerWeights
from accel.schedule.dataflows.row_estimate import random_rows
from accel.schedule.dataflows.rows import RowStage, row_stage
from accel.schedule.intervals import Columns, until_written, written_at
from accel.schedule.stage import Stage

Read = tuple[Columns, Columns]
"""Columns that the rows of a layer read first, and those that they read last: numbers of units of a layer."""


class SharedStage(RowStage):
    """All layers on one set of lanes, level after level."""

    @classmethod
    def of(cls, net: Network, array: RowArray, layer: LayerWeights, before: Stage[Any] | None) -> RowStage:
        """As `RowStage`."""
        assert isinstance(array, SharedArray)
        return row_stage(cls, net, array, shared_intervals(array, layer), before.lead if before else 0)

    @classmethod
    def estimated(cls, array: RowArray) -> int:
        """As `RowStage`."""
        assert isinstance(array, SharedArray)
        return sum(_intervals(array, [*_random(array)]))

    @classmethod
    def of_pattern(cls, array: RowArray, layer: LayerWeights) -> int:
        """As `RowStage`."""
        assert isinstance(array, SharedArray)
        return sum(shared_intervals(array, layer))


def shared_intervals(array: SharedArray, layer: LayerWeights) -> tuple[int, ...]:
    """Cycles from each layer's begin to the next one's; behind the last comes the next step's first."""
    return _intervals(array, [*_read(array, layer)])


def _read(array: SharedArray, layer: LayerWeights) -> Iterator[Read]:
    """What the rows of every layer read."""
    for number, own in enumerate(array.begins):
        level = layer.level(number, array.levels)
        first, last = level.w_x.packed.columns, level.w_h.packed.columns
        yield (first - own, last - array.begins[number - 1]) if number else (first, last)


def _random(array: SharedArray) -> Iterator[Read]:
    """The same before there are weights."""
    before = None
    for level in array.stack:
        early, late = level.nnz
        columns = level.inputs if before is None else level.outputs
        of_last = level.outputs if before is None else before
        yield random_rows(level, columns, early), random_rows(level, of_last, late)
        before = level.outputs


def _intervals(array: SharedArray, read: Sequence[Read]) -> tuple[int, ...]:
    """A layer waits for what the one in front of it makes in the same step; the last one's end, if need be, for what
    every layer made in the step before, so that each step takes as long.
    """
    levels = array.stack
    pairs = zip(pairwise(levels), read[1:], strict=True)
    found = [_until(after, last, False, before, before.depth) for (before, after), (_, last) in pairs]
    step = max(sum(found) + levels[-1].depth, slot_to_cell(array) + 1 - before_read(array))
    for number, (level, (first, last)) in enumerate(zip(levels, read, strict=True)):
        step = _until(level, first if number else last, number > 0, level, step)
    return *found, step - sum(found)


def _until(after: RowArray, columns: Columns, first: bool, before: RowArray, interval: int) -> int:
    """`until_written` of what rows of a layer read first, or last, of a layer."""
    table, early = positions(after), after.nnz[0]
    places = np.where(table < early, table, -1) if first else np.where(table >= early, table - early, -1)
    return until_written(after, columns, places, written_at(before), interval)
