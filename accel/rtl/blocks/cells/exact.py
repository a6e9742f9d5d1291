"""Exact operations of a cell: products, sums and mixes, which keep every bit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from myhdl import always, block

from accel.architecture.cells.operations import Mix, Operation, Product, Sum
from accel.architecture.cells.sizes import MixSizes, Size, mix_sizes
from accel.rtl.blocks.primitives.arithmetic import add, align, multiply
from accel.rtl.blocks.primitives.register import delay, register
from accel.rtl.blocks.primitives.signals import signed
from accel.rtl.blocks.primitives.widths import fit


@block
def subtract(clk: Any, a: Any, b: Any, o: Any) -> Any:
    """o = a - b in full width.

    In: clk, a (signed, any width), b (signed, any width). Out: o (signed, a bit wider). Latency: 1.
    """
    a_wide, b_wide = signed(len(o)), signed(len(o))
    widening = fit(a, a_wide), fit(b, b_wide)

    @always(clk.posedge)
    def subtracting():
        o.next = a_wide - b_wide

    return widening, subtracting


@block
def multiply_in(clk: Any, a: Any, b: Any, o: Any, registers: bool) -> Any:
    """o = a * b in full width, behind a register of each factor where asked, which DSP blocks have of their own.

    In: clk, a (signed, any width), b (signed, any width). Out: o (signed, exact). Latency: 1 + registers.
    """
    if not registers:
        return multiply(clk, a, b, o)
    a_late, b_late = signed(len(a)), signed(len(b))
    waiting = register(clk, a, a_late), register(clk, b, b_late)
    return waiting, multiply(clk, a_late, b_late, o)


@block
def mix(clk: Any, reset: Any, one: Any, other: Any, share: Any, total: Any, sizes: MixSizes, registers: bool) -> Any:
    """one * share + other * (1 - share) as other + share * (one - other), with one multiplier.

    In: clk, reset, one (signed), other (signed), share (signed, in formats.activation). Out: total (signed, exact).
    Latency: 3 + registers.
    """
    one_aligned = signed(sizes.one.width + sizes.one_shift)
    other_aligned = signed(sizes.other.width + sizes.other_shift)
    difference, share_late = signed(sizes.difference), signed(sizes.share.width)
    product = signed(sizes.product)
    other_late, other_raised = signed(sizes.other.width), signed(sizes.other.width + sizes.sum_shift)

    aligning_one = align(one, one_aligned, sizes.one_shift)
    aligning_other = align(other, other_aligned, sizes.other_shift)
    subtracting = subtract(clk, one_aligned, other_aligned, difference)
    waiting_share = delay(clk, reset, share, share_late, 1)
    multiplying = multiply_in(clk, share_late, difference, product, registers)
    waiting_other = delay(clk, reset, other, other_late, 2 + registers)
    raising = align(other_late, other_raised, sizes.sum_shift)
    adding = add(clk, product, other_raised, total)
    products = (aligning_one, aligning_other, subtracting, waiting_share, multiplying)
    return products, waiting_other, raising, adding


@block
def add_aligned(clk: Any, a: Any, b: Any, o: Any, a_shift: int, b_shift: int) -> Any:
    """o = a * 2**a_shift + b * 2**b_shift in full width.

    In: clk, a (signed, any width), b (signed, any width). Out: o (signed, any width). Latency: 1.
    """
    a_aligned, b_aligned = signed(len(a) + a_shift), signed(len(b) + b_shift)
    aligning_a = align(a, a_aligned, a_shift)
    aligning_b = align(b, b_aligned, b_shift)
    adding = add(clk, a_aligned, b_aligned, o)
    return aligning_a, aligning_b, adding


@block
def exact(
    clk: Any, reset: Any, operands: Any, o: Any, operation: Operation, sizes: Mapping[str, Size], registers: bool
) -> Any:
    """A product, a sum or a mix of its operands, which come together; factors behind registers where asked.

    In: clk, reset, operands (signed, in the formats of the operation). Out: o (signed, exact).
    Latency: OPERATIONS[type(operation)], of products and mixes + registers.
    """
    match operation:
        case Product():
            return multiply_in(clk, *operands, o, registers)
        case Sum():
            frac = sizes[operation.name].frac
            return add_aligned(clk, *operands, o, *(frac - sizes[name].frac for name in operation.operands))
        case Mix():
            return mix(clk, reset, *operands, o, mix_sizes(operation, sizes), registers)
    raise TypeError(f"{operation.name}: {type(operation).__name__} has no block")
