"""When everything happens: the gap between steps from the actual pattern, and the cycle in which each step begins.

The gap is the smallest that is safe. A step begins as soon as every operand is written before it is read: for each row
and position, the read cycle of the next step must come after the write of the unit that it reads. The rest is a
recurrence over steps (available, rested, room), which every simulator must meet exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from accel.engines.engine import Design
from accel.fixed import Integers
from accel.pipeline import (
    ADDRESS_TO_FETCH,
    CELL_READ,
    SLOT_TO_CELL,
    SLOT_TO_LOGIT,
    SLOT_TO_STATE,
    slot_delay,
)
from accel.program import positions, row_words
from accel.shape import Array, Network
from accel.turns import turns
from accel.weights import LayerWeights

LINK_STEPS = 2
"""Steps that a link between layers holds: the banks of the next layer's input."""


def written_at(array: Array) -> Integers:
    """Cycle, from a step's first address, in which each unit's h_t is presented to the operand memories. [H]"""
    unit = np.arange(array.outputs)
    group, slot = unit // array.units, unit % array.units // array.cells
    return (group + 1) * array.cycles_per_group - 1 + slot_delay(array) + slot + SLOT_TO_STATE


def smallest_interval(array: Array, layer: LayerWeights) -> int:
    """Cycles from one step's beginning to the next one's: G*T, plus the gap that the pattern needs.

    Weights that are loaded may have any pattern with these nonzeros per row, so the gap is that of the worst one.
    Streams that take turns share the wait out: a stream's own next step comes only after all others had theirs.
    """
    return interval_of(array, latest_columns(array) if array.writable else row_words(array, layer)[1])


