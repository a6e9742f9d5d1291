"""The column dataflow in time: what is not zero decides when each column is taken, to the cycle.

Every register that a column passes holds one thing; it is loaded as soon as it is empty or being emptied. So each event
is the maximum of what it waits for, as `accel.rtl.blocks.columns.operand_queue`, `traversal` and `drain` build it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from accel.architecture.dataflows.columns import ColumnArray
from accel.architecture.latencies import QUEUE, column_flush, scale_delay, slot_to_state
from accel.schedule.stage import Clock, Passage, TurnOperands, Waits

REMEMBERED = 64
"""Ways of lanes through a vector that are remembered: steps without zeros soon repeat each other."""
TO_MEMORY = QUEUE - 2
"""From a beat to the output register of the queue's memory."""


def launch_to_state(array: ColumnArray) -> int:
    """From a drain's launch to the first h_t: group, slot, scales where there are some, cell stage."""
    return 2 + scale_delay(array) + slot_to_state(array)


@dataclass
class _Queue:
    """A queue of operands in time: cycles from which its registers hold what came last."""

    cycles: int
    """Of the lanes for a column."""
    entered: int = 0
    """The entry register was loaded."""
    freed: int = 0
    """The entry's last element became a column."""
    taken: int = -1
    """The lanes took the last column."""


class _Way(NamedTuple):
    """What the lanes' way through a vector leaves, cycles counted from where the lanes were free."""

    entered: int
    freed: int
    taken: int
    free: int
    first: int
    waits: tuple[int, ...]


class ColumnClock(Clock):
    """A layer by columns, step after step."""

    waits: Waits
    passages: list[Passage]

    def __init__(self, array: ColumnArray) -> None:
        self.array, self.waits, self.passages = array, Waits(), []
        self.flush, self.to_state, self.beats = column_flush(array), launch_to_state(array), array.output_beats
        k_x, k_h = self.array.nnz
        self.x, self.h = _Queue(k_x), _Queue(k_h)
        self.free = 0
        """The lanes can take a column."""
        self.bank_free = [self.array.groups] * 2
        """The accumulators of each bank can be used; after a reset they are cleared first."""
        self.launched = -self.array.output_beats
        self.known: dict[tuple[object, ...], _Way] = {}
        self.states: list[tuple[list[int], Sequence[int]]] = []
        """h of steps to come: cycles of its beats, and what of them is not zero."""

    def step(self, arrivals: Sequence[int], fits: int, operands: TurnOperands) -> tuple[int, int, list[int]]:
        """One step, as `Clock` has it; what leaves counts word by word."""
        bank = len(self.passages) % 2
        begin, given = self._take_x(arrivals, operands.x, self.bank_free[bank])
        x_end = h_begin = self.free
        if not operands.fresh:
            h_begin, _ = self._traverse(self.h, *self.states.pop(0), 0)
        launch = max(self.free + self.flush + 1, fits, self.launched + self.beats)
        self.launched, self.bank_free[bank] = launch, launch + self.beats + 1
        written = launch + self.to_state
        results = list(range(written, written + self.beats))
        if operands.h is not None:
            self.states.append((results, operands.h))
        self.passages.append(Passage(begin, x_end - begin, h_begin, self.free - h_begin, launch, results[0]))
        return begin, given, results

    def work(self, begins: Sequence[int]) -> tuple[int, int]:
        """What the lanes did with columns, of all that they did."""
        return self.array.multipliers * self.waits.busy, self.array.multipliers * self.waits.cycles

    def _take_x(self, arrivals: Sequence[int], counts: Sequence[int], bank_free: int) -> tuple[int, int]:
        """The lanes go through x, column by column; returns when they begin, and when x is given back."""
        return self._traverse(self.x, [cycle + 1 for cycle in arrivals], counts, bank_free)

    def _traverse(self, queue: _Queue, beats: Sequence[int], counts: Sequence[int], bank_free: int) -> tuple[int, int]:
        """The lanes go through a vector; returns when they take its first column and its last.

        Nothing depends on when cycle 0 was, so that a way that was gone before is taken from memory.
        """
        at = self.free
        key = (
            queue is self.x,
            bool(self.passages),
            *(max(bank_free, at) - at, queue.entered - at, queue.freed - at, queue.taken - at),
            *(beat - at for beat in beats),
            *counts,
        )
        way = self.known.get(key)
        if way is None:
            before = self.waits.parts
            first, _ = self._go_through(queue, beats, counts, bank_free)
            spent = tuple(now - then for now, then in zip(self.waits.parts, before, strict=True))
            way = _Way(queue.entered - at, queue.freed - at, queue.taken - at, self.free - at, first - at, spent)
            if len(self.known) == REMEMBERED:
                self.known.clear()
            self.known[key] = way
            return first, queue.taken
        queue.entered, queue.freed, queue.taken, self.free = (at + cycles for cycles in way[:4])
        self.waits = Waits(*(now + more for now, more in zip(self.waits.parts, way.waits, strict=True)))
        return at + way.first, queue.taken

    def _go_through(
        self, queue: _Queue, beats: Sequence[int], counts: Sequence[int], bank_free: int
    ) -> tuple[int, int]:
        """The same, column by column."""
        first, last_beat = None, len(beats) - 1
        for number, (beat, count) in enumerate(zip(beats, counts, strict=True)):
            if not count and number < last_beat:
                continue
            held = max(beat + TO_MEMORY, queue.entered)
            queue.entered = max(held + 1, queue.freed)
            if not count and first is not None and queue.entered < queue.taken:
                queue.freed = queue.entered + 1  # the end joins the column that waits
                continue
            for _ in range(max(1, count)):
                queue.freed = max(queue.entered, queue.taken) + 1
                taken = max(queue.freed, self.free, bank_free if first is None else 0)
                self._count(queue, taken, bank_free if first is None else 0, count > 0)
                self.free = taken + (queue.cycles if count else 1)
                queue.taken = taken
                first = taken if first is None else first
        assert first is not None
        return first, queue.taken

    def _count(self, queue: _Queue, taken: int, bank_free: int, column: bool) -> None:
        """What the lanes did until a column was taken, and do with it."""
        waits, wait = self.waits, max(0, taken - self.free) if self.passages else 0
        unused = min(wait, max(0, taken - max(self.free, queue.freed)))
        assert unused == 0 or bank_free == taken
        waits.accumulators += unused
        if queue is self.x:
            waits.input += wait - unused
        else:
            waits.state += wait - unused
        waits.busy += queue.cycles if column else 0
        waits.ends += 0 if column else 1
