"""What engines check of a layer by rows, and of a head."""

from __future__ import annotations

import numpy as np

from accel.architecture.dataflows.rows import RowArray
from accel.base.fixed import Integers
from accel.engines.dataflows.checked import Checked
from accel.engines.dataflows.lanes import Lanes, joined, stored_places
from accel.model.weights import LayerWeights
from accel.schedule.intervals import level_intervals


class RowChecked(Checked[RowArray]):
    """Rows of each level, and what each lane of a row does in the cycles of a group."""

    indices_name = "Columns"

    def lanes(self, array: RowArray, layer: LayerWeights) -> Lanes:
        """Level after level."""
        levels = enumerate(array.by_level)
        return joined([self._by_row(level, layer.level(number, array.levels)) for number, level in levels])

    def in_order(self, columns: Integers, lanes: int) -> Integers:
        """The columns [nnz] that a row keeps, as its positions have them: ascending."""
        return columns

    def held(self, columns: Integers, lanes: int, words: int) -> tuple[Integers, Integers]:
        """Of columns [nnz] the numbers in the memory that a lane reads, `words` side by side, and where those lie."""
        return columns, stored_places(columns, words)

    def slots(self, array: RowArray) -> dict[str, dict[str, list[int]]]:
        """Cycles of a group in which each lane of a row has work."""
        first, last = array.by_level[0].lanes, array.by_level[-1].lanes
        found = {"kXSlots": [lane.x_slots for lane in first], "kSlots": [lane.slots for lane in first]}
        later = {"kLaterXSlots": [lane.x_slots for lane in last], "kLaterSlots": [lane.slots for lane in last]}
        return {array.name.capitalize(): found | (later if array.levels > 1 else {})}

    def level_tables(self, array: RowArray, layer: LayerWeights) -> list[tuple[int, ...]]:
        """Intervals, cycles of a group, ends of levels, and the lanes' work."""
        if array.levels == 1:
            return []
        cycles = [level.cycles_per_group for level in array.by_level]
        ends = np.cumsum([level.groups * level.cycles_per_group for level in array.by_level]).tolist()
        found = [
            tuple(max(interval - 2, 0) for interval in self.intervals(array, layer)),
            tuple(count - 1 for count in cycles),
            tuple(end - 1 for end in ends),
            (*ends[:-1], 0),
        ]
        if array.goes_ahead:
            ahead = [level.cycles_ahead for level in array.by_level]
            begins = [0, *ends[:-1]]
            found.append(tuple((count or cycles[0]) - 1 for count in ahead))
            found.append(tuple(ahead))
            found.append(tuple(begin + max(0, array.groups * n - 1) for begin, n in zip(begins, ahead, strict=True)))
        for m in range(array.lanes_per_row):
            found.append(tuple(level.lanes[m].x_slots for level in array.by_level))
            found.append(tuple(level.lanes[m].slots for level in array.by_level))
        for m in range(array.lanes_per_row) if array.dense else ():  # where columns are not stored, but counted
            found.append(tuple(level.lanes[m].x_slots for level in array.by_level))
            found.append(tuple((m - level.nnz[0]) % (1 << array.index_width) for level in array.by_level))
        return found

    def intervals(self, array: RowArray, layer: LayerWeights) -> tuple[int, ...]:
        """Cycles from level to level."""
        return level_intervals(array, layer)

    def _by_row(self, array: RowArray, layer: LayerWeights) -> Lanes:
        """Rows of one level: the words of a group are its cycles; unit u of group g works for hidden unit g P + u."""
        k_x, k_h = array.nnz
        values, columns, places = (np.zeros((array.rows + 1, k_x + k_h + 1), dtype=np.int64) for _ in range(3))
        for row in range(array.rows):
            end = 0
            for matrix, words in ((layer.w_x, array.input_words), (layer.w_h, array.cells)):
                kept = self.in_order(np.flatnonzero(matrix.mask[row]), array.lanes_per_row)
                begin, end = end, end + len(kept)
                values[row, begin:end] = matrix.values[row, kept]
                columns[row, begin:end], places[row, begin:end] = self.held(kept, array.lanes_per_row, words)
        unit = np.arange(array.groups * array.units).reshape(-1, 1, array.units, 1, 1)
        rows = np.arange(array.rows_per_unit).reshape(-1, 1) * array.outputs + unit
        rows = np.where(unit < array.outputs, rows, array.rows)  # the last row is that of units which do not exist
        taken = _taken(array)[:, None, None, :]
        shape = (array.depth, array.units, array.rows_per_unit, array.lanes_per_row)
        order = _order(array)
        return Lanes(*(table[rows, taken].reshape(shape)[order] for table in (values, columns, places)))


def _order(array: RowArray) -> Integers:
    """The cycles, counted group by group, in the order of the words: those that come ahead before all others."""
    cycle = np.arange(array.groups * array.cycles_per_group) % array.cycles_per_group
    return np.argsort(cycle >= array.cycles_ahead, kind="stable")


def _taken(array: RowArray) -> Integers:
    """Which weight of its row a lane takes in a cycle, x before h; one beyond the last where it rests. [T, M]."""
    (k_x, k_h), table = array.nnz, np.full((array.cycles_per_group, array.lanes_per_row), sum(array.nnz))
    cycle = np.arange(array.cycles_per_group)
    for m in range(array.lanes_per_row):
        first, stride, end = m, array.lanes_per_row, k_x + k_h
        if array.dedicated_lanes is not None:
            of_x, of_h = array.dedicated_lanes
            first, stride, end = (m, of_x, k_x) if m < of_x else (k_x + m - of_x, of_h, k_x + k_h)
        position = first + cycle * stride
        table[:, m] = np.where(position < end, position, k_x + k_h)
    return table
