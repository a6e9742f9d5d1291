"""Results on their way out of a layer: a step only begins when its results have room, so lanes never stall midway."""

from __future__ import annotations

from typing import Any

from myhdl import ConcatSignal, Signal, always_comb, block

from accel.base.fixed import index_bits
from accel.rtl.blocks.primitives.counters import count_held
from accel.rtl.blocks.primitives.fifo import Fifo, fifo
from accel.rtl.blocks.primitives.module import module
from accel.rtl.blocks.primitives.signals import bits, flag


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

    counting = count_held(clk, reset, promise, redeem, promised)
    return comparing, counting


@module
def link(clk: Any, reset: Any, outbox: Any, beats: Any, released: Any, writable: bool) -> Any:
    """Results of a layer become the next layer's input; its two banks are the room. Latency: 0."""

    @always_comb
    def passing():
        beats.valid.next = outbox.valid
        beats.word.next = outbox.word
        beats.last.next = outbox.final

    @always_comb
    def passing_set():
        beats.weight_set.next = outbox.weight_set

    crediting = credit(clk, reset, outbox.promise, released, outbox.room, 2)
    return (passing, passing_set, crediting) if writable else (passing, crediting)


@module
def emit(clk: Any, reset: Any, outbox: Any, stream: Any, words: int, steps: int) -> Any:
    """Buffer results for `steps` steps of `words` words and send them; back-pressure stops nothing but the next step.

    `stream.last` marks the last word of a sequence's last step. Latency: 2.
    """
    depth, width = words * steps, len(outbox.word)
    redeem = flag()
    entry, end = bits(width + 2), Fifo(width + 2, depth)
    entering = ConcatSignal(outbox.final, outbox.closing, outbox.word)
    stored = end.word
    final, closing, word = stored(width + 1), stored(width), stored(width, 0)

    @always_comb
    def packing():
        entry.next = entering

    @always_comb
    def redeeming():
        redeem.next = stream.valid and stream.ready and closing

    @always_comb
    def showing():
        end.ready.next = stream.ready
        stream.valid.next = end.valid
        stream.word.next = word
        stream.last.next = final and closing

    buffering = fifo(clk, reset, outbox.valid, entry, end, depth)
    crediting = credit(clk, reset, outbox.promise, redeem, outbox.room, steps)
    return packing, redeeming, showing, buffering, crediting
