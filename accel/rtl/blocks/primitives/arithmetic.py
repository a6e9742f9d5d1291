"""The arithmetic of `accel.base.fixed` in hardware, one operator a signal: where two share one, Verilog differs."""

from __future__ import annotations

from typing import Any

from myhdl import always, always_comb, block

from accel.rtl.blocks.primitives.signals import signed


@block
def clamp(clk: Any, i: Any, o: Any) -> Any:
    """o is i, saturated to the width of o. Latency: 1."""
    lo, hi = o.min, o.max - 1

    @always(clk.posedge)
    def clamping():
        if i > hi:
            o.next = hi
        elif i < lo:
            o.next = lo
        else:
            o.next = i

    return clamping


@block
def clips(clk: Any, i: Any, o: Any, width: int) -> Any:
    """Whether saturating i to `width` bits changes it. Latency: 1."""
    lo, hi = -(1 << (width - 1)), (1 << (width - 1)) - 1

    @always(clk.posedge)
    def comparing():
        o.next = i > hi or i < lo

    return comparing


@block
def drop(i: Any, o: Any, shift: int) -> Any:
    """o is i without its low `shift` bits. Latency: 0."""

    @always_comb
    def dropping():
        o.next = i >> shift

    return dropping


@block
def add(clk: Any, a: Any, b: Any, o: Any) -> Any:
    """o = a + b in full width. Latency: 1."""

    @always(clk.posedge)
    def adding():
        o.next = a + b

    return adding


@block
def multiply(clk: Any, a: Any, b: Any, o: Any) -> Any:
    """o = a * b in full width. Latency: 1."""

    @always(clk.posedge)
    def multiplying():
        o.next = a * b

    return multiplying


@block
def align(i: Any, o: Any, shift: int) -> Any:
    """o is i with `shift` zero bits appended. Latency: 0."""

    @always_comb
    def aligning():
        o.next = i << shift

    return aligning


@block
def add_half(clk: Any, i: Any, o: Any, shift: int) -> Any:
    """o is i rounded half up to a coarser unit of 2**shift, in that unit. Latency: 1."""
    half = 1 << shift >> 1
    raised = signed(len(i) + 1)

    @always(clk.posedge)
    def raising():
        raised.next = i + half

    dropping = drop(raised, o, shift)
    return raising, dropping
