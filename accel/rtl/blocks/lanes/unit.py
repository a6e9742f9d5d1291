"""One unit of the lane array: a Verilog module of its own, converted once and instantiated P times.

Converting the whole array flat would take time and text that grow with every lane; this way the text of the lanes is
written once. Natively the same block runs, so there is one source and two executions.
"""

from __future__ import annotations

from typing import Any

from myhdl import always, block

from accel.architecture.array import Array
from accel.architecture.dataflows.rows import RowArray
from accel.rtl.blocks.lanes.fetch import Reading, carry, fetch, weights
from accel.rtl.blocks.lanes.products import weigh
from accel.rtl.blocks.lanes.totals import accumulate, accumulate_parts, add_rows, capture_chain
from accel.rtl.blocks.primitives.register import register
from accel.rtl.blocks.primitives.signals import bits, flag, signed_list
from accel.rtl.blocks.primitives.words import bits_above, unflatten
from accel.rtl.blocks.streams.inbox import Write


@block
def rows(
    clk: Any,
    word: Any,
    first: Any,
    capture: Any,
    operand: Any,
    of_h: Any,
    chain_in: Any,
    chain_out: Any,
    array: RowArray,
) -> Any:
    """Multiply, accumulate and pass on: values of the memory word times operands, which come a stage later.

    `of_h` tells for each lane of a row, a stage behind its operand, whether that is h, where a row has two sums; else
    None. Latency: capture_delay + 1 - ADDRESS_TO_FETCH.
    """
    count, lanes = array.sums_per_unit, array.rows_per_unit * array.lanes_per_row
    stored, kept = signed_list(lanes, array.weight_width), signed_list(lanes, array.weight_width)
    waiting = signed_list(lanes, array.weight_width) if array.operand_register else stored
    products = signed_list(lanes, array.product_width)
    partial = signed_list(count * array.lanes_per_row, array.total_width)

    slicer = weights(clk, word, stored, array.weight_width)
    waiter = [carry(clk, stored, waiting)] if array.operand_register else []
    carrier = carry(clk, waiting, kept)
    multiplier = weigh(clk, kept, operand, products, array)
    if of_h is None:
        accumulator = accumulate(clk, first, products, partial)
    else:
        accumulator = accumulate_parts(clk, first, of_h, products, partial)
    if array.lanes_per_row == 1:
        chain = capture_chain(clk, capture, partial, chain_in, chain_out)
        return slicer, waiter, carrier, multiplier, accumulator, chain
    totals = signed_list(count, array.total_width)
    tree = add_rows(clk, partial, totals, count)
    chain = capture_chain(clk, capture, totals, chain_in, chain_out)
    return slicer, waiter, carrier, multiplier, accumulator, tree, chain


@block
def unit(
    clk: Any,
    word: Any,
    first: Any,
    capture: Any,
    reading: Any,
    x: Any,
    h: Any,
    chain_in: Any,
    chain_out: Any,
    array: RowArray,
) -> Any:
    """Rows of one unit with operand memories of its own: memory word in, exact totals on the chain.

    `h` is None for a layer without state. Latency: as `rows`.
    """
    operand = signed_list(array.indices, array.operand_width)
    offset = array.rows_per_unit * array.lanes_per_row * array.weight_width
    fetching = fetch(clk, word, reading, x, h, operand, array, offset)
    if not array.split_rows:
        return fetching, rows(clk, word, first, capture, operand, None, chain_in, chain_out, array)
    with_operand, of_h = bits(array.lanes_per_row), bits(array.lanes_per_row)
    waiting = (register(clk, reading.from_h, with_operand), register(clk, with_operand, of_h))
    return fetching, waiting, rows(clk, word, first, capture, operand, of_h, chain_in, chain_out, array)


@block
def dense_unit(
    clk: Any, word: Any, first: Any, capture: Any, shared: Any, chain_in: Any, chain_out: Any, array: RowArray
) -> Any:
    """Rows of one unit of a dense layer: the operands come from outside, the same for all units.

    Where a row has two sums, `shared` tells above the operands which of them are h. Latency: as `rows`.
    """
    operand = signed_list(array.lanes_per_row, array.operand_width)
    parting = unflatten(shared, operand)
    if not array.split_rows:
        return parting, rows(clk, word, first, capture, operand, None, chain_in, chain_out, array)
    with_operand, of_h = bits(array.lanes_per_row), bits(array.lanes_per_row)
    taking = bits_above(shared, with_operand, array.lanes_per_row * array.operand_width)
    waiting = register(clk, with_operand, of_h)
    return parting, taking, waiting, rows(clk, word, first, capture, operand, of_h, chain_in, chain_out, array)


