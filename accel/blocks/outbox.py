"""Results on their way out of a layer: a step only begins when its results have room, so lanes never stall midway."""

from __future__ import annotations

from typing import Any

from myhdl import ConcatSignal, Signal, always_comb, always_seq, block

from accel.blocks.memory import ram
from accel.blocks.signals import bits, flag
from accel.fixed import index_bits


class Outbox:
    """Between a layer and what takes its results, word by word; every word that comes is taken at once."""

    def __init__(self, width: int) -> None:
        self.room = Signal(bool(1))
        """The results of one more step fit."""
        self.promise = flag()
        """A step begins that will emit."""
        self.valid = flag()
        self.word = bits(width)
        self.closing = flag()
        """Last word of a step."""
        self.final = flag()
        """Word of a sequence's last step."""
        self.weight_set = flag()
        """Set of weights that the sequence began with, where they are loaded."""


@block
def credit(clk: Any, reset: Any, promise: Any, redeem: Any, room: Any, steps: int) -> Any:
    """Room for `steps` steps: one is promised at a step's begin and redeemed when its place is free. Latency: 1."""
    promised = bits(index_bits(steps + 1))

    @always_comb
    def comparing():
        room.next = promised < steps

    @always_seq(clk.posedge, reset=reset)
    def counting():
        if promise and not redeem:
            promised.next = promised + 1
        elif redeem and not promise:
            promised.next = promised - 1

    return comparing, counting


@block
def link(clk: Any, reset: Any, outbox: Any, beats: Any, release: Any, writable: bool) -> Any:
    """Results of a layer become the next layer's input; its two banks are the room. Latency: 0."""

    @always_comb
    def passing():
        beats.valid.next = outbox.valid
        beats.word.next = outbox.word
        beats.last.next = outbox.final

    @always_comb
    def passing_set():
        beats.weight_set.next = outbox.weight_set

    crediting = credit(clk, reset, outbox.promise, release, outbox.room, 2)
    return (passing, passing_set, crediting) if writable else (passing, crediting)


@block
def emit(clk: Any, reset: Any, outbox: Any, stream: Any, words: int, steps: int) -> Any:
    """Buffer results for `steps` steps of `words` words and send them; back-pressure stops nothing but the next step.

    `stream.last` marks the last word of a sequence's last step. Latency: 2.
    """
    depth = words * steps
    last, width = depth - 1, len(outbox.word)
    head, tail, held = bits(index_bits(depth)), bits(index_bits(depth)), bits(index_bits(depth + 1))
    fetching, leaving, redeem = flag(), flag(), flag()
    entry, stored = bits(width + 2), bits(width + 2)
    packed = ConcatSignal(outbox.final, outbox.closing, outbox.word)
    final, closing, word = stored(width + 1), stored(width), stored(width, 0)

    @always_comb
    def packing():
        entry.next = packed

    @always_comb
    def moving():
        fetching.next = held != 0 and (stream.ready or not stream.valid)
        leaving.next = stream.valid and stream.ready

    @always_comb
    def redeeming():
        redeem.next = leaving and closing

    @always_seq(clk.posedge, reset=reset)
    def entering():
        if outbox.valid:
            if tail == last:
                tail.next = 0
            else:
                tail.next = tail + 1

    @always_seq(clk.posedge, reset=reset)
    def advancing():
        if fetching:
            if head == last:
                head.next = 0
            else:
                head.next = head + 1

    @always_seq(clk.posedge, reset=reset)
    def holding():
        if outbox.valid and not fetching:
            held.next = held + 1
        elif fetching and not outbox.valid:
            held.next = held - 1

    @always_seq(clk.posedge, reset=reset)
    def sending():
        if fetching:
            stream.valid.next = True
        elif leaving:
            stream.valid.next = False

    @always_comb
    def showing():
        stream.word.next = word
        stream.last.next = final and closing

    memory = ram(clk, fetching, outbox.valid, tail, entry, head, stored, depth)
    crediting = credit(clk, reset, outbox.promise, redeem, outbox.room, steps)
    return packing, moving, redeeming, entering, advancing, holding, sending, showing, memory, crediting
