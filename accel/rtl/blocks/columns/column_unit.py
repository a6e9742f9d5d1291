"""One unit of the lanes by columns: a Verilog module of its own, as the unit by rows is."""

from __future__ import annotations

from typing import Any

from myhdl import always, always_comb, block

from accel.architecture.dataflows.columns import ColumnArray
from accel.rtl.blocks.columns.accumulators import Steering, accumulators, unsigned_list
from accel.rtl.blocks.lanes.totals import shift_register
from accel.rtl.blocks.lanes.weighing import weigh_words
from accel.rtl.blocks.primitives.module import module
from accel.rtl.blocks.primitives.signals import flag, signed_list
from accel.rtl.blocks.primitives.words import unflatten

ROWS = """
genvar ${rows}_lane;
generate
for (${rows}_lane = 0; ${rows}_lane < $lanes; ${rows}_lane = ${rows}_lane + 1) begin: ${rows}_slice
    always @(posedge $clk) $rows[${rows}_lane] <= $word[$offset+PLACE*$high +: $high];
end
endgenerate
"""


def rows_text(text: str, split: bool) -> str:
    """Verilog in which each lane takes its own row number; where the last lane has two sums, both take its own."""
    return text.replace("PLACE", "(${rows}_lane < $numbers ? ${rows}_lane : $numbers-1)" if split else "${rows}_lane")


@block
def row_numbers(clk: Any, word: Any, rows: Any, numbers: int, offset: int) -> Any:
    """Which of its rows each lane's weight belongs to: `numbers` of them from bit `offset` of the memory word on.

    In: clk, word (word_width bits). Out: rows (number of a row of a lane, one a lane). Latency: 1.
    """
    lanes, high = len(rows), len(rows[0])
    row_numbers.verilog_code = rows_text(ROWS, lanes > numbers)
    for row in rows:
        row.driven = "reg"
    clk.read = word.read = True
    mask = (1 << high) - 1

    @always(clk.posedge)
    def slicing():
        packed = int(word) >> offset
        for n in range(lanes):
            rows[n].next = packed >> min(n, numbers - 1) * high & mask

    return slicing


@module
def column_unit(
    clk: Any, word: Any, shared: Any, steering: Steering, shift_in: Any, shift_out: Any, array: ColumnArray
) -> Any:
    """A lane for each gate: value and row number of the memory word, times the operand, onto the row's sum.

    The operand comes a stage after the word; above it, where a row has two sums, whether it is h.

    In: clk, word (word_width bits), shared (the operand that all lanes get), steering, shift_in (S totals). Out:
    shift_out (S totals). Latency: WORD_TO_SUM; DRAIN_TO_CAPTURE + 1 from a group to `shift_out`.
    """
    lanes, sums, width = array.rows_per_unit, array.sums_per_unit, array.total_width
    operand, products = signed_list(1, array.operand_width), signed_list(lanes, array.product_width)
    rows, leaving = unsigned_list(sums, array.index_width), signed_list(sums, width)

    weighing = weigh_words(clk, word, operand, products, array, 0)
    numbers = row_numbers(clk, word, rows, lanes, array.values_width)
    parting = unflatten(shared, operand)
    of_h = flag() if array.separate_sums else None
    telling = tell_part(clk, shared, of_h, array, 1) if array.separate_sums else ()
    adder = accumulators(clk, steering, rows, products, of_h, leaving, array.groups)
    shifter = shift_register(clk, steering.capture, leaving, shift_in, shift_out)
    return weighing, numbers, parting, telling, adder, shifter


@block
def tell_part(clk: Any, shared: Any, of_h: Any, array: ColumnArray, cycles: int) -> Any:
    """Whether the operand of `cycles` cycles ago is h, from the bit above it.

    In: clk, shared (the operand that all lanes get). Out: of_h (1 bit). Latency: `cycles`.
    """
    stages = [flag() for _ in range(cycles)]
    low = array.operand_width

    @always_comb
    def leaving():
        of_h.next = stages[cycles - 1]

    @always(clk.posedge)
    def taking():
        stages[0].next = shared[low]

    @always(clk.posedge)
    def waiting():
        for n in range(1, cycles):
            stages[n].next = stages[n - 1]

    return (leaving, taking, waiting) if cycles > 1 else (leaving, taking)


def broadcast_width(array: ColumnArray) -> int:
    """Bits of what all lanes are given: the operand, and whether it is h, where a row has two sums."""
    return array.operand_width + array.separate_sums
