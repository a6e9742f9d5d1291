"""Results on their way out of a layer: a step only begins when its results have room, so lanes never stall midway."""

from __future__ import annotations

from typing import Any

from myhdl import ConcatSignal, Signal, always_comb, block

from accel.base.fixed import index_bits
from accel.rtl.blocks.primitives.counters import count_held
from accel.rtl.blocks.primitives.fifo import Fifo, fifo
from accel.rtl.blocks.primitives.module import module
from accel.rtl.blocks.primitives.signals import bits, flag


class Results:
    """Between a layer and what takes its results, word by word; every word that comes is taken at once."""

    def __init__(self, width: int) -> None:
        self.room = Signal(bool(1))
        """The results of one more step fit."""
        self.reserve = flag()
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
def credit(clk: Any, reset: Any, reserve: Any, released: Any, room: Any, steps: int) -> Any:
    """Room for `steps` steps: it is reserved at a step's begin and released when its place is free.

    In: clk, reset, reserve (1 bit), released (1 bit). Out: room (1 bit). Latency: 1.
    """
    reserved = bits(index_bits(steps + 1))

    @always_comb
    def comparing():
        room.next = reserved < steps

    counting = count_held(clk, reset, reserve, released, reserved)
    return comparing, counting


@module
def stream_adapter(clk: Any, reset: Any, results: Any, beats: Any, released: Any, writable: bool) -> Any:
    """Results of a layer become the next layer's input; its two banks are the room.

    In: clk, reset, results, released (1 bit). Out: results.room, beats.last, beats.valid, beats.weight_set, beats.word.
    Latency: 0.
    """

    @always_comb
    def passing():
        beats.valid.next = results.valid
        beats.word.next = results.word
        beats.last.next = results.final

    @always_comb
    def passing_set():
        beats.weight_set.next = results.weight_set

    crediting = credit(clk, reset, results.reserve, released, results.room, 2)
    return (passing, passing_set, crediting) if writable else (passing, crediting)


@module
def output_fifo(clk: Any, reset: Any, results: Any, stream: Any, words: int, steps: int) -> Any:
    """Buffer results for `steps` steps of `words` words and send them; back-pressure stops nothing but the next step.

    `stream.last` marks the last word of a sequence's last step.

    In: clk, reset, results, stream. Out: results.room, stream.last, stream.valid, stream.word. Latency: 2.
    """
    depth, width = words * steps, len(results.word)
    released = flag()
    entry, end = bits(width + 2), Fifo(width + 2, depth)
    entering = ConcatSignal(results.final, results.closing, results.word)
    stored = end.word
    final, closing, word = stored(width + 1), stored(width), stored(width, 0)

    @always_comb
    def packing():
        entry.next = entering

    @always_comb
    def releasing():
        released.next = stream.valid and stream.ready and closing

    @always_comb
    def showing():
        end.ready.next = stream.ready
        stream.valid.next = end.valid
        stream.word.next = word
        stream.last.next = final and closing

    buffering = fifo(clk, reset, results.valid, entry, end, depth)
    crediting = credit(clk, reset, results.reserve, released, results.room, steps)
    return packing, releasing, showing, buffering, crediting