def interval_of(array: Array, columns: Integers) -> int:
    """`smallest_interval` of rows that read these columns, [rows, K_x + K_h], x first."""
    return max(array.depth, -(-_own_interval(array, columns) // array.streams))


def _own_interval(array: Array, columns: Integers) -> int:
    """Cycles from a sequence's step to its next one until h_t and c_t are there."""
    interval = SLOT_TO_CELL + 1 - CELL_READ
    if not array.recurrent:
        return interval
    table, k_x = positions(array), array.kept[0]
    unit = np.arange(array.rows) % array.outputs
    written = written_at(array)
    for m in range(array.lanes_per_row):
        for t in np.nonzero(table[m] >= k_x)[0]:
            read = unit // array.units * array.cycles_per_group + t + ADDRESS_TO_FETCH
            interval = max(interval, int((written[columns[:, table[m, t]]] + 1 - read).max()))
    return interval


def latest_columns(array: Array) -> Integers:
    """The largest columns that a row can have at its positions, x and h: they ascend, so K - 1 - q more come after the
    q-th of K. [rows, K_x + K_h]
    """
    sides = zip((array.inputs, array.outputs), array.kept, strict=True)
    row = np.concatenate([np.arange(columns - count, columns) for columns, count in sides])
    return np.tile(row, (array.rows, 1))


@dataclass(frozen=True)
class Stage:
    """One array in time; cycles count from a step's `take` (one before its first address)."""

    array: Array
    interval: int
    release_at: int
    """Address at which the step's x is given back; for a linked layer early, since the next x takes its time."""
    first_result: int
    """First word of a step's results at the outbox."""
    results: int
    """Words of a step's results."""
    last_result: int

    @property
    def gap(self) -> int:
        """Cycles between steps in which the lanes wait."""
        return self.interval - self.array.depth

    @property
    def released(self) -> int:
        """The release pulse."""
        return 2 + self.release_at


@dataclass(frozen=True)
class Schedule:
    """Stages in the order data takes, and what follows from them.

    `emit_steps` is how many steps the output buffer holds.
    """

    net: Network
    stages: tuple[Stage, ...]
    emit_steps: int

    @property
    def gap(self) -> int:
        """Waiting cycles between steps of the first layer."""
        return self.stages[0].gap

    @property
    def cycles_per_step(self) -> int:
        """Cycles from step to step in the middle of a long sequence; rounded up where steps take turns unevenly."""
        return steady(np.diff(self.begins([64] * self.stages[0].array.streams)[0]))

    @property
    def latency(self) -> int:
        """Cycles from the first beat of a one-step sequence to its last result on the output stream."""
        return self.finish([1])

    @property
    def utilisation(self) -> float:
        """Nonzeros of all LSTM layers / (their lanes x cycles per step)."""
        layers = self.net.layers
        return sum(a.nonzeros for a in layers) / (sum(a.multipliers for a in layers) * self.cycles_per_step)

    def begins(self, lengths: Sequence[int]) -> list[Integers]:
        """Cycle of `take` of every step at every stage, input always valid and output always ready.

        Cycle 0 presents the first beat; sequences of `lengths` steps follow each other without a pause, in the order
        of `accel.turns`. A head that takes last steps only has as many entries as there are sequences.
        """
        return _Timeline(self).run(self._finals(lengths))[0]

    def intervals(self, lengths: Sequence[int] | Integers) -> Integers:
        """Cycles from each step's begin to the next one's at the first layer."""
        return np.diff(self.begins([int(length) for length in lengths])[0])

    def finish(self, lengths: Sequence[int]) -> int:
        """Cycle in which the last result leaves."""
        return _Timeline(self).run(self._finals(lengths))[1]

    def _finals(self, lengths: Sequence[int]) -> list[bool]:
        """For each step, whether it is its sequence's last one."""
        return [turn.final for turn in turns(lengths, self.stages[0].array.streams)]


def steady(intervals: Integers) -> int:
    """What intervals between steps settle to: the mean of their second half, rounded up."""
    settled = intervals[len(intervals) // 2 :]
    return int(-(-int(settled.sum()) // len(settled)))


class _Timeline:
    """The recurrence: each event is the maximum of what it waits for."""

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule
        self.stages = schedule.stages
        head = schedule.net.spec.model.head
        self.last_only = head is not None and head.when == "last"

    def run(self, finals: Sequence[bool]) -> tuple[list[Integers], int]:
        begins: list[list[int]] = [[] for _ in self.stages]
        given = [[-(10**9)] * LINK_STEPS for _ in self.stages]  # when each stage's inputs may be overwritten
        left = [-(10**9)] * self.schedule.emit_steps  # when each step's last result left
        beats_end = -1
        for final in finals:
            beats_end = self._receive(beats_end, given[0])
            self._pass(0, beats_end + 1, final, begins, given, left)
        return [np.array(begin, dtype=np.int64) for begin in begins], left[-1]

    def _receive(self, beats_end: int, given: list[int]) -> int:
        first = max(beats_end + 1, given[-LINK_STEPS] + 1)
        return first + self.stages[0].array.input_beats - 1

    def _pass(self, at: int, available: int, final: bool, begins: Any, given: Any, left: list[int]) -> None:
        """One step at stage `at`, and what it sends on."""
        stage, deepest = self.stages[at], at == len(self.stages) - 1
        layers = len(self.schedule.net.layers)
        emits = final or not self.last_only or at != layers - 1
        take = available
        if begins[at]:
            take = max(take, begins[at][-1] + stage.interval)
        if emits:
            room = left[-self.schedule.emit_steps] if deepest else given[at + 1][-LINK_STEPS]
            take = max(take, room + 1)
        begins[at].append(take)
        given[at].append(take + stage.released)
        if emits and deepest:
            left.append(take + stage.last_result + 2)
        elif emits:
            self._pass(at + 1, take + stage.last_result + 1, final, begins, given, left)


def schedule(design: Design) -> Schedule:
    """The schedule of a design; the pattern of its weights decides the gap."""
    net, weights = design.net, design.weights
    stages: list[Stage] = []
    for array, layer in zip(net.arrays, weights.layers, strict=True):
        lead = stages[-1].first_result if stages else 0
        stages.append(_stage(net, array, layer, lead))
    return Schedule(net, tuple(stages), _emit_steps(stages))


def _stage(net: Network, array: Array, layer: LayerWeights, lead: int) -> Stage:
    interval = smallest_interval(array, layer)
    release_at = max(0, array.depth - 1 - max(0, lead - 2))
    first_slot = 1 + array.cycles_per_group - 1 + slot_delay(array)
    last_group = (array.outputs - 1) // array.units
    last_slot = (array.outputs - 1) % array.units // array.cells
    last = first_slot + last_group * array.cycles_per_group + last_slot
    if array is not net.head:
        return Stage(array, interval, release_at, first_slot + SLOT_TO_STATE, array.output_beats, last + SLOT_TO_STATE)
    assert net.spec.model.head is not None
    if net.spec.model.head.kind == "logits":
        ends = (first_slot + SLOT_TO_LOGIT, array.outputs, last + SLOT_TO_LOGIT)
    else:
        ends = (last + SLOT_TO_LOGIT + 1, 1, last + SLOT_TO_LOGIT + 1)
    return Stage(array, interval, release_at, *ends)


def _emit_steps(stages: Sequence[Stage]) -> int:
    """Steps under way between a step's begin and its last result's leaving, and one more."""
    last = stages[-1]
    return -(-(last.last_result + 3) // last.interval) + 1
