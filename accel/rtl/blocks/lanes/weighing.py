"""The weights of a memory word times operands, two of them in a multiplier where an array is packed."""

from __future__ import annotations

from typing import Any

from myhdl import block

from accel.architecture.array import Array
from accel.rtl.blocks.lanes.fetch import carry, weights
from accel.rtl.blocks.lanes.gates import gate_weights
from accel.rtl.blocks.lanes.pairs import weigh_pairs
from accel.rtl.blocks.lanes.products import weigh
from accel.rtl.blocks.primitives.signals import signed_list


@block
def weigh_words(clk: Any, word: Any, operand: Any, products: Any, array: Array, waits: int) -> Any:
    """The weights of the memory word times operands, which come a cycle and `waits` more after it.

    In: clk, word (word_width bits), operand (signed, operand_width bits, one a lane or, where rows share them, one a
    lane of a row). Out: products (signed, product_width bits, one a lane). Latency: 1 from the operands.
    """
    if array.pairs:
        return weigh_pairs(clk, word, operand, products, array, waits)
    if array.widths_differ:
        apart = signed_list(len(products), array.weight_width)
        return gate_weights(clk, word, apart, array, waits), weigh(clk, apart, operand, products, array)
    stored = [signed_list(len(products), array.weight_width) for _ in range(1 + waits)]
    slicer = weights(clk, word, stored[0], array.weight_width)
    waiting = [carry(clk, stored[n], stored[n + 1]) for n in range(waits)]
    return slicer, waiting, weigh(clk, stored[waits], operand, products, array)
