"""Weights that come from outside while the lanes run, in time."""

from __future__ import annotations

from accel.architecture.dataflows.rows import RowArray
from accel.schedule.stage import LONG_AGO


class Feeder:
    """When the weights of each cycle come, the stream always valid: a word as soon as there is room for it."""

    def __init__(self, array: RowArray) -> None:
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
