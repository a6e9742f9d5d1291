"""Sequences of no more steps than what comes behind can hold: a longer one ends there, and that is told."""

from __future__ import annotations

from typing import Any

from myhdl import always_comb, always_seq

from accel.base.fixed import index_bits
from accel.rtl.blocks.primitives.module import module
from accel.rtl.blocks.primitives.signals import bits, flag


@module
def limit_steps(clk: Any, reset: Any, arriving: Any, beats: Any, cut: Any, torn: Any, count: int, longest: int) -> Any:
    """Vectors of `count` beats; what of a sequence comes behind step number `longest` is dropped, up to its `last`.

    `torn` is `cut`, and stays true once something was dropped.

    In: clk, reset, arriving.valid, .word, .last, beats.ready, cut (a flag). Out: arriving.ready, beats.valid, .word,
    .last, torn (a flag). Latency: 0; 1 to `torn`.
    """
    last_beat, last_step = count - 1, longest - 1
    number, step = bits(index_bits(count)), bits(index_bits(longest))
    moving, vector_ends, at_limit, surplus, overlong = (flag() for _ in range(5))

    @always_comb
    def passing():
        beats.valid.next = arriving.valid and not surplus
        beats.word.next = arriving.word
        beats.last.next = arriving.last or at_limit
        arriving.ready.next = surplus or beats.ready

    @always_comb
    def watching():
        at_limit.next = step == last_step
        moving.next = arriving.valid and (surplus or beats.ready)
        vector_ends.next = arriving.valid and (surplus or beats.ready) and number == last_beat

    @always_seq(clk.posedge, reset=reset)
    def counting():
        if vector_ends:
            number.next = 0
        elif moving:
            number.next = number + 1

    @always_seq(clk.posedge, reset=reset)
    def counting_steps():
        if vector_ends and (arriving.last or at_limit):
            step.next = 0
        elif vector_ends and not surplus:
            step.next = step + 1

    @always_seq(clk.posedge, reset=reset)
    def dropping():
        if vector_ends:
            surplus.next = not arriving.last and (surplus or at_limit)

    @always_seq(clk.posedge, reset=reset)
    def telling():
        if vector_ends and at_limit and not arriving.last:
            overlong.next = True

    @always_comb
    def joining():
        torn.next = cut or overlong

    return passing, watching, counting, counting_steps, dropping, telling, joining
