"""Reception of x_{t+1} while step t runs: two banks, filled beat by beat, each taken by a step and then released."""

from __future__ import annotations

from typing import Any

from myhdl import ConcatSignal, Signal, always_comb, always_seq, block

from accel.blocks.lanes import Write
from accel.blocks.signals import bits, flag
from accel.shape import Vector


class Inbox:
    """Between a receiver and the layer that reads its banks."""

    def __init__(self, vector: Vector) -> None:
        self.available = flag()
        """The next step's x is complete."""
        self.bank = flag()
        """Bank of the next step."""
        self.fresh = Signal(bool(1))
        """The next step starts a sequence."""
        self.final = flag()
        """The next step ends a sequence."""
        self.take = flag()
        """A step begins on the bank."""
        self.release = flag()
        """The oldest step's bank may be overwritten."""
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


@block
def receive(clk: Any, reset: Any, beats: Any, inbox: Any, count: int, streams: int, stateful: bool) -> Any:
    """Write `count` beats into a bank, then hand the bank over. Latency: 1 from the last beat to `available`.

    The step after a sequence's last one is fresh, unless the model is stateful: then only the first one after reset.
    With several streams that take turns, the step is meant that comes a round later.
    """
    valid, ready, word, last = beats.valid, beats.ready, beats.word, beats.last
    available, next_bank, fresh, final = inbox.available, inbox.bank, inbox.fresh, inbox.final
    take, release = inbox.take, inbox.release
    enable, written = inbox.write.enable, inbox.write.word

    last_beat = count - 1
    number = bits(len(inbox.write.address) - 1)
    filling, oldest = flag(), flag()
    full_lower, full_upper, final_lower, final_upper = flag(), flag(), flag(), flag()
    moving, completing = flag(), flag()
    ages, oldest_age = [Signal(bool(1)) for _ in range(streams)], streams - 1
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
        fresh.next = ages[oldest_age]

    @always_seq(clk.posedge, reset=reset)
    def refreshing():
        if take:
            ages[0].next = final
            for n in range(oldest_age):
                ages[n + 1].next = ages[n]

    @always_seq(clk.posedge, reset=reset)
    def going_on():
        if take:
            ages[0].next = False
            for n in range(oldest_age):
                ages[n + 1].next = ages[n]

    @always_seq(clk.posedge, reset=reset)
    def writing():
        enable.next = moving
        inbox.write.address.next = place
        written.next = word

    ageing = going_on if stateful else refreshing
    return choosing, accepting, closing, counting, marking_lower, marking_upper, handing_over, showing, ageing, writing