def shared_width(array: Array) -> int:
    """Bits of what the units of a dense layer share."""
    return array.lanes_per_row * (array.operand_width + array.split_rows)


def unit_block(array: RowArray) -> Any:
    """A unit of the array on fresh signals, as it is converted to a module."""
    chain = array.sums_per_unit * array.total_width
    ends = {"chain_in": bits(chain), "chain_out": bits(chain), "array": array}
    common = {"clk": flag(), "word": bits(array.word_width), "first": flag(), "capture": flag()}
    if array.dense:
        return dense_unit(**common, shared=bits(shared_width(array)), **ends)
    h = Write(array.h_vector) if array.recurrent else None
    return unit(**common, reading=Reading(array), x=Write(array.x_vector), h=h, **ends)


@block
def recurrent_instance(
    clk: Any,
    word: Any,
    first: Any,
    capture: Any,
    reading: Any,
    x: Any,
    h: Any,
    chain_in: Any,
    chain_out: Any,
    module: str,
    number: int,
) -> Any:
    """The Verilog module of a unit with state, in place of `unit` while converting. Latency: as `unit`.

    The generator is never converted or run: it makes MyHDL declare every signal that the text connects.
    """
    reading_x_bank, reading_clear = reading.x_bank, reading.clear
    reading_h_bank, reading_from_h = reading.h_bank, reading.from_h
    x_enable, x_bank, x_place, x_word = x.enable, x.bank, x.place, x.word
    h_enable, h_bank, h_place, h_word = h.enable, h.bank, h.place, h.word
    recurrent_instance.verilog_code = _instance(module, number, (*PORTS, *X_PORTS, *H_PORTS))
    chain_out.driven = "wire"
    for signal in (clk, word, first, capture, chain_in, *vars(reading).values(), *vars(x).values(), *vars(h).values()):
        signal.read = True

    @always(clk.posedge)
    def declared():
        if first and capture and reading_x_bank and reading_h_bank == 0 and reading_clear == reading_from_h:
            chain_out.next = chain_in
        if x_enable and h_enable and x_bank == h_bank and x_place == h_place and x_word == h_word:
            chain_out.next = word

    return declared


@block
def feedforward_instance(
    clk: Any,
    word: Any,
    first: Any,
    capture: Any,
    reading: Any,
    x: Any,
    chain_in: Any,
    chain_out: Any,
    module: str,
    number: int,
) -> Any:
    """The Verilog module of a unit without state, as `recurrent_instance`. Latency: as `unit`."""
    reading_x_bank, reading_clear = reading.x_bank, reading.clear
    x_enable, x_bank, x_place, x_word = x.enable, x.bank, x.place, x.word
    feedforward_instance.verilog_code = _instance(module, number, (*PORTS, *X_PORTS))
    chain_out.driven = "wire"
    for signal in (clk, word, first, capture, chain_in, *vars(reading).values(), *vars(x).values()):
        signal.read = True

    @always(clk.posedge)
    def declared():
        if first and capture and reading_x_bank and reading_clear == 0:
            chain_out.next = chain_in
        if x_enable and x_bank == x_place and x_word == 0:
            chain_out.next = word

    return declared


@block
def dense_instance(
    clk: Any,
    word: Any,
    first: Any,
    capture: Any,
    shared: Any,
    chain_in: Any,
    chain_out: Any,
    module: str,
    number: int,
) -> Any:
    """The Verilog module of a unit of a dense layer, as `recurrent_instance`. Latency: as `unit`."""
    dense_instance.verilog_code = _instance(module, number, (*PORTS, "shared"))
    chain_out.driven = "wire"
    for signal in (clk, word, first, capture, shared, chain_in):
        signal.read = True

    @always(clk.posedge)
    def declared():
        if first and capture and shared == word:
            chain_out.next = chain_in

    return declared


PORTS = ("clk", "word", "first", "capture", "chain_in", "chain_out")
X_PORTS = ("reading_x_bank", "reading_clear", "x_enable", "x_bank", "x_place", "x_word")
H_PORTS = ("reading_h_bank", "reading_from_h", "h_enable", "h_bank", "h_place", "h_word")


def _instance(module: str, number: int, ports: tuple[str, ...]) -> str:
    connections = ", ".join(f".{port}(${port})" for port in ports)
    return f"\n{module} {module}_{number} ({connections});\n"
