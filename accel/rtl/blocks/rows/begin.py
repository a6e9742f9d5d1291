"""When a step begins, and each level of a step that has several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from myhdl import Signal, always_comb, always_seq, block

from accel.base.fixed import index_bits
from accel.rtl.blocks.lanes.levels import by_level
from accel.rtl.blocks.primitives.signals import bits, flag
from accel.rtl.blocks.streams.output_fifo import credit


@block
def rest(clk: Any, reset: Any, turn: Any, ready: Any, waiting: Any, longest: int, last: Any) -> Any:
    """`last` + 2 cycles, at most `longest`, have passed since the last turn began; a register says so, since much
    depends on it. Where `longest` is 1 any cycle will do.

    Cycles in which the lanes wait do not count, and no turn begins in them; `waiting` is None where there are none. The
    count goes up from 0: one that goes down from a number sets some of its bits and clears others, which tears its
    carry chain apart on an iCE40.

    In: clk, reset, turn (1 bit), waiting (1 bit, or None), last (cycles). Out: ready (1 bit). Latency: 1.
    """
    rested = Signal(bool(1))
    counted = bits(index_bits(longest))
    at_once = longest == 1

    @always_seq(clk.posedge, reset=reset)
    def resting():
        if turn:
            rested.next = at_once
        elif counted == last:
            rested.next = True

    @always_seq(clk.posedge, reset=reset)
    def counting():
        if turn:
            counted.next = 0
        elif not rested:
            counted.next = counted + 1

    @always_seq(clk.posedge, reset=reset)
    def resting_on():
        if turn:
            rested.next = at_once
        elif counted == last and not waiting:
            rested.next = True

    @always_seq(clk.posedge, reset=reset)
    def counting_on():
        if turn:
            counted.next = 0
        elif not rested and not waiting:
            counted.next = counted + 1

    @always_comb
    def telling():
        ready.next = rested

    @always_comb
    def telling_on():
        ready.next = rested and not waiting

    return (resting, counting, telling) if waiting is None else (resting_on, counting_on, telling_on)


@block
def begin_step(clk: Any, reset: Any, ping_pong: Any, room: Any, waiting: Any, always_emits: bool, interval: int) -> Any:
    """A step begins when x is there, its results have room and `interval` cycles have passed since the last one began.

    A step that emits nothing needs no room.

    In: clk, reset, ping_pong, room (1 bit), waiting (1 bit, or None). Out: ping_pong.take, ping_pong.turn. Latency: 0.
    """
    available, final, take = ping_pong.available, ping_pong.final, ping_pong.take
    rested = flag()

    @always_comb
    def beginning():
        take.next = available and rested and room

    @always_comb
    def turning():
        ping_pong.turn.next = take

    @always_comb
    def beginning_quietly():
        take.next = available and rested and (room or not final)

    resting = rest(clk, reset, take, rested, waiting, interval, max(interval - 2, 0))
    return resting, beginning if always_emits else beginning_quietly, turning


@block
def begin_turn(
    clk: Any,
    reset: Any,
    ping_pong: Any,
    states: Any,
    room: Any,
    state_room: Any,
    waiting: Any,
    always_emits: bool,
    interval: int,
) -> Any:
    """`begin_step` where the state of a sequence is given: a turn that takes it comes before the first step.

    It does not begin before one of the two banks of states has been read. A sequence's last step also needs room for
    the state that it leaves.

    In: clk, reset, ping_pong, states, room (1 bit), state_room (1 bit), waiting (1 bit, or None). Out: ping_pong.take,
    ping_pong.turn, states.take, states.turn. Latency: 0.
    """
    available, final, take, opens, turn = (
        ping_pong.available,
        ping_pong.final,
        ping_pong.take,
        ping_pong.opens,
        ping_pong.turn,
    )
    rested, fits, unread = flag(), flag(), flag()
    reading = credit(clk, reset, states.take, states.release, unread, 2)
    resting = rest(clk, reset, turn, rested, waiting, interval, max(interval - 2, 0))

    @always_comb
    def fitting():
        fits.next = room and (state_room or not final)

    @always_comb
    def fitting_quietly():
        fits.next = not final or (room and state_room)

    @always_comb
    def beginning():
        take.next = available and rested and fits and not opens
        states.take.next = states.available and unread and rested and opens

    @always_comb
    def turning():
        turn.next = take or states.take
        states.turn.next = states.take

    return reading, resting, fitting if always_emits else fitting_quietly, beginning, turning


@block
def need_room(room: Any, final: Any, fits: Any, always_emits: bool) -> Any:
    """`fits` (out): what a step emits has room; one that is not the `final` one may emit nothing.

    In: room (1 bit), final (1 bit). Out: fits (1 bit). Latency: 0.
    """

    @always_comb
    def fitting():
        fits.next = room

    @always_comb
    def fitting_quietly():
        fits.next = room or not final

    return fitting if always_emits else fitting_quietly


@block
def begin_held(clk: Any, reset: Any, ping_pong: Any, room: Any, waiting: Any, always_emits: bool, interval: int) -> Any:
    """`begin_step` where every sequence begins with a state of the accelerator's own.

    The turn that takes it comes as soon as `interval` cycles have passed since the last one began, whether or not there
    is an x for it.

    In: clk, reset, ping_pong, room (1 bit), waiting (1 bit, or None). Out: ping_pong.take, ping_pong.turn. Latency: 0.
    """
    available, final, take, opens = ping_pong.available, ping_pong.final, ping_pong.take, ping_pong.opens
    rested, fits = flag(), flag()
    resting = rest(clk, reset, ping_pong.turn, rested, waiting, interval, max(interval - 2, 0))

    @always_comb
    def beginning():
        take.next = available and rested and fits and not opens

    @always_comb
    def turning():
        ping_pong.turn.next = take or (rested and opens)

    return resting, need_room(room, final, fits, always_emits), beginning, turning


@block
def begin_level(
    clk: Any,
    reset: Any,
    ping_pong: Any,
    room: Any,
    level: Any,
    next_level: Any,
    always_emits: bool,
    intervals: Sequence[int],
) -> Any:
    """A step begins as `begin_step` says; the levels behind the first as soon as what they read is written.

    `level` is that of the turn that is under way.

    In: clk, reset, ping_pong, room (1 bit), level, next_level (numbers of a level). Out: ping_pong.take,
    ping_pong.turn. Latency: 0.
    """
    available, final, take, turn = ping_pong.available, ping_pong.final, ping_pong.take, ping_pong.turn
    rested, first, fits = flag(), flag(), flag()
    rest_last = bits(index_bits(max(intervals)))

    @always_comb
    def opening():
        first.next = next_level == 0

    @always_comb
    def beginning():
        take.next = available and rested and fits and first

    @always_comb
    def turning():
        turn.next = take or (rested and not first)

    pausing = by_level(level, rest_last, [max(interval - 2, 0) for interval in intervals])
    resting = rest(clk, reset, turn, rested, None, max(intervals), rest_last)
    return opening, need_room(room, final, fits, always_emits), beginning, turning, pausing, resting
