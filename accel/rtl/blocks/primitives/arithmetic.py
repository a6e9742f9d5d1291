"""The arithmetic of `accel.base.fixed` in hardware, one operator a signal: where two share one, Verilog differs.

No large constant meets a signal: MyHDL writes those of 2**30 and more as based literals, which are unsigned, and one
unsigned operand makes Verilog's whole comparison or sum unsigned. What does not fit w bits shows in the bits from w - 1
on, which all equal the sign where it fits: they are compared with 0 and -1.
"""

from __future__ import annotations

from typing import Any

from myhdl import always, block

from accel.rtl.blocks.primitives.register import register
from accel.rtl.blocks.primitives.signals import signed
from accel.rtl.blocks.primitives.widths import append_zeros, drop, fit, pad


@block
def clamp(clk: Any, i: Any, o: Any) -> Any:
    """o is i, saturated to the width of o.

    In: clk, i (signed, any width). Out: o (signed, any width). Latency: 1.
    """
    lo, hi = o.min, o.max - 1
    beyond, low = signed(len(i)), signed(len(o))
    dropping = drop(i, beyond, len(o) - 1)
    fitting = fit(i, low)

    @always(clk.posedge)
    def clamping():
        if beyond > 0:
            o.next = hi
        elif beyond < -1:
            o.next = lo
        else:
            o.next = low

    return dropping, fitting, clamping


@block
def clips(clk: Any, i: Any, o: Any, width: int) -> Any:
    """Whether saturating i to `width` bits changes it.

    In: clk, i (signed, any width). Out: o (1 bit). Latency: 1.
    """
    beyond = signed(len(i))
    dropping = drop(i, beyond, width - 1)

    @always(clk.posedge)
    def comparing():
        o.next = beyond > 0 or beyond < -1

    return dropping, comparing


@block
def add(clk: Any, a: Any, b: Any, o: Any) -> Any:
    """o = a + b in full width.

    In: clk, a (signed, any width), b (signed, any width). Out: o (signed, any width). Latency: 1.
    """
    a_wide, b_wide = signed(len(o)), signed(len(o))
    widening = fit(a, a_wide), fit(b, b_wide)

    @always(clk.posedge)
    def adding():
        o.next = a_wide + b_wide

    return widening, adding


@block
def multiply(clk: Any, a: Any, b: Any, o: Any) -> Any:
    """o = a * b in full width.

    The factors get a common width; synthesis takes repeated signs off again.

    In: clk, a (signed, any width), b (signed, any width). Out: o (signed, any width). Latency: 1.
    """
    width = max(len(a), len(b))
    a_wide, b_wide = signed(width), signed(width)
    widening = fit(a, a_wide), fit(b, b_wide)

    @always(clk.posedge)
    def multiplying():
        o.next = a_wide * b_wide

    return widening, multiplying


@block
def align(i: Any, o: Any, shift: int) -> Any:
    """o is i with `shift` zero bits appended.

    In: i (signed, any width). Out: o (signed, any width). Latency: 0.
    """
    if not shift:
        return fit(i, o)
    if len(o) == len(i) + shift:
        return append_zeros(i, o, shift)
    raised = signed(len(i) + shift)
    return append_zeros(i, raised, shift), fit(raised, o)


@block
def add_half(clk: Any, i: Any, o: Any, shift: int) -> Any:
    """o is i rounded half up to a coarser unit of 2**shift, in that unit but as wide.

    Half a unit carries into the bits that stay exactly where the highest of those that are dropped is one.

    In: clk, i (any width). Out: o (as wide as i). Latency: 1.
    """
    if shift == 0:
        return register(clk, i, o)
    floor, half = signed(len(o)), signed(len(o))
    dropping = drop(i, floor, shift)
    carrying = pad(i(min(shift, len(i)) - 1), half)

    @always(clk.posedge)
    def rounding():
        o.next = floor + half

    return dropping, carrying, rounding
