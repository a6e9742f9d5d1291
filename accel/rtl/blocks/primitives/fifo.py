"""First in, first out: a memory between two counters, and what lies in it."""

from __future__ import annotations

from typing import Any

from myhdl import always_comb, always_seq

from accel.base.fixed import index_bits
from accel.rtl.blocks.primitives.counters import count_held, count_round
from accel.rtl.blocks.primitives.memory import ram
from accel.rtl.blocks.primitives.module import module
from accel.rtl.blocks.primitives.signals import bits, flag


class Fifo:
    """The leaving end: `word` is there while `valid`, and gone after a cycle in which it was `ready` too."""

    def __init__(self, width: int, depth: int) -> None:
        self.word = bits(width)
        self.valid = flag()
        self.ready = flag()
        self.held = bits(index_bits(depth + 1))
        """Words in the memory; one more may stand at the end."""


@module
def fifo(clk: Any, reset: Any, push: Any, entry: Any, end: Fifo, depth: int) -> Any:
    """Take `entry` at every `push`; whoever pushes sees to it that there are never more than `depth`.

    In: clk, reset, push (1 bit), entry (any width), end. Out: end.held, end.valid, end.word. Latency: 2.
    """
    head, tail = bits(index_bits(depth)), bits(index_bits(depth))
    valid, ready, held = end.valid, end.ready, end.held
    fetching = flag()

    @always_comb
    def moving():
        fetching.next = held != 0 and (ready or not valid)

    @always_seq(clk.posedge, reset=reset)
    def showing():
        if fetching:
            valid.next = True
        elif ready:
            valid.next = False

    holding = count_held(clk, reset, push, fetching, held)
    entering = count_round(clk, reset, push, tail, depth)
    leaving = count_round(clk, reset, fetching, head, depth)
    memory = ram(clk, fetching, push, tail, entry, head, end.word, depth)
    return moving, holding, showing, entering, leaving, memory
