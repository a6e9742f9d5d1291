"""A weight times an operand: a multiplier, or for weights of -1, 0, 1 what takes, negates or drops it."""

from __future__ import annotations

from typing import Any

from myhdl import always, block

from accel.architecture.array import Array
from accel.rtl.blocks.primitives.widths import fit_all, widened


@block
def multiply(clk: Any, weight: Any, operand: Any, products: Any) -> Any:
    """A product a lane; rows share their operands where there are fewer operands than lanes.

    In: clk, weight (signed, one a lane), operand (signed, one a lane). Out: products (signed, one a lane). Latency: 1.
    """
    lanes, read, width = len(products), len(operand), max(len(weight[0]), len(operand[0]))
    weights = widened(weight, width)
    widening_weights = fit_all(weight, weights)
    operands = widened(operand, width)
    widening_operands = fit_all(operand, operands)

    @always(clk.posedge)
    def multiplying():
        for n in range(lanes):
            products[n].next = weights[n] * operands[n % read]

    return widening_weights, widening_operands, multiplying


@block
def take_or_negate(clk: Any, weight: Any, operand: Any, products: Any) -> Any:
    """`multiply` by -1 or 1, words of one bit: the operand or its negative (binary weights, arXiv 1809.11086).

    In: clk, weight (signed, one a lane), operand (signed, one a lane). Out: products (signed, one a lane). Latency: 1.
    """
    lanes, read = len(products), len(operand)
    wide = widened(operand, len(products[0]))
    widening = fit_all(operand, wide)

    @always(clk.posedge)
    def choosing():
        for n in range(lanes):
            if weight[n] < 0:
                products[n].next = -wide[n % read]
            else:
                products[n].next = wide[n % read]

    return widening, choosing


@block
def take_negate_or_drop(clk: Any, weight: Any, operand: Any, products: Any) -> Any:
    """`multiply` by -1, 0 or 1: the operand, its negative or nothing (ternary weights, arXiv 1809.11086).

    In: clk, weight (signed, one a lane), operand (signed, one a lane). Out: products (signed, one a lane). Latency: 1.
    """
    lanes, read = len(products), len(operand)
    wide = widened(operand, len(products[0]))
    widening = fit_all(operand, wide)

    @always(clk.posedge)
    def choosing():
        for n in range(lanes):
            if weight[n] < 0:
                products[n].next = -wide[n % read]
            elif weight[n] > 0:
                products[n].next = wide[n % read]
            else:
                products[n].next = 0

    return widening, choosing


@block
def weigh(clk: Any, weight: Any, operand: Any, products: Any, array: Array) -> Any:
    """Weights times operands, by a multiplier where the weights need one.

    In: clk, weight (signed, weight_width bits each), operand (signed, operand_width bits each). Out: products (signed,
    product_width bits each). Latency: 1.
    """
    if array.multiplies:
        return multiply(clk, weight, operand, products)
    if array.weight_width == 1:
        return take_or_negate(clk, weight, operand, products)
    return take_negate_or_drop(clk, weight, operand, products)
