"""An embedding in time: when its tokens are taken, and when the words of their rows come."""

from __future__ import annotations

from accel.architecture.embedding import Embedding
from accel.architecture.latencies import EMBEDDING
from accel.schedule.stage import LONG_AGO


class TableReads:
    """One token is held; the next one is taken as the last word of its row is read. Cycles are those of a schedule."""

    def __init__(self, embedding: Embedding) -> None:
        self.beats = embedding.beats
        self._read = LONG_AGO
        """When the last word was read."""
        self._moved = LONG_AGO
        """When the last word moved on."""

    def look_up(self, soonest: int, free: int, count: int) -> tuple[list[int], list[int]]:
        """`count` tokens, the first one from cycle `soonest` on: when each is taken, and when the words of all their
        rows move on, into a bank that is free from cycle `free` on.
        """
        taken, moved = list[int](), list[int]()
        for number in range(count):
            taken.append(max(soonest + number, self._read))
            shown = max(taken[-1] + EMBEDDING, self._moved + 1)
            moved += [max(shown, free) + beat for beat in range(self.beats)]
            self._read, self._moved = (moved[-2] if self.beats > 1 else shown - 1), moved[-1]
        return taken, moved
