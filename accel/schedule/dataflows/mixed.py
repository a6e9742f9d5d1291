"""W_x by rows and W_h by columns in time: rows of x in fixed cycles, then columns of h as zeros have it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from accel.schedule.dataflows.column_clock import ColumnClock
from accel.schedule.dataflows.columns import ColumnStage
from accel.schedule.stage import Stage


class MixedStage(ColumnStage):
    """A layer by columns that waits for all of its x."""

    def clock(self, after: Stage[Any] | None) -> MixedClock:
        """What leaves counts word by word, whoever takes it."""
        return MixedClock(self.array)


class MixedClock(ColumnClock):
    """Such a layer, step after step."""

    def _take_x(self, arrivals: Sequence[int], counts: Sequence[int], bank_free: int) -> tuple[int, int]:
        """The lanes go through the rows of W_x as soon as all of x is there, whatever of it is zero."""
        complete = arrivals[-1] + 1
        begin = max(complete, self.free, bank_free)
        wait, unused = begin - self.free, begin - max(self.free, complete)
        if self.passages:
            self.waits.accumulators += unused
            self.waits.input += wait - unused
        self.waits.busy += self.array.h_start
        self.free = begin + self.array.h_start
        return begin, self.free + 1
