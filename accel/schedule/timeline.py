"""The recurrence over steps (available, rested, room), which every simulator must meet exactly."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from accel.architecture.latencies import CLIPPED, RESIDUAL
from accel.architecture.network import Network
from accel.base.fixed import Integers
from accel.schedule.sequence_buffer import SequenceBuffer
from accel.schedule.stage import LINK_STEPS, LONG_AGO, NOTHING, Passage, Stage, TurnOperands, Waits
from accel.schedule.table_reads import TableReads
from accel.schedule.turns import Turn

LEAVING = 2
"""Cycles from a result of the last stage to the stream that it leaves through."""


class Timeline:
    """The recurrence: each event is the maximum of what it waits for."""

    def __init__(self, net: Network, stages: Sequence[Stage[Any]], room: int) -> None:
        """`room`: steps that the output buffer holds."""
        self.net, self.stages = net, stages
        self.clocks = [stage.clock(after) for stage, after in zip(stages, (*stages[1:], None), strict=True)]
        head = net.spec.model.head
        self.last_only = head is not None and head.when == "last"
        self.begun: list[list[int]] = [[] for _ in self.clocks]
        self.given = [[LONG_AGO] * LINK_STEPS for _ in self.clocks]
        """When each stage's inputs may be overwritten."""
        self.table = None if net.embedding is None else TableReads(net.embedding)
        self.buffers = {number: SequenceBuffer(mirror) for number, mirror in net.mirrors.items()}
        self.rooms = {number - 1: stages[number - 1].under_way for number in self.buffers if number}
        self.rooms.setdefault(len(stages) - 1, room)
        """Steps whose results wait behind a stage, where they do in a FIFO."""
        self.left = {at: [LONG_AGO] * steps for at, steps in self.rooms.items()}
        """When each step's last result left that."""
        self.finished = LONG_AGO
        """When the last result left."""

    @property
    def begins(self) -> list[Integers]:
        """Cycle in which every step began, [steps] a stage."""
        return [np.array(begun, dtype=np.int64) for begun in self.begun]

    @property
    def waits(self) -> list[Waits]:
        """What the lanes of each layer did whose cycles depend on zeros."""
        return [clock.waits for clock in self.clocks if clock.waits is not None]

    @property
    def passages(self) -> list[list[Passage]]:
        """Every step's way through each layer whose cycles depend on zeros."""
        return [clock.passages for clock in self.clocks if clock.passages is not None]

    def run(self, taken: Sequence[Turn], operands: Sequence[tuple[TurnOperands, ...]]) -> Timeline:
        """Every turn, one after the other; `operands` are those of the steps."""
        came, left = -1, iter(operands)
        for turn in taken:
            if not turn.is_step:
                for clock in self.net.recurrent(self.clocks):
                    clock.take_state()
                continue
            came = self._enter(came, turn.final, next(left))
        return self

    def _enter(self, came: int, final: bool, operands: tuple[TurnOperands, ...]) -> int:
        """An x_t behind the beat that came in cycle `came`; when its last beat comes."""
        if 0 in self.buffers:
            came = self.buffers[0].write(came, LONG_AGO, operands)
            self._buffered(0, came, final)
            return came
        taken, arrivals = self._entered(came + 1, self.net.x_beats)
        self._pass(0, arrivals, final, operands)
        return taken[-1]

    def _entered(self, soonest: int, count: int) -> tuple[list[int], list[int]]:
        """When `count` beats of what comes in for a step are taken, and when those of x_t come at the first stage."""
        if self.table is None:
            arrivals = self._arrive(0, soonest, count)
            return arrivals, arrivals
        return self.table.look_up(soonest, self.given[0][-LINK_STEPS] + 1, count)

    def _arrive(self, at: int, soonest: int, beats: int) -> list[int]:
        """When the beats of a vector come at a stage, one after the other as soon as there is room for them."""
        first = max(soonest, self.given[at][-LINK_STEPS] + 1)
        return list(range(first, first + beats))

    def _pass(self, at: int, arrivals: Sequence[int], final: bool, operands: tuple[TurnOperands, ...]) -> None:
        """One step at stage `at`, and what it sends on."""
        ends = self.net.number(at + 1) == len(self.net.layers)
        emits = final or not self.last_only or not ends or at + 1 in self.buffers
        room = self.left[at][-self.rooms[at]] if at in self.rooms else self.given[at + 1][-LINK_STEPS]
        fits = room + 1 if emits else LONG_AGO
        begin, given, results = self.clocks[at].step(arrivals, fits, self._read(at, operands))
        self.begun[at].append(begin)
        self.given[at].append(given)
        if emits and at + 1 in self.buffers:
            left = results[-1] + self._late(at) + LEAVING
            self.left[at].append(self.buffers[at + 1].write(self.left[at][-1], left, operands))
            self._buffered(at + 1, self.left[at][-1], final)
        elif emits and at in self.rooms:
            self.left[at].append(results[-1] + LEAVING)
            self.finished = self.left[at][-1]
        elif emits:
            late = self._late(at)
            self._pass(at + 1, [result + late for result in results], final, operands)

    def _read(self, at: int, operands: tuple[TurnOperands, ...]) -> TurnOperands:
        """What stage `at` reads of a step's operands, those of each recurrent layer."""
        number = self.net.number(at)
        return NOTHING if number is None or number >= len(operands) else operands[number]

    def _late(self, at: int) -> int:
        """Cycles that a word takes from stage `at` to the next one."""
        number = self.net.link(at + 1)
        pooled = self.net.pool.latency if self.net.pool and number == len(self.net.layers) else 0
        if number in self.net.clips:
            return pooled + CLIPPED
        return pooled + (RESIDUAL if number in self.net.residuals else 0)

    def _buffered(self, at: int, written: int, final: bool) -> None:
        """A step's vector is in the buffer in front of stage `at` with the beat of cycle `written`; of a whole sequence
        all steps leave.
        """
        buffer = self.buffers[at]
        steps = buffer.end(written) if final else []
        for left, operands in zip(range(len(steps) - 1, -1, -1), steps, strict=True):
            soonest, given = buffer.soonest, buffer.mirror.given
            if at == len(self.stages):
                buffer.read(list(range(soonest, soonest + given)), left == 0)
                self.finished = buffer.soonest - 1
                continue
            taken, arrivals = self._entered(soonest, given) if at == 0 else (self._arrive(at, soonest, given),) * 2
            buffer.read(taken, left == 0)
            self._pass(at, arrivals, left == 0, operands)
