"""The cell stage of a recurrent highway network (arXiv 1607.03474): s_l = h t + s_{l-1} (1 - t), as one pipeline.

The coupled carry is built as s + t (h - s), the same integer with one multiplier in place of two.
"""

from __future__ import annotations

from typing import Any

from myhdl import always, block

from accel.architecture.cells import Carry
from accel.rtl.blocks.cells.cell import CellConstants, gates
from accel.rtl.blocks.primitives.arithmetic import add, add_half, align, clamp, clips, multiply
from accel.rtl.blocks.primitives.register import delay
from accel.rtl.blocks.primitives.signals import signed


@block
def subtract(clk: Any, a: Any, b: Any, o: Any) -> Any:
    """o = a - b in full width. Latency: 1."""

    @always(clk.posedge)
    def subtracting():
        o.next = a - b

    return subtracting


@block
def round_and_clamp(clk: Any, i: Any, o: Any, clipped: Any, shift: int) -> Any:
    """o is i without its low `shift` bits, rounded half up and saturated. Latency: 2."""
    rounded = signed(max(2, len(i) + 1 - shift))
    rounding = add_half(clk, i, rounded, shift)
    saturating = clamp(clk, rounded, o)
    watching = clips(clk, rounded, clipped, len(o))
    return rounding, saturating, watching


@block
def carry(clk: Any, reset: Any, s_before: Any, out: Any, constants: CellConstants) -> Any:
    """s_l in the format that is kept, from its activations and s_{l-1}. Latency: GATES_TO_CARRIED."""
    act, kept = constants.formats.activation, constants.formats.cell
    sizes, (h, t) = Carry(act, kept), out.gates
    h_aligned, s_aligned = signed(act.width + sizes.h_shift), signed(kept.width + sizes.s_shift)
    difference, t_late = signed(sizes.difference), signed(act.width)
    product = signed(sizes.product)
    s_late, s_raised = signed(kept.width), signed(kept.width + sizes.sum_shift)
    total = signed(sizes.total)

    aligning_h = align(h, h_aligned, sizes.h_shift)
    aligning_s = align(s_before, s_aligned, sizes.s_shift)
    subtracting = subtract(clk, h_aligned, s_aligned, difference)
    waiting_t = delay(clk, reset, t, t_late, 1)
    multiplying = multiply(clk, t_late, difference, product)
    waiting_s = delay(clk, reset, s_before, s_late, 2)
    raising = align(s_late, s_raised, sizes.sum_shift)
    adding = add(clk, product, s_raised, total)
    narrowing = round_and_clamp(clk, total, out.c, out.c_clipped, sizes.frac - kept.frac)
    products = (aligning_h, aligning_s, subtracting, waiting_t, multiplying)
    return products, waiting_s, raising, adding, narrowing


@block
def highway_cell(clk: Any, reset: Any, chain: Any, bias: Any, s_before: Any, out: Any, constants: CellConstants) -> Any:
    """One unit in one level: two totals and biases in, s_l out, as it is kept and as it is read.

    `chain` and `bias` hold rows h, t; `s_before` comes with the activations. Latency: SUM_TO_GATES + GATES_TO_CARRIED +
    CARRIED_TO_STATE.
    """
    shift = constants.formats.cell.frac - constants.formats.state.frac
    raised = signed(len(out.c) + max(0, -shift))
    activating = gates(clk, chain, bias, out, constants)
    carrying = carry(clk, reset, s_before, out, constants)
    raising = align(out.c, raised, max(0, -shift))
    leaving = round_and_clamp(clk, raised, out.h, out.h_clipped, max(0, shift))
    return activating, carrying, raising, leaving
