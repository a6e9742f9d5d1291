"""Two products of one multiplier, where two lanes share an operand: p = (w_1 · 2^k + w_0) · s, with k bits a product.

w_0 · s is what the low k bits of p say in two's complement, and always fits in them. Where it is negative it has
borrowed from the bits above, so w_1 · s is those and 1 (Xilinx white paper WP486, 2017; decision 049).
"""

from __future__ import annotations

from typing import Any

from myhdl import always, block

from accel.architecture.array import Array
from accel.rtl.blocks.lanes.fetch import carry, weights
from accel.rtl.blocks.lanes.gates import of_gates
from accel.rtl.blocks.lanes.products import multiply
from accel.rtl.blocks.primitives.signals import bits, signed_list
from accel.rtl.blocks.primitives.words import cut_fields, flatten

PACKED = """
/* verilator no_inline_module */
genvar ${packed}_lane;
generate
for (${packed}_lane = 0; ${packed}_lane < $pairs; ${packed}_lane = ${packed}_lane + 1) begin: ${packed}_pair
    wire [$width-1:0] low = $word[(${packed}_lane+${packed}_lane/$per_row*$per_row)*$width +: $width];
    wire [$width-1:0] high = $word[(${packed}_lane+${packed}_lane/$per_row*$per_row+$per_row)*$width +: $width];
    wire [$width:0] lent = {high[$width-1], high} - {{$width{1'b0}}, low[$width-1]};
    always @(posedge $clk) $packed[${packed}_lane] <= $$signed({lent, {$between{low[$width-1]}}, low});
end
endgenerate
"""
PARTED = """
genvar ${both}_lane;
generate
for (${both}_lane = 0; ${both}_lane < $pairs; ${both}_lane = ${both}_lane + 1) begin: ${both}_pair
    assign $products[${both}_lane+${both}_lane/$per_row*$per_row] = $$signed($both[${both}_lane][$width-1:0]);
    assign $products[${both}_lane+${both}_lane/$per_row*$per_row+$per_row] =
        $$signed($both[${both}_lane][2*$width-1:$width] + {{$below{1'b0}}, $both[${both}_lane][$width-1]});
end
endgenerate
"""
ALONE = """
genvar ${alone}_lane;
generate
for (${alone}_lane = 0; ${alone}_lane < $rest; ${alone}_lane = ${alone}_lane + 1) begin: ${alone}_part
    assign $products[2*$pairs+${alone}_lane] = $alone[${alone}_lane];
end
endgenerate
"""


def lanes_of(pair: int, per_row: int) -> tuple[int, int]:
    """The lanes whose weights are the low and the high one of a pair: those at the same place of rows 2n and 2n + 1."""
    low = pair + pair // per_row * per_row
    return low, low + per_row


@block
def pack(clk: Any, word: Any, packed: Any, per_row: int, width: int) -> Any:
    """Weights of `width` bits at the beginning of the memory word, two in one number: w_1 · 2^k + w_0.

    In: clk, word (fields of values and indices). Out: packed (signed, packed_width bits, one a pair). Latency: 1.
    """
    pairs, between = len(packed), len(packed[0]) - 2 * width - 1
    pack.verilog_code = PACKED
    for one in packed:
        one.driven = "reg"
    clk.read = word.read = True
    mask, sign = (1 << width) - 1, 1 << (width - 1)

    @always(clk.posedge)
    def packing():
        fields = int(word)
        for n in range(pairs):
            low, high = (((fields >> lane * width & mask) ^ sign) - sign for lane in lanes_of(n, per_row))
            packed[n].next = (high << between + width) + low

    return packing


@block
def part(both: Any, alone: Any, products: Any, per_row: int) -> Any:
    """The products of each pair's two lanes, and behind them those of lanes that have a multiplier of their own.

    In: both (signed, twice a product's bits, one a pair), alone (signed, one a lane, or None). Out: products (signed,
    one a lane). Latency: 0.
    """
    pairs, width, lone = len(both), len(products[0]), alone or []
    rest, below, sign = len(lone), width - 1, 1 << width - 1
    part.verilog_code = PARTED + (ALONE if lone else "")
    for one in products:
        one.driven = "wire"
    for one in [*both, *lone]:
        one.read = True

    @always(*both, *lone)
    def parting():
        for n in range(pairs):
            low, high = lanes_of(n, per_row)
            product = ((int(both[n]) & (1 << width) - 1) ^ sign) - sign
            products[low].next = product
            products[high].next = (both[n] >> width) + (product < 0)
        for n in range(rest):
            products[2 * pairs + n].next = lone[n]

    return parting


@block
def multiply_pairs(clk: Any, packed: Any, alone: Any, operand: Any, products: Any) -> Any:
    """The products of all lanes, two from each pair; all rows share their operands.

    In: clk, packed (signed, packed_width bits, one a pair), alone (signed, one a lane, or None), operand (signed, one a
    lane of a row). Out: products (signed, product_width bits, one a lane). Latency: 1.
    """
    width, per_row = len(products[0]), len(operand)
    both = signed_list(len(packed), 2 * width)
    multiplier = multiply(clk, packed, operand, both)
    if alone is None:
        return multiplier, part(both, None, products, per_row)
    lone = signed_list(len(alone), width)
    return multiplier, multiply(clk, alone, operand, lone), part(both, lone, products, per_row)


@block
def weigh_pairs(clk: Any, word: Any, operand: Any, products: Any, array: Array, waits: int) -> Any:
    """The weights of the memory word times operands, which come a cycle and `waits` more after it.

    In: clk, word (word_width bits), operand (signed, operand_width bits, one a lane of a row). Out: products (signed,
    product_width bits, one a lane). Latency: 1 from the operands.
    """
    if array.widths_differ:
        even, apart = bits(len(products) * array.weight_width), signed_list(len(products), array.weight_width)
        widening = of_gates(word, apart, array.gate_widths), flatten(apart, even)
        return widening, weigh_even_pairs(clk, even, operand, products, array, waits)
    return weigh_even_pairs(clk, word, operand, products, array, waits)


@block
def weigh_even_pairs(clk: Any, word: Any, operand: Any, products: Any, array: Array, waits: int) -> Any:
    """`weigh_pairs` of values that are all as wide as the widest.

    In: clk, word (values of weight_width bits, then indices), operand (signed, operand_width bits, one a lane of a
    row). Out: products (signed, product_width bits, one a lane). Latency: 1 from the operands.
    """
    pairs, width, per_row = array.pairs // array.units, array.weight_width, array.lanes_per_row
    rest = len(products) - 2 * pairs
    packed = [signed_list(pairs, array.packed_width) for _ in range(1 + waits)]
    packer = pack(clk, word, packed[0], per_row, width)
    packed_waits = [carry(clk, packed[n], packed[n + 1]) for n in range(waits)]
    if not rest:
        return packer, packed_waits, multiply_pairs(clk, packed[waits], None, operand, products)
    behind, alone = bits(rest * width), [signed_list(rest, width) for _ in range(1 + waits)]
    taking = cut_fields(word, behind, len(behind), len(behind), 2 * pairs * width)
    slicer = weights(clk, behind, alone[0], width)
    waiting = [carry(clk, alone[n], alone[n + 1]) for n in range(waits)]
    multiplier = multiply_pairs(clk, packed[waits], alone[waits], operand, products)
    return packer, packed_waits, taking, slicer, waiting, multiplier
