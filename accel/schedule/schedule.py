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
import numpy.typing as npt

from accel.architecture.latencies import (
    ADDRESS_TO_FETCH,
    HEAD_INTERVAL,
    SLOT_TO_LOGIT,
    before_read,
    cell_to_state,
    slot_delay,
    slot_to_cell,
    slot_to_state,
)
from accel.architecture.shape import Array, ColumnArray, Network
from accel.base.fixed import Integers
from accel.memory.images import positions, row_words
from accel.model.design import Design
from accel.model.samples import Samples
from accel.model.weights import LayerWeights, Weights
from accel.schedule.column_schedule import ColumnClock, Load, Loads, Passage, Waits, dense_loads, launch_to_state, loads
from accel.schedule.turns import Turn, all_turns

AT_ONCE = 1 << 20
"""Operand reads that are looked at together: memory of a few MiB, whatever the size of the network."""
LINK_STEPS = 2
"""Steps that a link between layers holds: the banks of the next layer's input."""

Columns = npt.NDArray[np.integer[Any]]
"""Columns of a matrix that rows read, in the order of their positions, [rows, kept]."""


def written_at(array: Array) -> Integers:
    """Cycle, from a level's first address, in which each unit's h_t is presented to the operand memories. [H]"""
    unit = np.arange(array.outputs)
    group, slot = unit // array.units, unit % array.units // array.cells
    return (group + 1) * array.cycles_per_group - 1 + slot_delay(array) + slot + slot_to_state(array)


def smallest_interval(array: Array, layer: LayerWeights) -> int:
    """Cycles from one step's beginning to the next one's: G*T, plus the gap that the pattern needs.

    Weights that are loaded may have any pattern with these nonzeros per row, so the gap is that of the worst one.
    Streams that take turns share the wait out: a stream's own next step comes only after all others had theirs.
    """
    return sum(level_intervals(array, layer))


def level_intervals(array: Array, layer: LayerWeights) -> tuple[int, ...]:
    """Cycles from each level's beginning to the next one's; behind the last comes the next step's first."""
    if array.writable:
        return intervals_of(array, [latest_columns(array)])
    levels = enumerate(array.by_level)
    return intervals_of(
        array, [row_words(level, layer.level(number, array.levels))[1][:, level.kept[0] :] for number, level in levels]
    )


def interval_of(array: Array, columns: Columns) -> int:
    """`smallest_interval` of rows that read these columns of W_h in every level, [rows, K_h].

    Rows may be those of the first units alone, gate by gate.
    """
    return sum(intervals_of(array, [columns] * array.levels))


