"""First in, first out: a memory between two counters, and what lies in it."""

from __future__ import annotations

from typing import Any

from myhdl import always_comb, always_seq, block

from accel.base.fixed import index_bits
from accel.rtl.blocks.primitives.memory import ram
from accel.rtl.blocks.primitives.signals import bits, flag


class Fifo:
    """The leaving end: `word` is there while `valid`, and gone after a cycle in which it was `ready` too."""

    def __init__(self, width: int, depth: int) -> None:
        self.word = bits(width)
        self.valid = flag()
        self.ready = flag()
        self.held = bits(index_bits(depth + 1))
        """Words in the memory; one more may stand at the end."""


@block
def count_places(clk: Any, reset: Any, going_on: Any, place: Any, depth: int) -> Any:
    """The next of `depth` places at each `going_on`. Latency: 1."""
    last = depth - 1

    @always_seq(clk.posedge, reset=reset)
    def counting():
        if going_on:
            if place == last:
                place.next = 0
            else:
                place.next = place + 1

    return counting


@block
def fifo(clk: Any, reset: Any, push: Any, entry: Any, end: Fifo, depth: int) -> Any:
    """Take `entry` at every `push`; whoever pushes sees to it that there are never more than `depth`. Latency: 2."""
    head, tail = bits(index_bits(depth)), bits(index_bits(depth))
    valid, ready, held = end.valid, end.ready, end.held
    fetching = flag()

    @always_comb
    def moving():
        fetching.next = held != 0 and (ready or not valid)

    @always_seq(clk.posedge, reset=reset)
    def holding():
        if push and not fetching:
            held.next = held + 1
        elif fetching and not push:
            held.next = held - 1

    @always_seq(clk.posedge, reset=reset)
    def showing():
        if fetching:
            valid.next = True
        elif ready:
            valid.next = False

    entering = count_places(clk, reset, push, tail, depth)
    leaving = count_places(clk, reset, fetching, head, depth)
    memory = ram(clk, fetching, push, tail, entry, head, end.word, depth)
    return moving, holding, showing, entering, leaving, memory
