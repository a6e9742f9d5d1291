"""One array in time: its intervals, and when its results come."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from accel.architecture.array import Array
from accel.architecture.columns import ColumnArray
from accel.architecture.latencies import SLOT_TO_LOGIT, cell_to_state, slot_delay, slot_to_state
from accel.architecture.network import Network
from accel.model.weights import LayerWeights
from accel.schedule.column_schedule import launch_to_state
from accel.schedule.intervals import level_intervals


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
    state_held: bool = False
    """Sequences begin with a state of the accelerator's own, for which nothing waits."""

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


def row_stage(net: Network, array: Array, layer: LayerWeights, lead: int) -> Stage:
    intervals, reading = level_intervals(array, layer), sum(one.depth for one in array.by_level[: array.x_levels])
    release_at = reading - 1 if array.fed else max(0, reading - 1 - max(0, lead - 2))
    final = array.by_level[-1]
    first_slot = sum(intervals[:-1]) + 1 + final.cycles_per_group - 1 + slot_delay(array)
    last_group = (array.outputs - 1) // array.units
    last_slot = (array.outputs - 1) % array.units // array.cells
    last = first_slot + last_group * final.cycles_per_group + last_slot
    if array is not net.head:
        to_state = slot_to_state(array)
        ends = (first_slot + to_state, array.output_beats, last + to_state)
        return Stage(array, intervals, release_at, *ends, net.spec.initial_states)
    assert net.spec.model.head is not None
    if net.spec.model.head.kind == "logits":
        ends = (first_slot + SLOT_TO_LOGIT, array.outputs, last + SLOT_TO_LOGIT)
    else:
        ends = (last + SLOT_TO_LOGIT + 1, 1, last + SLOT_TO_LOGIT + 1)
    return Stage(array, intervals, release_at, *ends)


def emit_steps(last: Stage | ColumnStage) -> int:
    """Steps whose results find room: as many as are under way.

    By columns, room is asked for when a step's sums are read, and the next step's are not read before they all are.
    """
    if isinstance(last, ColumnStage):
        return -(-(launch_to_state(last.array) + last.results + 3) // last.results) + 1
    return last.under_way
