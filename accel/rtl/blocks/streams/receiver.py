"""Reception of x_{t+1} while step t runs: two banks, filled beat by beat, each taken by a step and then released."""

from __future__ import annotations

from typing import Any

from myhdl import ConcatSignal, Signal, always_comb, always_seq, block

from accel.architecture.shape import Vector
from accel.rtl.blocks.primitives.signals import bits, flag


class Write:
    """A write into the operand memories of all lanes: one word, broadcast; `address` is the bank above the word."""

    def __init__(self, vector: Vector) -> None:
        self.enable = flag()
        self.address = bits(vector.bank_width + vector.high)
        self.word = bits(vector.word_width)


class Inbox:
    """Between a receiver and the layer that reads its banks."""

    def __init__(self, vector: Vector) -> None:
        self.available = flag()
        """The next step's x is complete."""
        self.bank = flag()
        """Bank of the next step."""
        self.starts = Signal(bool(1))
        """The next step starts a sequence."""
        self.fresh = Signal(bool(1))
        """The next step starts from zero state."""
        self.opens = Signal(bool(1))
        """The next turn is a sequence's first: its first step, or the taking of its state, which comes before."""
        self.final = flag()
        """The next step ends a sequence."""
        self.take = flag()
        """A step begins on the bank."""
        self.turn = flag()
        """A turn begins: a step, or the taking of a sequence's state."""
        self.release = flag()
        """The oldest step's bank may be overwritten."""
        self.weight_set = flag()
        """Set of weights that the next step's sequence began with, where they are loaded."""
        self.write = Write(vector)


class Beats:
    """Words on their way, AXI4-Stream handshake: a beat moves in a cycle with `valid` and `ready`.

    `last` marks the last beat of a sequence's last step.
    """

    def __init__(self, width: int) -> None:
        self.word = bits(width)
        self.valid = flag()
        self.ready = flag()
        self.last = flag()
        self.weight_set = flag()
        """From a layer whose weights are loaded: the set that the sequence began with."""


@block
def receive(
    clk: Any,
    reset: Any,
    beats: Any,
    inbox: Any,
    count: int,
    streams: int,
    stateful: bool,
    with_set: bool,
    given_state: bool,
) -> Any:
    """Write `count` beats into a bank, then hand the bank over. Latency: 1 from the last beat to `available`.

    The step after a sequence's last one is fresh, unless the model is stateful: then only the first one after reset.
    With several streams that take turns, the step is meant that comes a round later. `with_set` hands on the set of
    weights that comes with the beats. Where a sequence's state is given, a turn of its own takes it.
    """
    valid, ready, word, last = beats.valid, beats.ready, beats.word, beats.last
    available, next_bank, final = inbox.available, inbox.bank, inbox.final
    starts, fresh, opens = inbox.starts, inbox.fresh, inbox.opens
    take, release, turn = inbox.take, inbox.release, inbox.turn
    given = [flag() for _ in range(streams)]
    enable, written = inbox.write.enable, inbox.write.word

    last_beat = count - 1
    number = bits(len(inbox.write.address) - 1)
    filling, oldest = flag(), flag()
    full_lower, full_upper, final_lower, final_upper = flag(), flag(), flag(), flag()
    moving, completing = flag(), flag()
    set_lower, set_upper = flag(), flag()
    ages, oldest_age, awake = [Signal(bool(1)) for _ in range(streams)], streams - 1, flag()
    place = ConcatSignal(filling, number)

    @always_comb
    def choosing():
        if next_bank:
            available.next = full_upper
            final.next = final_upper
        else:
            available.next = full_lower
            final.next = final_lower

    @always_comb
    def accepting():
        if filling:
            ready.next = not full_upper
            moving.next = valid and not full_upper
        else:
            ready.next = not full_lower
            moving.next = valid and not full_lower

    @always_comb
    def closing():
        completing.next = moving and number == last_beat

    @always_seq(clk.posedge, reset=reset)
    def counting():
        if completing:
            number.next = 0
            filling.next = not filling
        elif moving:
            number.next = number + 1

    @always_seq(clk.posedge, reset=reset)
    def marking_lower():
        if completing and not filling:
            full_lower.next = True
            final_lower.next = last
        elif release and not oldest:
            full_lower.next = False

    @always_seq(clk.posedge, reset=reset)
    def marking_upper():
        if completing and filling:
            full_upper.next = True
            final_upper.next = last
        elif release and oldest:
            full_upper.next = False

    @always_seq(clk.posedge, reset=reset)
    def handing_over():
        if take:
            next_bank.next = not next_bank
        if release:
            oldest.next = not oldest

    @always_comb
    def showing():
        starts.next = ages[oldest_age]

    @always_seq(clk.posedge, reset=reset)
    def refreshing():
        if take:
            ages[0].next = final
            for n in range(oldest_age):
                ages[n + 1].next = ages[n]

    @always_comb
    def opening():
        opens.next = starts

    @always_comb
    def opening_with_state():
        opens.next = starts and not given[oldest_age]
        fresh.next = False

    @always_seq(clk.posedge, reset=reset)
    def refreshing_with_state():
        if turn:
            ages[0].next = final
            given[0].next = not final
            if not take:
                ages[0].next = starts
                given[0].next = True
            for n in range(oldest_age):
                ages[n + 1].next = ages[n]
                given[n + 1].next = given[n]

    @always_comb
    def starting():
        fresh.next = starts

    @always_comb
    def starting_once():
        fresh.next = not awake

    @always_seq(clk.posedge, reset=reset)
    def waking():
        if take:
            awake.next = True

    @always_seq(clk.posedge, reset=reset)
    def marking_sets():
        if moving and filling:
            set_upper.next = beats.weight_set
        elif moving:
            set_lower.next = beats.weight_set

    @always_comb
    def choosing_set():
        if next_bank:
            inbox.weight_set.next = set_upper
        else:
            inbox.weight_set.next = set_lower

    @always_seq(clk.posedge, reset=reset)
    def writing():
        enable.next = moving
        inbox.write.address.next = place
        written.next = word

    banks = (choosing, accepting, closing, counting, marking_lower, marking_upper, handing_over, writing)
    ageing: Any = (showing, opening, refreshing, starting)
    if stateful:
        ageing = (showing, opening, refreshing, waking, starting_once)
    if given_state:
        ageing = (showing, opening_with_state, refreshing_with_state)
    return banks, ageing, (marking_sets, choosing_set) if with_set else ()
