"""The levels of a layer: a step goes through the lanes once for each, with x in the first alone or in all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from myhdl import always_comb, block

from accel.architecture.dataflows.rows import RowArray
from accel.base.fixed import index_bits
from accel.rtl.blocks.primitives.signals import bits


class Ends:
    """Where the running level ends: numbers in a layer of one level, else signals that follow the level."""

    def __init__(self, array: RowArray) -> None:
        self.cycle: Any = array.cycles_per_group - 1
        """Last cycle of a group."""
        self.address: Any = array.depth - 1
        """Last address of the level."""
        self.following: Any = 0
        """First address of the next level."""
        self.ahead_cycle: Any = array.cycles_ahead - 1
        """Last cycle of what comes ahead of a group; where nothing does, one that the level does not have."""
        self.ahead_address: Any = array.behind - 1
        """Last address of what comes ahead."""
        self.restart: Any = array.cycles_ahead
        """First cycle of a group in what follows."""
        if array.levels > 1:
            self.cycle = bits(index_bits(array.cycles_per_group))
            self.address, self.following = (bits(index_bits(array.depth)) for _ in range(2))
            if array.goes_ahead:
                self.ahead_cycle, self.restart = (bits(index_bits(array.cycles_per_group)) for _ in range(2))
                self.ahead_address = bits(index_bits(array.depth))


class Work:
    """What each lane of a row has to do, as `Ends`: cycles with x, with any operand, and where counts of h begin."""

    def __init__(self, array: RowArray) -> None:
        self.x_slots: list[Any] = [lane.x_slots for lane in array.lanes]
        self.slots: list[Any] = [lane.slots for lane in array.lanes]
        self.h_start: list[Any] = [h_start(array, m, array.nnz[0]) for m in range(array.lanes_per_row)]
        if array.levels > 1:
            cycles = index_bits(array.cycles_per_group + 1)
            self.x_slots, self.slots = ([bits(cycles) for _ in array.lanes] for _ in range(2))
            self.h_start = [bits(array.index_width) for _ in array.lanes]


def h_start(array: RowArray, lane: int, from_x: int) -> int:
    """What a dense lane adds to its count to be at its own column when h begins, modulo a column's bits."""
    return (lane - from_x) % (1 << array.index_width)


@block
def by_level(level: Any, value: Any, values: Sequence[int]) -> Any:
    """value is that of the level.

    In: level (number of a level). Out: value (what counts in the level). Latency: 0.
    """
    contents = tuple(values)

    @always_comb
    def choosing():
        value.next = contents[int(level)]

    return choosing


@block
def level_ends(level: Any, ends: Ends, array: RowArray) -> Any:
    """Drive the signals of `Ends`.

    In: level (number of a level). Out: ends.address, .ahead_address, .ahead_cycle, .cycle, .following, .restart.
    Latency: 0.
    """
    depths = [one.depth for one in array.by_level]
    starts = [sum(depths[:number]) for number in range(array.levels + 1)]
    cycles = by_level(level, ends.cycle, [one.cycles_per_group - 1 for one in array.by_level])
    addresses = by_level(level, ends.address, [start - 1 for start in starts[1:]])
    following = by_level(level, ends.following, [*starts[1:-1], 0])
    if not array.goes_ahead:
        return cycles, addresses, following
    counts = [one.cycles_ahead for one in array.by_level]
    lasts = [start + max(0, one.behind - 1) for start, one in zip(starts, array.by_level, strict=False)]
    ahead = [
        by_level(level, ends.ahead_cycle, [(count or array.cycles_per_group) - 1 for count in counts]),
        by_level(level, ends.restart, counts),
        by_level(level, ends.ahead_address, lasts),
    ]
    return cycles, addresses, following, ahead


@block
def lane_work(level: Any, work: Work, array: RowArray) -> Any:
    """Drive the signals of `Work`.

    In: level (number of a level). Out: work.h_start, work.slots, work.x_slots. Latency: 0.
    """
    lanes, levels = range(array.lanes_per_row), array.by_level
    return [
        (
            by_level(level, work.x_slots[m], [one.lanes[m].x_slots for one in levels]),
            by_level(level, work.slots[m], [one.lanes[m].slots for one in levels]),
            by_level(level, work.h_start[m], [h_start(array, m, one.nnz[0]) for one in levels]),
        )
        for m in lanes
    ]
