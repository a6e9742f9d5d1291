"""In step with a stream whose `tlast` came at another beat than a vector's last one: each `tlast` ends a vector."""

from __future__ import annotations

from typing import Any

from myhdl import always_comb, always_seq, block

from accel.base.fixed import index_bits
from accel.rtl.blocks.primitives.module import module
from accel.rtl.blocks.primitives.signals import bits, flag


@block
def drop_surplus(clk: Any, reset: Any, arriving: Any, vector_ends: Any, surplus: Any) -> Any:
    """`surplus` from a vector's last beat without `last` on, up to the beat that brings it.

    In: clk, reset, arriving, vector_ends (1 bit). Out: surplus (1 bit). Latency: 1.
    """

    @always_seq(clk.posedge, reset=reset)
    def dropping():
        if vector_ends:
            surplus.next = not arriving.last
        elif arriving.valid and arriving.last:
            surplus.next = False

    return dropping


@block
def tell_early(clk: Any, reset: Any, moving: Any, ending: Any, beats: Any, torn: Any) -> Any:
    """`torn` (out) from a `last` on that comes before a vector's end.

    In: clk, reset, moving (1 bit), ending (1 bit), beats. Out: torn (1 bit). Latency: 1.
    """

    @always_seq(clk.posedge, reset=reset)
    def telling():
        if moving and beats.last and not ending:
            torn.next = True

    return telling


@block
def tell_early_or_late(clk: Any, reset: Any, moving: Any, ending: Any, beats: Any, torn: Any) -> Any:
    """`torn` (out) from a `last` on that does not come with a vector's end.

    In: clk, reset, moving (1 bit), ending (1 bit), beats. Out: torn (1 bit). Latency: 1.
    """

    @always_seq(clk.posedge, reset=reset)
    def telling():
        if moving and beats.last != ending:
            torn.next = True

    return telling


@module
def resynchronise(clk: Any, reset: Any, arriving: Any, beats: Any, torn: Any, count: int, framed: bool) -> Any:
    """Vectors of `count` beats each, wherever `last` comes: one that it cuts short is filled up with zeros.

    With `framed` every vector has its `last`, and beats beyond `count` are dropped up to it; else a vector without one
    is followed by the next of its sequence. Filling takes the cycles of the beats that are missing. `torn` stays true
    once a `last` came early, or, with `framed`, late.

    In: clk, reset, arriving, beats. Out: arriving.ready, beats.last, beats.valid, beats.word, torn (1 bit). Latency: 0;
    1 to `torn`.
    """
    last_beat, number = count - 1, bits(index_bits(count))
    offered, moving, ending, filling, surplus, vector_ends = (flag() for _ in range(6))

    @always_comb
    def passing():
        if filling:
            beats.valid.next = True
            beats.word.next = 0
            beats.last.next = True
        else:
            beats.valid.next = offered
            beats.word.next = arriving.word
            beats.last.next = arriving.last

    @always_comb
    def accepting():
        offered.next = arriving.valid
        arriving.ready.next = beats.ready and not filling

    @always_comb
    def accepting_or_dropping():
        offered.next = arriving.valid and not surplus
        arriving.ready.next = surplus or (beats.ready and not filling)

    @always_comb
    def watching():
        moving.next = beats.valid and beats.ready
        ending.next = number == last_beat

    @always_seq(clk.posedge, reset=reset)
    def counting():
        if moving and ending:
            number.next = 0
        elif moving:
            number.next = number + 1

    @always_seq(clk.posedge, reset=reset)
    def filling_up():
        if moving:
            filling.next = beats.last and not ending

    @always_comb
    def finishing():
        vector_ends.next = moving and ending and not filling

    together = (passing, watching, counting, filling_up)
    if not framed:
        return together, accepting, tell_early(clk, reset, moving, ending, beats, torn)
    dropping = drop_surplus(clk, reset, arriving, vector_ends, surplus)
    telling = tell_early_or_late(clk, reset, moving, ending, beats, torn)
    return together, accepting_or_dropping, telling, finishing, dropping
