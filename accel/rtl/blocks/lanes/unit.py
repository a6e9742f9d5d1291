"""One unit of the lane array: a Verilog module of its own, written once and instantiated P times."""

from __future__ import annotations

from typing import Any

from myhdl import block

from accel.architecture.array import Array
from accel.architecture.dataflows.rows import RowArray
from accel.rtl.blocks.lanes.fetch import carry, fetch
from accel.rtl.blocks.lanes.partial_sums import accumulate_onto, accumulate_parts_onto, partial_sums
from accel.rtl.blocks.lanes.totals import accumulate, accumulate_parts, add_rows, shift_register
from accel.rtl.blocks.lanes.weighing import weigh_words
from accel.rtl.blocks.primitives.module import module
from accel.rtl.blocks.primitives.register import register
from accel.rtl.blocks.primitives.signals import bits, signed_list
from accel.rtl.blocks.primitives.words import bits_above, unflatten


@block
def rows(
    clk: Any,
    word: Any,
    first: Any,
    capture: Any,
    operand: Any,
    of_h: Any,
    ahead: Any,
    shift_in: Any,
    shift_out: Any,
    array: RowArray,
) -> Any:
    """Multiply, accumulate and pass on: values of the memory word times operands, which come a stage later.

    `of_h` tells for each lane of a row, a stage behind its operand, whether that is h, where a row has two sums; else
    None. `ahead` is the Ahead of rows whose x comes before all h, else None.

    In: clk, word (word_width bits), first (1 bit), capture (1 bit), operand (signed, operand_width bits each), of_h
    (a bit a lane, or None), ahead (or None), shift_in (S totals). Out: shift_out (S totals). Latency: capture_delay + 1
    - ADDRESS_TO_FETCH.
    """
    count, lanes = array.sums_per_unit, array.rows_per_unit * array.lanes_per_row
    products = signed_list(lanes, array.product_width)
    partial = signed_list(count * array.lanes_per_row, array.total_width)
    totals = partial if array.lanes_per_row == 1 else signed_list(count, array.total_width)

    factor, made, parts, around = operand, products, of_h, []
    if array.multiplier_registers:
        factor, made = signed_list(len(operand), len(operand[0])), signed_list(lanes, array.product_width)
        parts = None if of_h is None else bits(len(of_h))
        around = [register_around(clk, operand, factor, made, products, of_h, parts)]
    waits = 1 + array.operand_register + array.multiplier_registers
    weighing = weigh_words(clk, word, factor, made, array, waits)
    if ahead is not None:
        accumulator = sums_onto(clk, first, ahead, parts, products, partial, totals, array)
    elif of_h is None:
        accumulator = accumulate(clk, first, products, partial)
    else:
        accumulator = accumulate_parts(clk, first, parts, products, partial)
    tree = [] if array.lanes_per_row == 1 else [add_rows(clk, partial, totals, count)]
    shifter = shift_register(clk, capture, totals, shift_in, shift_out)
    return around, weighing, accumulator, tree, shifter


@block
def register_around(clk: Any, operand: Any, factor: Any, made: Any, products: Any, of_h: Any, parts: Any) -> Any:
    """Registers before and behind the multipliers: of the operands, which multipliers may have of their own, as of the
    weights, which wait for them, and of the products, on whose way to the sums they stand. What tells the parts of a
    row goes along.

    In: clk, operand (signed, one a lane, or one a lane of a row), made (signed, one a lane), of_h (a bit a lane, or
    None). Out: factor (as operand), products (as made), parts (as of_h). Latency: 1, of `parts` 2.
    """
    keeping = carry(clk, operand, factor), carry(clk, made, products)
    if of_h is None:
        return keeping
    meanwhile = bits(len(of_h))
    return keeping, register(clk, of_h, meanwhile), register(clk, meanwhile, parts)


@block
def sums_onto(
    clk: Any, first: Any, ahead: Any, of_h: Any, products: Any, partial: Any, totals: Any, array: RowArray
) -> Any:
    """Accumulators that go on from what was laid aside of their rows.

    In: clk, first (1 bit), ahead, of_h (a bit a lane, or None), products (signed, product_width bits each), totals
    (signed, total_width bits each). Out: partial (signed, total_width bits each). Latency: 1 from products to
    `partial`.
    """
    begun = signed_list(array.rows_per_unit, array.total_width)
    memory = partial_sums(clk, ahead, totals, begun, array)
    if of_h is None:
        return memory, accumulate_onto(clk, first, begun, products, partial)
    return memory, accumulate_parts_onto(clk, first, begun, of_h, products, partial)


@module
def unit(
    clk: Any,
    word: Any,
    first: Any,
    capture: Any,
    reading: Any,
    x: Any,
    h: Any,
    ahead: Any,
    shift_in: Any,
    shift_out: Any,
    array: RowArray,
) -> Any:
    """Rows of one unit with operand memories of its own: memory word in, exact totals in the shift register.

    `h` is None for a layer without state, `ahead` where nothing comes ahead.

    In: clk, word (word_width bits), first (1 bit), capture (1 bit), reading, x, h (or None), ahead (or None), shift_in
    (S totals). Out: shift_out (S totals). Latency: as `rows`.
    """
    operand = signed_list(array.indices, array.operand_width)
    fetching = fetch(clk, word, reading, x, h, operand, array, array.values_width)
    if not array.separate_sums:
        return fetching, rows(clk, word, first, capture, operand, None, ahead, shift_in, shift_out, array)
    with_operand, of_h = bits(array.lanes_per_row), bits(array.lanes_per_row)
    waiting = (register(clk, reading.of_h, with_operand), register(clk, with_operand, of_h))
    return fetching, waiting, rows(clk, word, first, capture, operand, of_h, ahead, shift_in, shift_out, array)


@module
def dense_unit(
    clk: Any,
    word: Any,
    first: Any,
    capture: Any,
    shared: Any,
    ahead: Any,
    shift_in: Any,
    shift_out: Any,
    array: RowArray,
) -> Any:
    """Rows of one unit of a dense layer: the operands come from outside, the same for all units.

    Where a row has two sums, `shared` tells above the operands which of them are h.

    In: clk, word (word_width bits), first (1 bit), capture (1 bit), shared (the operand that all lanes get), ahead,
    shift_in (S totals). Out: shift_out (S totals). Latency: as `rows`.
    """
    operand = signed_list(array.lanes_per_row, array.operand_width)
    parting = unflatten(shared, operand)
    if not array.separate_sums:
        return parting, rows(clk, word, first, capture, operand, None, ahead, shift_in, shift_out, array)
    with_operand, of_h = bits(array.lanes_per_row), bits(array.lanes_per_row)
    taking = bits_above(shared, with_operand, array.lanes_per_row * array.operand_width)
    waiting = register(clk, with_operand, of_h)
    return parting, taking, waiting, rows(clk, word, first, capture, operand, of_h, ahead, shift_in, shift_out, array)


def shared_width(array: Array) -> int:
    """Bits of what the units of a dense layer share."""
    return array.lanes_per_row * (array.operand_width + array.separate_sums)
