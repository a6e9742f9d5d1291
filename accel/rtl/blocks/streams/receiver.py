"""Reception of x_{t+1} while step t runs: two banks, filled beat by beat, each taken by a step and then released."""

from __future__ import annotations

from typing import Any

from myhdl import always_comb, always_seq, block

from accel.rtl.blocks.primitives.module import module
from accel.rtl.blocks.primitives.signals import bits, flag
from accel.rtl.blocks.streams.ages import age_steps, age_turns, fresh_after_each, fresh_once
from accel.rtl.blocks.streams.ping_pong import Beats, PingPong


class Filling:
    """The bank that is being filled."""

    def __init__(self) -> None:
        self.moving = flag()
        """A beat goes into it."""
        self.upper = flag()
        """Which of the two it is."""
        self.lower_completes = flag()
        """The lower bank's last beat moves."""
        self.upper_completes = flag()


class Marks:
    """What is known of a bank."""

    def __init__(self) -> None:
        self.full = flag()
        """It holds all of an x_t that no step has given back."""
        self.final = flag()
        """That x_t ends its sequence."""


@block
def fill(
    clk: Any, reset: Any, beats: Any, filling: Any, lower: Any, upper: Any, write: Any, count: int, in_turn: bool
) -> Any:
    """Write `count` beats (in) into a bank that is not full, then go on to the other. With `in_turn` the first half of
    them goes to places 0, 2, 4 ..., the second half to those between.

    In: clk, reset, beats, lower, upper. Out: beats.ready, filling.lower_completes, filling.moving, filling.upper,
    filling.upper_completes, write.bank, write.enable, write.place, write.word. Latency: 1 to `write` (out).
    """
    valid, ready, word = beats.valid, beats.ready, beats.word
    enable, bank, place, written = write.enable, write.bank, write.place, write.word
    moving, into_upper = filling.moving, filling.upper
    completing = flag()
    last_beat, last_even = count - 1, count - 2
    number = bits(len(place))

    @always_comb
    def accepting():
        if into_upper:
            ready.next = not upper.full
            moving.next = valid and not upper.full
        else:
            ready.next = not lower.full
            moving.next = valid and not lower.full

    @always_comb
    def closing():
        completing.next = moving and number == last_beat

    @always_comb
    def telling():
        filling.lower_completes.next = completing and not into_upper
        filling.upper_completes.next = completing and into_upper

    @always_seq(clk.posedge, reset=reset)
    def counting():
        if completing:
            number.next = 0
            into_upper.next = not into_upper
        elif moving:
            number.next = number + 1

    @always_seq(clk.posedge, reset=reset)
    def counting_halves():
        if completing:
            number.next = 0
            into_upper.next = not into_upper
        elif moving and number == last_even:
            number.next = 1
        elif moving:
            number.next = number + 2

    @always_seq(clk.posedge, reset=reset)
    def writing():
        enable.next = moving
        bank.next = into_upper
        place.next = number
        written.next = word

    return accepting, closing, telling, counting_halves if in_turn else counting, writing


@block
def mark(clk: Any, reset: Any, completes: Any, last: Any, freed: Any, marks: Any) -> Any:
    """Keep the marks of a bank from its last beat, `completes` with `last`, until it is `freed`.

    In: clk, reset, completes (1 bit), last (1 bit), freed (1 bit). Out: marks.final, marks.full. Latency: 1.
    """

    @always_seq(clk.posedge, reset=reset)
    def marking():
        if completes:
            marks.full.next = True
            marks.final.next = last
        elif freed:
            marks.full.next = False

    return marking


@block
def hand_over(clk: Any, reset: Any, lower: Any, upper: Any, ping_pong: Any, free_lower: Any, free_upper: Any) -> Any:
    """Offer the banks in turn and free them in turn: `available`, `bank` and `final` of the ping-pong buffer (out)
    follow from the marks (in), `free_lower` and `free_upper` (out) from its `release` (in).

    In: clk, reset, lower, upper, ping_pong. Out: ping_pong.available, ping_pong.bank, ping_pong.final, free_lower
    (1 bit), free_upper (1 bit). Latency: 0; 1 from `take` to the next bank.
    """
    next_bank, oldest = ping_pong.bank, flag()

    @always_comb
    def choosing():
        if next_bank:
            ping_pong.available.next = upper.full
            ping_pong.final.next = upper.final
        else:
            ping_pong.available.next = lower.full
            ping_pong.final.next = lower.final

    @always_comb
    def freeing():
        free_lower.next = ping_pong.release and not oldest
        free_upper.next = ping_pong.release and oldest

    @always_seq(clk.posedge, reset=reset)
    def handing_over():
        if ping_pong.take:
            next_bank.next = not next_bank
        if ping_pong.release:
            oldest.next = not oldest

    return choosing, freeing, handing_over


@block
def carry_set(clk: Any, reset: Any, beats: Any, filling: Any, ping_pong: Any) -> Any:
    """Hand on, with each bank, the set of weights that came with its beats.

    In: clk, reset, beats, filling, ping_pong. Out: ping_pong.weight_set. Latency: 1.
    """
    lower_set, upper_set = flag(), flag()

    @always_seq(clk.posedge, reset=reset)
    def marking():
        if filling.moving and filling.upper:
            upper_set.next = beats.weight_set
        elif filling.moving:
            lower_set.next = beats.weight_set

    @always_comb
    def choosing():
        if ping_pong.bank:
            ping_pong.weight_set.next = upper_set
        else:
            ping_pong.weight_set.next = lower_set

    return marking, choosing


@module
def receive(
    clk: Any,
    reset: Any,
    beats: Beats,
    ping_pong: PingPong,
    count: int,
    streams: int,
    stateful: bool,
    with_set: bool,
    initial_state: bool,
    in_turn: bool = False,
) -> Any:
    """Write `count` beats (in) into a bank of the ping-pong buffer, then hand it over.

    The step after a sequence's last one is fresh, unless the model is stateful: then only the first one after reset.
    With several streams that take turns, the step is meant that comes a round later. `with_set` hands on the set of
    weights that comes with the beats. Where a sequence's state is given, a turn of its own takes it. With `in_turn`
    words of both halves of the beats lie in turn.

    In: clk, reset, beats. Out: beats.ready, ping_pong.available, .bank, .final, .fresh, .leads, .opens, .starts,
    .weight_set, .write. Latency: 1 from the last beat to `available`.
    """
    filling, lower, upper = Filling(), Marks(), Marks()
    free_lower, free_upper = flag(), flag()
    filled = fill(clk, reset, beats, filling, lower, upper, ping_pong.write, count, in_turn)
    marked = [
        mark(clk, reset, filling.lower_completes, beats.last, free_lower, lower),
        mark(clk, reset, filling.upper_completes, beats.last, free_upper, upper),
    ]
    handed = hand_over(clk, reset, lower, upper, ping_pong, free_lower, free_upper)
    if initial_state:
        aged: Any = age_turns(clk, reset, ping_pong, streams)
    else:
        fresh = fresh_once(clk, reset, ping_pong) if stateful else fresh_after_each(ping_pong)
        aged = age_steps(clk, reset, ping_pong, streams), fresh
    return filled, marked, handed, aged, carry_set(clk, reset, beats, filling, ping_pong) if with_set else ()
