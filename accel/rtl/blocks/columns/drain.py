"""From the end of a step on the lanes to its slots in the cell stage: sums are read group by group, then cleared."""

from __future__ import annotations

from typing import Any

from myhdl import Signal, always_comb, always_seq, block, intbv

from accel.architecture.dataflows.columns import ColumnArray
from accel.architecture.latencies import column_flush
from accel.base.fixed import index_bits
from accel.rtl.blocks.columns.traversal import Traversal
from accel.rtl.blocks.primitives.counters import count_held, count_round
from accel.rtl.blocks.primitives.register import delay
from accel.rtl.blocks.primitives.signals import bits, flag


class Drain:
    """The step whose sums are read."""

    def __init__(self, array: ColumnArray) -> None:
        self.reading = flag()
        """All lanes read the sums of a group."""
        self.group = bits(index_bits(array.groups))
        self.write_bank = flag()
        """Accumulators that are read."""
        self.opening = flag()
        """The step's first group."""
        self.fresh = flag()
        self.final = flag()
        self.weight_set = flag()
        """Set of weights that the step reads, where they are loaded."""
        self.given = flag()
        """Turns that take a state are for layers by rows."""
        self.stream = Signal(intbv(array.streams - 1)[index_bits(array.streams) :])


@block
def remember(clk: Any, reset: Any, keep: Any, upper: Any, value: Any, read_upper: Any, kept: Any) -> Any:
    """A flag of each bank's step: kept at `keep`, read at any time.

    In: clk, reset, keep (1 bit), upper (1 bit), value (1 bit), read_upper (1 bit). Out: kept (1 bit). Latency: 1.
    """
    lower_value, upper_value = flag(), flag()

    @always_seq(clk.posedge, reset=reset)
    def keeping():
        if keep and upper:
            upper_value.next = value
        if keep and not upper:
            lower_value.next = value

    @always_comb
    def reading():
        if read_upper:
            kept.next = upper_value
        else:
            kept.next = lower_value

    return keeping, reading


@block
def bank_use(clk: Any, reset: Any, traversal: Traversal, drained: Any, bank: Any, cleared: Any, bank_free: Any) -> Any:
    """A step may begin where the one that used its accumulators before is drained.

    In: clk, reset, traversal, drained (1 bit), bank (1 bit), cleared (1 bit). Out: bank_free (1 bit). Latency: 1.
    """
    lower_used, upper_used = flag(), flag()

    @always_seq(clk.posedge, reset=reset)
    def using():
        if traversal.begin and not traversal.next_bank:
            lower_used.next = True
        elif drained and not bank:
            lower_used.next = False
        if traversal.begin and traversal.next_bank:
            upper_used.next = True
        elif drained and bank:
            upper_used.next = False

    @always_comb
    def telling():
        if traversal.next_bank:
            bank_free.next = cleared and not upper_used
        else:
            bank_free.next = cleared and not lower_used

    return using, telling


@block
def clear_sums(clk: Any, reset: Any, place: Any, cleared: Any, groups: int) -> Any:
    """Count once through the accumulators after a reset, to clear them all.

    In: clk, reset. Out: place (number of a group), cleared (1 bit). Latency: `groups`.
    """
    last = groups - 1

    @always_seq(clk.posedge, reset=reset)
    def clearing():
        if place == last:
            cleared.next = True
        if not cleared and place != last:
            place.next = place + 1

    return clearing


@block
def launches(clk: Any, reset: Any, finished: Any, free: Any, fits: Any, launch: Any, flush: int) -> Any:
    """A drain starts when a step is through the pipeline, the one before is drained and its results fit.

    In: clk, reset, finished (1 bit), free (1 bit), fits (1 bit). Out: launch (1 bit). Latency: `flush` + 1 from
    `finished`.
    """
    flushed = flag()
    waiting = bits(2)
    flushing = delay(clk, reset, finished, flushed, flush)

    @always_comb
    def starting():
        launch.next = waiting != 0 and free and fits

    counting = count_held(clk, reset, flushed, launch, waiting)
    return flushing, starting, counting


