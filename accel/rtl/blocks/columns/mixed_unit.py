"""One unit of the lanes where W_x goes by rows and W_h by columns: `column_unit` with memories of x in front of it."""

from __future__ import annotations

from typing import Any

from myhdl import always, block

from accel.architecture.dataflows.columns import ColumnArray
from accel.base.fixed import index_bits
from accel.rtl.blocks.columns.accumulators import Steering, accumulators, unsigned_list
from accel.rtl.blocks.columns.column_unit import rows_text, tell_part
from accel.rtl.blocks.columns.row_feed import RowReading, fetch_x
from accel.rtl.blocks.lanes.totals import shift_register
from accel.rtl.blocks.lanes.weighing import weigh_words
from accel.rtl.blocks.primitives.module import module
from accel.rtl.blocks.primitives.register import register
from accel.rtl.blocks.primitives.signals import bits, flag, signed_list
from accel.rtl.blocks.primitives.words import unflatten
from accel.rtl.blocks.streams.ping_pong import Write

ROWS = """
integer ${rows}_lane;
always @(posedge $clk)
    for (${rows}_lane = 0; ${rows}_lane < $lanes; ${rows}_lane = ${rows}_lane + 1)
        $rows[${rows}_lane] <= $from_x ? $row : $word[$offset+PLACE*$stride +: $high];
"""


@block
def choose_rows(clk: Any, word: Any, from_x: Any, row: Any, rows: Any, numbers: int, stride: int, offset: int) -> Any:
    """Which of its rows each lane's weight belongs to: the same one in all lanes for W_x, for W_h as the word says.

    In: clk, word (word_width bits), from_x (1 bit), row (number of a row of a lane). Out: rows (number of a row of a
    lane, one a lane). Latency: 1.
    """
    lanes, high = len(rows), len(row)
    choose_rows.verilog_code = rows_text(ROWS, lanes > numbers)
    for number in rows:
        number.driven = "reg"
    for signal in (clk, word, from_x, row):
        signal.read = True
    mask = (1 << high) - 1

    @always(clk.posedge)
    def slicing():
        packed = int(word) >> offset
        for n in range(lanes):
            rows[n].next = int(row) if from_x else packed >> min(n, numbers - 1) * stride & mask

    return slicing


@module
def mixed_unit(
    clk: Any,
    word: Any,
    shared: Any,
    reading: RowReading,
    x: Write,
    steering: Steering,
    shift_in: Any,
    shift_out: Any,
    array: ColumnArray,
) -> Any:
    """A lane for each gate: the weight times the x at its index, onto the sum of the row that all lanes are at; or
    times the h that all share, onto the sum of the row at its index.

    In: clk, word (word_width bits), shared (the operand that all lanes get), reading, x, steering, shift_in (S totals).
    Out: shift_out (S totals). Latency: WORD_TO_SUM + 1; DRAIN_TO_CAPTURE + 1 from a group to `shift_out`.
    """
    lanes, sums, width = array.rows_per_unit, array.sums_per_unit, array.total_width
    late, offset = bits(len(word)), array.values_width
    h, operand = signed_list(1, array.operand_width), signed_list(lanes, array.operand_width)
    products = signed_list(lanes, array.product_width)
    rows, leaving = unsigned_list(sums, index_bits(array.groups)), signed_list(sums, width)

    waiting = register(clk, word, late)
    numbers = choose_rows(clk, late, reading.from_x, reading.row, rows, lanes, array.index_width, offset)
    parting = unflatten(shared, h)
    fetching = fetch_x(clk, word, reading, x, h, operand, array, offset)
    weighing = weigh_words(clk, late, operand, products, array, 0)
    of_h = flag() if array.separate_sums else None
    telling = tell_part(clk, shared, of_h, array, 2) if array.separate_sums else ()
    adder = accumulators(clk, steering, rows, products, of_h, leaving, array.groups)
    shifter = shift_register(clk, steering.capture, leaving, shift_in, shift_out)
    return waiting, numbers, parting, fetching, weighing, telling, adder, shifter
