"""When everything happens: stages from the actual pattern, and the cycle in which each step begins.

The gap is the smallest that is safe (`accel.schedule.intervals`); the rest is a recurrence over steps
(`accel.schedule.timeline`), which every simulator must meet exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from accel.architecture.network import Network
from accel.base.fixed import Integers
from accel.model.design import Design
from accel.model.samples import Samples
from accel.model.weights import Weights
from accel.schedule.dataflows import stage_of
from accel.schedule.nonzero_operands import Operands, dense_operands, operands
from accel.schedule.stage import NOTHING, Passage, Stage, Waits
from accel.schedule.timeline import Timeline
from accel.schedule.turns import all_turns


@dataclass(frozen=True)
class Schedule:
    """Stages in the order data takes, and what follows from them.

    `emit_steps` is how many steps the output buffer holds.
    """

    net: Network
    weights: Weights
    stages: tuple[Stage[Any], ...]
    emit_steps: int

    @property
    def skips_states(self) -> bool:
        """Whether cycles depend on what is not zero."""
        return any(stage.interval is None for stage in self.stages)

    @property
    def gap(self) -> int:
        """Cycles of a step in which the lanes of the first layer wait; by columns, of steps without zeros."""
        return self.interval(self.first) - int(self.stages[self.first].array.depth)

    @property
    def first(self) -> int:
        """Number of the first recurrent layer's stage."""
        return self.net.place(0)

    @property
    def cycles_per_step(self) -> int:
        """Cycles from step to step in the middle of a long sequence; rounded up where steps take turns unevenly.

        By columns, those of steps without zeros. Of bidirectional layers, which buffers keep apart, those of the
        slowest.
        """
        if self.net.mirrors:
            return max(map(self._in_the_middle, self.net.recurrent(range(len(self.stages)))))
        return self._in_the_middle(self.first)

    def interval(self, number: int) -> int:
        """Cycles from step to step at one stage; by columns, of steps without zeros."""
        stage = self.stages[number]
        if stage.interval is not None:
            return stage.interval
        return self._in_the_middle(number)

    def _in_the_middle(self, number: int) -> int:
        """What intervals at a stage settle to in long sequences, before these end: then results of all streams come
        together, and steps may wait for them to leave.
        """
        streams = self.net.layers[0].streams
        return steady(np.diff(self.begins([64] * streams)[number])[:-streams])

    @property
    def latency(self) -> int:
        """Cycles from the first beat of a one-step sequence to its last result on the output stream."""
        return self.finish([1])

    @property
    def utilisation(self) -> float:
        """Nonzeros of all LSTM layers / (their lanes x cycles per step)."""
        layers = self.net.layers
        return sum(a.nonzeros for a in layers) / (sum(a.multipliers for a in layers) * self.cycles_per_step)

    def operands(self, samples: Samples) -> Operands | None:
        """What of every step is not zero; None where cycles do not depend on it."""
        return operands(self.net, self.weights, samples) if self.skips_states else None

    def begins(self, lengths: Sequence[int], operands: Operands | None = None) -> list[Integers]:
        """Cycle in which every step begins, [steps] a stage, input always valid and output always ready.

        Cycle 0 presents the first beat; sequences of `lengths` steps follow each other without a pause, in the order
        of `accel.schedule.turns`. A head that takes last steps only has as many entries as there are sequences. Without
        `operands` nothing is zero.
        """
        return self._run(lengths, operands).begins

    def intervals(self, samples: Samples) -> Integers:
        """Cycles from each step's begin to the next one's at the first layer, [steps - 1]."""
        return np.diff(self.begins(samples.lengths.tolist(), self.operands(samples))[self.first])

    def lags(self, samples: Samples) -> list[Integers]:
        """Cycles from each step's begin at the first layer to its begin at each later one, [steps] each."""
        first, *later = self.net.recurrent(self.begins(samples.lengths.tolist(), self.operands(samples)))
        return [begins - first for begins in later]

    def finish(self, lengths: Sequence[int], operands: Operands | None = None) -> int:
        """Cycle in which the last result leaves."""
        return self._run(lengths, operands).finished

    def waits(self, samples: Samples) -> list[Waits]:
        """What the lanes of each layer by columns do over samples, from their second step on."""
        return self._run(samples.lengths.tolist(), self.operands(samples)).waits

    def passages(self, samples: Samples) -> list[list[Passage]]:
        """Every step's way through each layer by columns."""
        return self._run(samples.lengths.tolist(), self.operands(samples)).passages

    def cycles_over(self, samples: Samples) -> int:
        """Cycles from step to step over samples; where they depend on zeros or on the ends of sequences, as those
        settle.
        """
        settling = self.skips_states or bool(self.net.mirrors)
        return steady(self.intervals(samples)) if settling else self.cycles_per_step

    def busy_over(self, samples: Samples) -> float:
        """Share of the lanes' cycles, all layers together, in which they add a weight's product over samples."""
        if not self.skips_states:
            return self.utilisation
        run = self._run(samples.lengths.tolist(), self.operands(samples))
        pairs = zip(self.net.recurrent(run.clocks), self.net.recurrent(run.begun), strict=True)
        parts = [clock.work(begun) for clock, begun in pairs]
        return sum(busy for busy, _ in parts) / sum(cycles for _, cycles in parts)

    def _run(self, lengths: Sequence[int], operands: Operands | None) -> Timeline:
        first = self.net.layers[0]
        taken = all_turns(lengths, first.streams, first.initial_state)
        if operands is None and self.skips_states:
            operands = dense_operands(self.net, lengths)
        given = operands or [(NOTHING,) * len(self.net.layers)] * len(taken)
        return Timeline(self.net, self.stages, self.emit_steps).run(taken, given)


def steady(intervals: Integers) -> int:
    """What intervals [steps - 1] settle to, in cycles: the mean of their second half, rounded up."""
    settled = intervals[len(intervals) // 2 :]
    return int(-(-int(settled.sum()) // len(settled)))


def schedule(design: Design) -> Schedule:
    """The schedule of a design; the pattern of its weights decides the gap."""
    net, weights = design.in_hardware.net, design.in_hardware.weights
    stages: list[Stage[Any]] = []
    for number, (array, layer) in enumerate(zip(net.arrays, weights.layers, strict=True)):
        linked = number > 0 and number not in net.mirrors  # from a buffer x comes as fast as from outside
        stages.append(stage_of(array).of(net, array, layer, stages[-1] if linked else None))
    return Schedule(net, weights, tuple(stages), stages[-1].under_way)