@block
def reserve(launch: Any, final: Any, results: Any, fits: Any, emits: bool) -> Any:
    """Whether the results of the next step fit (out), and room for them as it is launched (in).

    `emits` says whether every step has results, or a sequence's last one only.

    In: launch (1 bit), final (1 bit), results. Out: results.reserve, fits (1 bit). Latency: 0.
    """

    @always_comb
    def reserving():
        fits.next = results.room
        results.reserve.next = launch

    @always_comb
    def reserving_last():
        fits.next = results.room or not final
        results.reserve.next = launch and final

    return reserving if emits else reserving_last


@block
def read_groups(clk: Any, reset: Any, launch: Any, drain: Drain, free: Any, drained: Any, array: ColumnArray) -> Any:
    """Group after group from `launch` on, one in every P/E cycles; `free` for the next step (out) as the last one ends.

    In: clk, reset, launch (1 bit). Out: drain.group, drain.opening, drain.reading, free (1 bit), drained (1 bit).
    Latency: 1.
    """
    last_slot, last_group = array.slots_per_group - 1, array.groups - 1
    slot, running = bits(index_bits(array.slots_per_group)), flag()

    @always_comb
    def framing():
        drain.reading.next = running and slot == 0
        drain.opening.next = drain.group == 0
        drained.next = running and slot == last_slot and drain.group == last_group

    @always_comb
    def resting():
        free.next = drained or not running

    @always_seq(clk.posedge, reset=reset)
    def counting():
        if launch:
            running.next = True
            slot.next = 0
            drain.group.next = 0
        elif drained:
            running.next = False
        elif running and slot == last_slot:
            slot.next = 0
            drain.group.next = drain.group + 1
        elif running:
            slot.next = slot + 1

    return framing, resting, counting


@block
def carry_set(
    clk: Any, reset: Any, launch: Any, traversal: Traversal, ping_pong: Any, next_bank: Any, drain: Drain
) -> Any:
    """The set of weights that the step which is launched has read.

    In: clk, reset, launch (1 bit), traversal, ping_pong, next_bank (1 bit). Out: drain.weight_set. Latency: 1.
    """
    weight_set = flag()

    @always_seq(clk.posedge, reset=reset)
    def latching():
        if launch:
            drain.weight_set.next = weight_set

    begins = remember(clk, reset, traversal.begin, traversal.next_bank, ping_pong.weight_set, next_bank, weight_set)
    return latching, begins


@block
def drain_steps(
    clk: Any,
    reset: Any,
    traversal: Traversal,
    ping_pong: Any,
    results: Any,
    drain: Drain,
    drained: Any,
    array: ColumnArray,
    emits: bool,
) -> Any:
    """Step after step in the order of the lanes: a group in every P/E cycles.

    `emits` says whether every step has results, or a sequence's last one only.

    In: clk, reset, traversal, ping_pong. Out: results.reserve, drain.final, .fresh, .group, .opening, .reading,
    .stream, .weight_set, .write_bank, drained (1 bit). Latency: 1 from `launch`.
    """
    free, launch, fits, next_bank, fresh, final = (flag() for _ in range(6))

    @always_seq(clk.posedge, reset=reset)
    def latching():
        if launch:
            next_bank.next = not next_bank
            drain.write_bank.next = next_bank
            drain.fresh.next = fresh
            drain.final.next = final

    reading = read_groups(clk, reset, launch, drain, free, drained, array)
    reserving = reserve(launch, final, results, fits, emits)
    launching = launches(clk, reset, traversal.finished, free, fits, launch, column_flush(array))
    turning = count_round(clk, reset, launch, drain.stream, array.streams)
    freshes = remember(clk, reset, ping_pong.take, traversal.next_bank, ping_pong.fresh, next_bank, fresh)
    finals = remember(clk, reset, ping_pong.take, traversal.next_bank, ping_pong.final, next_bank, final)
    sets = [carry_set(clk, reset, launch, traversal, ping_pong, next_bank, drain)] if array.writable else []
    return latching, reading, reserving, launching, turning, freshes, finals, sets