def intervals_of(array: Array, columns: Sequence[Columns]) -> tuple[int, ...]:
    """`level_intervals` of rows that read these columns of W_h, level by level."""
    following = [*array.by_level[1:], array.by_level[0]]
    read = [*columns[1:], columns[0]]
    return tuple(
        -(-_own_interval(level, after, table) // array.streams)
        for level, after, table in zip(array.by_level, following, read, strict=True)
    )


def _own_interval(array: Array, after: Array, columns: Columns) -> int:
    """Cycles from one level of a sequence to the next, which reads `columns`, until what was read and kept is there and
    the lanes are done, with all streams.

    What a cell keeps is read sooner where the groups `after` are shorter: most in the last one.
    """
    busy = array.depth * array.streams
    if array.kind is None:
        return max(HEAD_INTERVAL, busy)
    shorter = array.cycles_per_group - after.cycles_per_group
    sooner = shorter * (array.groups if shorter > 0 else 1)
    interval = max(slot_to_cell(array) + 1 - before_read(array) + sooner, busy)
    table, k_x = positions(after), after.kept[0]
    unit = np.arange(len(columns)) % (len(columns) // array.rows_per_unit)
    written, first = written_at(array), unit // array.units * after.cycles_per_group + ADDRESS_TO_FETCH
    at_once = max(1, AT_ONCE // len(columns))
    for row in table:
        cycles = np.nonzero(row >= k_x)[0]
        cycles = cycles[written[-1] + 1 - ADDRESS_TO_FETCH - cycles > interval]  # no later one waits
        for start in range(0, len(cycles), at_once):
            t = cycles[start : start + at_once]
            interval = max(interval, int((written[columns[:, row[t] - k_x]] + 1 - first[:, None] - t).max()))
    return interval


def latest_columns(array: Array) -> Integers:
    """The largest columns that a row of W_h can have at its positions: they ascend, so K - 1 - q more come after the
    q-th of K. Those of the first unit, [rows of a unit, K_h]: no later one reads earlier.
    """
    return np.tile(np.arange(array.outputs - array.kept[1], array.outputs), (array.rows_per_unit, 1))


@dataclass(frozen=True)
class Stage:
    """One array in time; cycles count from a step's `take` (one before its first address)."""

    array: Array
    intervals: tuple[int, ...]
    """From each level's begin to the next one's; the last one to the next step."""
    release_at: int
    """Address at which the step's x is given back; for a linked layer early, since the next x takes its time."""
    first_result: int
    """First word of a step's results at the outbox."""
    results: int
    """Words of a step's results."""
    last_result: int

    @property
    def interval(self) -> int:
        """Cycles from step to step."""
        return sum(self.intervals)

    @property
    def gap(self) -> int:
        """Cycles of a step in which the lanes wait, between levels or for the next step."""
        return self.interval - self.array.depth

    @property
    def results_at(self) -> tuple[int, ...]:
        """Every word of a layer's step at the outbox."""
        beat = np.arange(self.results)
        group, slot = beat // self.array.slots_per_group, beat % self.array.slots_per_group
        return tuple((self.first_result + group * self.array.cycles_per_group + slot).tolist())

    @property
    def released(self) -> int:
        """The release pulse."""
        return 2 + self.release_at

    @property
    def state_released(self) -> int:
        """The release pulse of a given state, in the turn that takes it: as its last value of h is read, or of what is
        kept, where h follows from that.
        """
        sooner = cell_to_state(self.array) if self.array.cell.level.state_follows else 0
        return self.last_result - 1 - sooner

    @property
    def under_way(self) -> int:
        """Steps between a step's begin and its last result's leaving, and one more."""
        return -(-(self.last_result + 3) // self.interval) + 1


@dataclass(frozen=True)
class ColumnStage:
    """A layer by columns: what is not zero decides when (`accel.schedule.column_schedule`)."""

    array: ColumnArray
    results: int
    """Words of a step's results."""


@dataclass(frozen=True)
class Schedule:
    """Stages in the order data takes, and what follows from them.

    `emit_steps` is how many steps the output buffer holds.
    """

    net: Network
    weights: Weights
    stages: tuple[Stage | ColumnStage, ...]
    emit_steps: int

    @property
    def by_columns(self) -> bool:
        """Whether cycles depend on what is not zero."""
        return any(isinstance(stage, ColumnStage) for stage in self.stages)

    @property
    def gap(self) -> int:
        """Waiting cycles between steps of the first layer; by columns, of steps without zeros."""
        first = self.stages[0]
        return first.gap if isinstance(first, Stage) else self.cycles_per_step - first.array.depth

    @property
    def cycles_per_step(self) -> int:
        """Cycles from step to step in the middle of a long sequence; rounded up where steps take turns unevenly.

        By columns, those of steps without zeros.
        """
        return steady(np.diff(self.begins([64] * self.stages[0].array.streams)[0]))

    def interval(self, number: int) -> int:
        """Cycles from step to step at one stage; by columns, of steps without zeros."""
        stage = self.stages[number]
        if isinstance(stage, Stage):
            return stage.interval
        return steady(np.diff(self.begins([64] * self.stages[0].array.streams)[number]))

    @property
    def latency(self) -> int:
        """Cycles from the first beat of a one-step sequence to its last result on the output stream."""
        return self.finish([1])

    @property
    def utilisation(self) -> float:
        """Nonzeros of all LSTM layers / (their lanes x cycles per step)."""
        layers = self.net.layers
        return sum(a.nonzeros for a in layers) / (sum(a.multipliers for a in layers) * self.cycles_per_step)

    def loads(self, samples: Samples) -> Loads | None:
        """What of every step is not zero; None where cycles do not depend on it."""
        return loads(self.net, self.weights, samples) if self.by_columns else None

    def begins(self, lengths: Sequence[int], loads: Loads | None = None) -> list[Integers]:
        """Cycle in which every step begins at every stage, input always valid and output always ready.

        Cycle 0 presents the first beat; sequences of `lengths` steps follow each other without a pause, in the order
        of `accel.schedule.turns`. A head that takes last steps only has as many entries as there are sequences. Without
        `loads` nothing is zero.
        """
        return self._run(lengths, loads).begins

    def intervals(self, samples: Samples) -> Integers:
        """Cycles from each step's begin to the next one's at the first layer."""
        return np.diff(self.begins(samples.lengths.tolist(), self.loads(samples))[0])

    def lags(self, samples: Samples) -> list[Integers]:
        """Cycles from each step's begin at the first layer to its begin at each later one."""
        first, *later = self.begins(samples.lengths.tolist(), self.loads(samples))[: len(self.net.layers)]
        return [begins - first for begins in later]

    def finish(self, lengths: Sequence[int], loads: Loads | None = None) -> int:
        """Cycle in which the last result leaves."""
        return self._run(lengths, loads).left[-1]

    def waits(self, samples: Samples) -> list[Waits]:
        """What the lanes of each layer by columns do over samples, from their second step on."""
        return self._run(samples.lengths.tolist(), self.loads(samples)).waits

    def passages(self, samples: Samples) -> list[list[Passage]]:
        """Every step's way through each layer by columns."""
        return self._run(samples.lengths.tolist(), self.loads(samples)).passages

    def cycles_over(self, samples: Samples) -> int:
        """Cycles from step to step over samples; where they depend on zeros, as those settle."""
        return steady(self.intervals(samples)) if self.by_columns else self.cycles_per_step

    def busy_over(self, samples: Samples) -> float:
        """Share of the lanes' cycles, all layers together, in which they add a weight's product over samples."""
        if not self.by_columns:
            return self.utilisation
        run = self._run(samples.lengths.tolist(), self.loads(samples))
        waits, busy, cycles = iter(run.waits), 0, 0
        for array, begins in zip(self.net.layers, run.begins, strict=False):
            if isinstance(array, ColumnArray):
                own = next(waits)
                busy, cycles = busy + array.multipliers * own.busy, cycles + array.multipliers * own.cycles
            else:
                busy += array.nonzeros * (len(begins) - 1)
                cycles += array.multipliers * int(begins[-1] - begins[0])
        return busy / cycles

    def _run(self, lengths: Sequence[int], loads: Loads | None) -> _Timeline:
        first = self.stages[0].array
        taken = all_turns(lengths, first.streams, first.given_state)
        if loads is None and self.by_columns:
            loads = dense_loads(self.net, lengths)
        return _Timeline(self).run(taken, loads or [(NOTHING,) * len(self.net.layers)] * len(taken))


def steady(intervals: Integers) -> int:
    """What intervals between steps settle to: the mean of their second half, rounded up."""
    settled = intervals[len(intervals) // 2 :]
    return int(-(-int(settled.sum()) // len(settled)))


class RowClock:
    """A stage by rows, step after step."""

    def __init__(self, stage: Stage, results_at: Sequence[int]) -> None:
        self.stage, self.results_at = stage, results_at
        self.began = -stage.interval
        self.states_end = -1
        self.states_given = [LONG_AGO] * LINK_STEPS
        self.fed = Feeder(stage.array) if stage.array.fed else None
        self.late = 0
        """Cycles that the latest turn waited for weights."""

    def take_state(self) -> None:
        """The turn that takes a sequence's state, whose frame comes as soon as there is room for it."""
        first = max(self.states_end, self.states_given[-LINK_STEPS]) + 1
        self.states_end = first + self.stage.array.output_beats - 1
        self.began = max(self.states_end + 1, self.began + self.late + self.stage.interval)
        self._run()
        self.states_given.append(self.began + self.late + self.stage.state_released)

    def step(self, arrivals: Sequence[int], fits: int, _load: Load) -> tuple[int, int, list[int]]:
        """One step: beats of x come at `arrivals`, results fit from cycle `fits` on.

        Returns the cycle in which the step begins, the one in which x is given back, and those of its results that
        the next stage waits for.
        """
        self.began = max(arrivals[-1] + 1, self.began + self.late + self.stage.interval, fits)
        self._run()
        moved = self.began + self.late
        return self.began, moved + self.stage.released, [moved + result for result in self.results_at]

    def _run(self) -> None:
        if self.fed is not None:
            self.late = self.fed.late(self.began)


class Feeder:
    """When the weights of each cycle come, the stream always valid: a word as soon as there is room for it."""

    def __init__(self, array: Array) -> None:
        self.array = array
        self.came = -1
        """Last beat of the latest word."""
        self.went = [LONG_AGO] * array.sets_ahead
        """When the lanes took the latest words."""

    def late(self, began: int) -> int:
        """Cycles that the lanes wait in a turn that begins in this cycle."""
        at = began
        for _ in range(self.array.depth):
            first = max(self.came, self.went[-self.array.sets_ahead]) + 1
            self.came = first + self.array.set_beats - 1
            at = max(at + 1, self.came + 2)
            self.went.append(at)
        return at - began - self.array.depth


LONG_AGO = -(10**9)
NOTHING = Load((), None, fresh=True)
"""What a stage by rows wants to know of zeros."""


class _Timeline:
    """The recurrence: each event is the maximum of what it waits for."""

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule
        afterwards = (*schedule.stages[1:], None)
        self.clocks = [_clock(stage, after) for stage, after in zip(schedule.stages, afterwards, strict=True)]
        head = schedule.net.spec.model.head
        self.last_only = head is not None and head.when == "last"
        self.begun: list[list[int]] = [[] for _ in self.clocks]
        self.given = [[LONG_AGO] * LINK_STEPS for _ in self.clocks]
        """When each stage's inputs may be overwritten."""
        self.left = [LONG_AGO] * schedule.emit_steps
        """When each step's last result left."""

    @property
    def begins(self) -> list[Integers]:
        """Cycle in which every step began at every stage."""
        return [np.array(begun, dtype=np.int64) for begun in self.begun]

    @property
    def waits(self) -> list[Waits]:
        """What the lanes of each layer by columns did."""
        return [clock.waits for clock in self.clocks if isinstance(clock, ColumnClock)]

    @property
    def passages(self) -> list[list[Passage]]:
        """Every step's way through each layer by columns."""
        return [clock.passages for clock in self.clocks if isinstance(clock, ColumnClock)]

    def run(self, taken: Sequence[Turn], loads: Sequence[tuple[Load, ...]]) -> _Timeline:
        """Every turn, one after the other; `loads` are those of the steps."""
        arrivals, left = [-1], iter(loads)
        for turn in taken:
            if not turn.is_step:
                for clock in self.clocks[: len(self.schedule.net.layers)]:
                    assert isinstance(clock, RowClock)
                    clock.take_state()
                continue
            load, final = next(left), turn.final
            first = max(arrivals[-1] + 1, self.given[0][-LINK_STEPS] + 1)
            arrivals = list(range(first, first + self.schedule.stages[0].array.input_beats))
            self._pass(0, arrivals, final, load)
        return self

    def _pass(self, at: int, arrivals: Sequence[int], final: bool, loads: tuple[Load, ...]) -> None:
        """One step at stage `at`, and what it sends on."""
        deepest = at == len(self.clocks) - 1
        emits = final or not self.last_only or at != len(self.schedule.net.layers) - 1
        room = self.left[-self.schedule.emit_steps] if deepest else self.given[at + 1][-LINK_STEPS]
        fits = room + 1 if emits else LONG_AGO
        begin, given, results = self.clocks[at].step(arrivals, fits, loads[at] if at < len(loads) else NOTHING)
        self.begun[at].append(begin)
        self.given[at].append(given)
        if emits and deepest:
            self.left.append(results[-1] + 2)
        elif emits:
            self._pass(at + 1, results, final, loads)


def _clock(stage: Stage | ColumnStage, after: Stage | ColumnStage | None) -> RowClock | ColumnClock:
    """A stage in time. By columns each word of x counts when it comes, by rows the last one alone."""
    if isinstance(stage, ColumnStage):
        return ColumnClock(stage.array)
    return RowClock(stage, stage.results_at if isinstance(after, ColumnStage) else (stage.last_result,))


def schedule(design: Design) -> Schedule:
    """The schedule of a design; the pattern of its weights decides the gap."""
    net, weights = design.net, design.weights
    stages: list[Stage | ColumnStage] = []
    for array, layer in zip(net.arrays, weights.layers, strict=True):
        lead = stages[-1].first_result if stages and isinstance(stages[-1], Stage) else 0
        if isinstance(array, ColumnArray):
            stages.append(ColumnStage(array, array.output_beats))
        else:
            stages.append(_stage(net, array, layer, lead))
    return Schedule(net, weights, tuple(stages), _emit_steps(stages[-1]))


def _stage(net: Network, array: Array, layer: LayerWeights, lead: int) -> Stage:
    intervals, reading = level_intervals(array, layer), sum(one.depth for one in array.by_level[: array.x_levels])
    release_at = reading - 1 if array.fed else max(0, reading - 1 - max(0, lead - 2))
    final = array.by_level[-1]
    first_slot = sum(intervals[:-1]) + 1 + final.cycles_per_group - 1 + slot_delay(array)
    last_group = (array.outputs - 1) // array.units
    last_slot = (array.outputs - 1) % array.units // array.cells
    last = first_slot + last_group * final.cycles_per_group + last_slot
    if array is not net.head:
        to_state = slot_to_state(array)
        return Stage(array, intervals, release_at, first_slot + to_state, array.output_beats, last + to_state)
    assert net.spec.model.head is not None
    if net.spec.model.head.kind == "logits":
        ends = (first_slot + SLOT_TO_LOGIT, array.outputs, last + SLOT_TO_LOGIT)
    else:
        ends = (last + SLOT_TO_LOGIT + 1, 1, last + SLOT_TO_LOGIT + 1)
    return Stage(array, intervals, release_at, *ends)


def _emit_steps(last: Stage | ColumnStage) -> int:
    """Steps whose results find room: as many as are under way.

    By columns, room is asked for when a step's sums are read, and the next step's are not read before they all are.
    """
    if isinstance(last, ColumnStage):
        return -(-(launch_to_state(last.array) + last.results + 3) // last.results) + 1
    return last.under_way
