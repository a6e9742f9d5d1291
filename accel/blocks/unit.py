"""One unit of the lane array: a Verilog module of its own, converted once and instantiated P times.

Converting the whole array flat would take time and text that grow with every lane; this way the text of the lanes is
written once. Natively the same block runs, so there is one source and two executions.
"""

from __future__ import annotations

from typing import Any

from myhdl import always, block

from accel.blocks.lanes import (
    LaneControl,
    Write,
    add_rows,
    capture_chain,
    carry,
    multiply_accumulate,
    operands,
    select,
    select_x,
    weights,
)
from accel.blocks.signals import bits, flag, signed_list
from accel.shape import Array


@block
def unit(clk: Any, word: Any, control: Any, x: Any, h: Any, chain_in: Any, chain_out: Any, array: Array) -> Any:
    """Rows of one unit: memory word in, exact totals on the chain. Latency: capture_delay + 1 - ADDRESS_TO_FETCH.

    `h` is None for a layer without state.
    """
    rows, lanes = array.rows_per_unit, array.rows_per_unit * array.lanes_per_row
    stride, width = array.weight_width + array.index_width, array.weight_width
    stored, kept = signed_list(lanes, width), signed_list(lanes, width)
    x_values = signed_list(lanes, array.x_vector.aligned)
    operand = signed_list(lanes, array.operand_width)
    partial = signed_list(lanes, array.total_width)

    slicer = weights(clk, word, stored, stride)
    carrier = carry(clk, stored, kept)
    x_reader = operands(clk, word, x, control.x_bank, x_values, array.x_vector, stride, width)
    accumulator = multiply_accumulate(clk, control.first, kept, operand, partial)
    if h is None:
        selector = [select_x(clk, control.clear, rows, x_values, operand)]
    else:
        h_values = signed_list(lanes, array.h_vector.aligned)
        h_reader = operands(clk, word, h, control.h_bank, h_values, array.h_vector, stride, width)
        selector = [h_reader, select(clk, control.clear, control.from_h, rows, x_values, h_values, operand)]
    if array.lanes_per_row == 1:
        chain = [capture_chain(clk, control.capture, partial, chain_in, chain_out)]
    else:
        totals = signed_list(rows, array.total_width)
        tree = add_rows(clk, partial, totals, rows)
        chain = [tree, capture_chain(clk, control.capture, totals, chain_in, chain_out)]
    return slicer, carrier, x_reader, accumulator, selector, chain


def unit_signals(array: Array) -> dict[str, Any]:
    """Fresh signals for every port of a unit, by the unit's argument names."""
    chain = array.rows_per_unit * array.total_width
    return {
        "clk": flag(),
        "word": bits(array.word_width),
        "control": LaneControl(array),
        "x": Write(array.x_vector),
        "h": Write(array.h_vector) if array.recurrent else None,
        "chain_in": bits(chain),
        "chain_out": bits(chain),
    }


@block
def recurrent_instance(
    clk: Any, word: Any, control: Any, x: Any, h: Any, chain_in: Any, chain_out: Any, module: str, number: int
) -> Any:
    """The Verilog module of a unit with state, in place of `unit` while converting. Latency: as `unit`.

    The generator is never converted or run: it makes MyHDL declare every signal that the text connects.
    """
    control_x_bank, control_clear, control_first = control.x_bank, control.clear, control.first
    control_capture, control_h_bank, control_from_h = control.capture, control.h_bank, control.from_h
    x_enable, x_address, x_word = x.enable, x.address, x.word
    h_enable, h_address, h_word = h.enable, h.address, h.word
    recurrent_instance.verilog_code = _instance(module, number, (*PORTS, *RECURRENT_PORTS))
    chain_out.driven = "wire"
    for signal in (clk, word, chain_in, *vars(control).values(), *vars(x).values(), *vars(h).values()):
        signal.read = True

    @always(clk.posedge)
    def declared():
        if control_x_bank and control_h_bank and control_first and control_capture and control_clear == control_from_h:
            chain_out.next = chain_in
        if x_enable and h_enable and x_address == h_address and x_word == h_word:
            chain_out.next = word

    return declared


@block
def feedforward_instance(
    clk: Any, word: Any, control: Any, x: Any, chain_in: Any, chain_out: Any, module: str, number: int
) -> Any:
    """The Verilog module of a unit without state, as `recurrent_instance`. Latency: as `unit`."""
    control_x_bank, control_clear, control_first = control.x_bank, control.clear, control.first
    control_capture = control.capture
    x_enable, x_address, x_word = x.enable, x.address, x.word
    feedforward_instance.verilog_code = _instance(module, number, PORTS)
    chain_out.driven = "wire"
    for signal in (clk, word, chain_in, *vars(control).values(), *vars(x).values()):
        signal.read = True

    @always(clk.posedge)
    def declared():
        if control_x_bank and control_first and control_capture and control_clear == 0:
            chain_out.next = chain_in
        if x_enable and x_address == x_word:
            chain_out.next = word

    return declared


PORTS = (
    *("clk", "word", "chain_in", "chain_out", "x_enable", "x_address", "x_word"),
    *("control_x_bank", "control_clear", "control_first", "control_capture"),
)
RECURRENT_PORTS = ("h_enable", "h_address", "h_word", "control_h_bank", "control_from_h")


def _instance(module: str, number: int, ports: tuple[str, ...]) -> str:
    connections = ", ".join(f".{port}(${port})" for port in ports)
    return f"\n{module} {module}_{number} ({connections});\n"
