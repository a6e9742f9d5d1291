"""The recurrence over steps (available, rested, room), which every simulator must meet exactly."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from accel.architecture.network import Network
from accel.base.fixed import Integers
from accel.schedule.stage import LINK_STEPS, LONG_AGO, NOTHING, Passage, Stage, TurnOperands, Waits
from accel.schedule.turns import Turn


class Timeline:
    """The recurrence: each event is the maximum of what it waits for."""

    def __init__(self, net: Network, stages: Sequence[Stage[Any]], room: int) -> None:
        """`room`: steps that the output buffer holds."""
        self.net, self.stages, self.room = net, stages, room
        self.clocks = [stage.clock(after) for stage, after in zip(stages, (*stages[1:], None), strict=True)]
        head = net.spec.model.head
        self.last_only = head is not None and head.when == "last"
        self.begun: list[list[int]] = [[] for _ in self.clocks]
        self.given = [[LONG_AGO] * LINK_STEPS for _ in self.clocks]
        """When each stage's inputs may be overwritten."""
        self.left = [LONG_AGO] * room
        """When each step's last result left."""

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
        arrivals, left = [-1], iter(operands)
        for turn in taken:
            if not turn.is_step:
                for clock in self.clocks[: len(self.net.layers)]:
                    clock.take_state()
                continue
            own, final = next(left), turn.final
            first = max(arrivals[-1] + 1, self.given[0][-LINK_STEPS] + 1)
            arrivals = list(range(first, first + self.stages[0].array.input_beats))
            self._pass(0, arrivals, final, own)
        return self

    def _pass(self, at: int, arrivals: Sequence[int], final: bool, operands: tuple[TurnOperands, ...]) -> None:
        """One step at stage `at`, and what it sends on."""
        deepest = at == len(self.clocks) - 1
        emits = final or not self.last_only or at != len(self.net.layers) - 1
        room = self.left[-self.room] if deepest else self.given[at + 1][-LINK_STEPS]
        fits = room + 1 if emits else LONG_AGO
        begin, given, results = self.clocks[at].step(arrivals, fits, operands[at] if at < len(operands) else NOTHING)
        self.begun[at].append(begin)
        self.given[at].append(given)
        if emits and deepest:
            self.left.append(results[-1] + 2)
        elif emits:
            late = self.net.pool.latency if self.net.pool and at == len(self.net.layers) - 1 else 0
            self._pass(at + 1, [result + late for result in results], final, operands)
