"""The arithmetic of `accel.base.fixed` in hardware, one operator a signal: where two share one, Verilog differs.

No large constant meets a signal: MyHDL writes those of 2**30 and more as based literals, which are unsigned, and one
unsigned operand makes Verilog's whole comparison or sum unsigned. What does not fit w bits shows in the bits from w - 1
on, which all equal the sign where it fits: they are compared with 0 and -1.
"""

from __future__ import annotations

from typing import Any

from myhdl import always, always_comb, block

from accel.rtl.blocks.primitives.register import register
from accel.rtl.blocks.primitives.signals import signed


@block
def clamp(clk: Any, i: Any, o: Any) -> Any:
    """o is i, saturated to the width of o. Latency: 1."""
    lo, hi = o.min, o.max - 1
    beyond = signed(max(2, len(i) + 1 - len(o)))
    dropping = drop(i, beyond, len(o) - 1)

    @always(clk.posedge)
    def clamping():
        if beyond > 0:
            o.next = hi
        elif beyond < -1:
            o.next = lo
        else:
            o.next = i

    return dropping, clamping


@block
def clips(clk: Any, i: Any, o: Any, width: int) -> Any:
    """Whether saturating i to `width` bits changes it. Latency: 1."""
    beyond = signed(max(2, len(i) + 1 - width))
    dropping = drop(i, beyond, width - 1)

    @always(clk.posedge)
    def comparing():
        o.next = beyond > 0 or beyond < -1

    return dropping, comparing


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
    """o is i rounded half up to a coarser unit of 2**shift, in that unit. Latency: 1.

    Half a unit carries into the bits that stay exactly where the highest of those that are dropped is one.
    """
    if shift == 0:
        return register(clk, i, o)
    floor, place = signed(len(o)), min(shift, len(i)) - 1
    dropping = drop(i, floor, shift)

    @always(clk.posedge)
    def rounding():
        o.next = floor + i[place]

    return dropping, rounding
