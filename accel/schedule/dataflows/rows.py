"""By rows in time: the intervals of a stage, and when its results come, both from the pattern of its weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from accel.architecture.dataflows.rows import RowArray
from accel.architecture.latencies import SLOT_TO_LOGIT, cell_to_state, slot_delay, slot_to_out, slot_to_state
from accel.architecture.linear import LinearArray
from accel.architecture.network import Network
from accel.model.weights import LayerWeights
from accel.schedule.dataflows.feeder import Feeder
from accel.schedule.dataflows.row_estimate import estimated_interval
from accel.schedule.intervals import level_intervals, smallest_interval
from accel.schedule.stage import LINK_STEPS, LONG_AGO, Clock, Stage, TurnOperands


@dataclass(frozen=True)
class RowStage(Stage[RowArray]):
    """One array in time; cycles count from a step's `take` (one before its first address)."""

    intervals: tuple[int, ...]
    """From each level's begin to the next one's; the last one to the next step."""
    release_at: int
    """Address at which the step's x is given back; for a linked layer early, since the next x takes its time."""
    first_result: int
    """First word of a step's results at the output FIFO."""
    last_result: int
    state_held: bool = False
    """Sequences begin with a state of the accelerator's own, for which nothing waits."""

    word_by_word = False

    @classmethod
    def of(cls, net: Network, array: RowArray, layer: LayerWeights, before: Stage[Any] | None) -> RowStage:
        """Results come at fixed cycles from a step's begin; x is given back as late as the stage `before` allows."""
        return row_stage(cls, net, array, level_intervals(array, layer), before.lead if before else 0)

    @classmethod
    def estimated(cls, array: RowArray) -> int:
        """A random pattern stands for the real one."""
        return estimated_interval(array)

    @classmethod
    def of_pattern(cls, array: RowArray, layer: LayerWeights) -> int:
        """Depth of the lanes and the gap that the pattern needs."""
        return smallest_interval(array, layer)

    @property
    def interval(self) -> int:
        """Cycles from step to step."""
        return sum(self.intervals)

    @property
    def lead(self) -> int:
        """First word of a step's results at the output FIFO."""
        return self.first_result

    @property
    def results_at(self) -> tuple[int, ...]:
        """Every word of a layer's step at the output FIFO."""
        beat = np.arange(self.results)
        group, slot = beat // self.array.slots_per_group, beat % self.array.slots_per_group
        return tuple((self.first_result + group * self.array.by_level[-1].cycles_behind + slot).tolist())

    @property
    def released(self) -> int:
        """The release pulse; lanes wait between the levels that read x."""
        read = [level.depth for level in self.array.by_level[: self.array.x_levels - 1]]
        waited = sum(interval - depth for interval, depth in zip(self.intervals, read, strict=False))
        return 2 + self.release_at + waited

    @property
    def state_released(self) -> int:
        """The release pulse of an initial state, in the turn that takes it: as its last value of h is read, or of
        what is carried on, where h follows from that.
        """
        sooner = cell_to_state(self.array) if self.array.cell.level.state_follows else 0
        return self.last_result - 1 - sooner

    @property
    def under_way(self) -> int:
        """Steps between a step's begin and its last result's leaving, and one more."""
        return -(-(self.last_result + 3) // self.interval) + 1

    def clock(self, after: Stage[Any] | None) -> RowClock:
        """Where the next stage takes x word by word, each of them is an event, else the last one alone."""
        every = after is not None and after.word_by_word
        return RowClock(self, self.results_at if every else (self.last_result,))


def row_stage(kind: type[RowStage], net: Network, array: RowArray, intervals: tuple[int, ...], lead: int) -> RowStage:
    """The stage of an array whose x comes `lead` cycles behind its own begin one stage earlier."""
    read = [one.depth for one in array.by_level[: array.x_levels]]
    release_at = sum(read) - 1 if array.streamed else _release_at(read, lead)
    final = array.by_level[-1]
    first_slot = sum(intervals[:-1]) + 1 + final.behind + final.cycles_behind - 1 + slot_delay(array)
    last_group = (final.outputs - 1) // array.units
    last_slot = (final.outputs - 1) % array.units // array.cells
    last = first_slot + last_group * final.cycles_behind + last_slot
    if array.kind is not None:
        to_state = slot_to_state(array)
        ends = (first_slot + to_state, last + to_state)
        return kind(array, final.output_beats, intervals, release_at, *ends, net.spec.initial_states)
    if isinstance(array, LinearArray):
        ends = (first_slot + slot_to_out(array), last + slot_to_out(array))
        return kind(array, array.outputs, intervals, release_at, *ends)
    assert net.spec.model.head is not None
    if net.spec.model.head.kind == "logits":
        results, ends = array.outputs, (first_slot + SLOT_TO_LOGIT, last + SLOT_TO_LOGIT)
    else:
        results, ends = 1, (last + SLOT_TO_LOGIT + 1,) * 2
    return kind(array, results, intervals, release_at, *ends)


def _release_at(read: Sequence[int], lead: int) -> int:
    """The address at which x is given back, of levels that read x for their own number of addresses: as early as the
    next x cannot come before the last of this one is read. Not before the last level, since lanes wait between levels.
    """
    return max(sum(read[:-1]), sum(read) - 1 - max(0, lead - 2))


class RowClock(Clock):
    """A stage by rows, step after step."""

    def __init__(self, stage: RowStage, results_at: Sequence[int]) -> None:
        self.stage, self.results_at = stage, results_at
        self.began = -stage.interval
        self.states_end = -1
        self.states_given = [LONG_AGO] * LINK_STEPS
        self.feeder = Feeder(stage.array) if stage.array.streamed else None
        self.late = 0
        """Cycles that the latest turn waited for weights."""

    def take_state(self) -> None:
        """The turn that takes a sequence's state, which is held, or whose frame comes as soon as there is room."""
        if self.stage.state_held:
            self.began = self.began + self.late + self.stage.interval
            self._run()
            return
        first = max(self.states_end, self.states_given[-LINK_STEPS]) + 1
        self.states_end = first + self.stage.array.output_beats - 1
        self.began = max(self.states_end + 1, self.began + self.late + self.stage.interval)
        self._run()
        self.states_given.append(self.began + self.late + self.stage.state_released)

    def step(self, arrivals: Sequence[int], fits: int, _operands: TurnOperands) -> tuple[int, int, list[int]]:
        """One step, as `Clock` has it; zeros do not count."""
        self.began = max(arrivals[-1] + 1, self.began + self.late + self.stage.interval, fits)
        self._run()
        moved = self.began + self.late
        return self.began, moved + self.stage.released, [moved + result for result in self.results_at]

    def work(self, begins: Sequence[int]) -> tuple[int, int]:
        """Every step adds all products."""
        array = self.stage.array
        return array.nonzeros * (len(begins) - 1), array.multipliers * (begins[-1] - begins[0])

    def _run(self) -> None:
        if self.feeder is not None:
            self.late = self.feeder.late(self.began)
