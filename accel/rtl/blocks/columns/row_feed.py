"""Rows of W_x on the lanes by columns: offered like columns, but each lane reads the x of its own weights."""

from __future__ import annotations

from typing import Any

from myhdl import always, always_comb, always_seq, block

from accel.architecture.array import Array
from accel.architecture.dataflows.columns import ColumnArray
from accel.base.fixed import index_bits
from accel.rtl.blocks.columns.operand_queue import Column
from accel.rtl.blocks.lanes.fetch import operands
from accel.rtl.blocks.primitives.signals import bits, flag, signed_list
from accel.rtl.blocks.primitives.widths import fit_all, widened
from accel.rtl.blocks.streams.ping_pong import Write


class RowReading:
    """How the lanes read x and which of their rows they work on, at the stage behind the memory word."""

    def __init__(self, array: Array) -> None:
        self.x_bank = flag()
        """Bank of x; a stage earlier, with the memory word."""
        self.from_x = flag()
        """The lanes work on a row of W_x."""
        self.row = bits(index_bits(array.groups))
        """Which of its rows each lane works on then."""


@block
def offer_rows(clk: Any, reset: Any, ping_pong: Any, column: Column, row: Any, array: ColumnArray) -> Any:
    """Each lane's rows of W_x one after the other, as soon as x is complete; no operand is broadcast.

    In: clk, reset, ping_pong, column. Out: column.base, .last, .valid, .value, .void, row (high bits). Latency: 0.
    """
    last_row, per_row = array.groups - 1, array.nnz[0]
    valid, last, taken, base = column.valid, column.last, column.taken, column.base

    @always_comb
    def offering():
        valid.next = ping_pong.available
        last.next = row == last_row
        column.void.next = False
        column.value.next = 0

    @always_seq(clk.posedge, reset=reset)
    def counting():
        if taken and last:
            row.next = 0
            base.next = 0
        elif taken:
            row.next = row + 1
            base.next = base + per_row

    return offering, counting


@block
def give_back(clk: Any, reset: Any, taken: Any, last: Any, free: Any, release: Any) -> Any:
    """x is given back when the lanes are through its last row.

    In: clk, reset, taken (1 bit), last (1 bit), free (1 bit). Out: release (1 bit). Latency: 1 from the row's last
    address.
    """
    ending = flag()

    @always_seq(clk.posedge, reset=reset)
    def following():
        if taken:
            ending.next = last
        elif free:
            ending.next = False

    @always_seq(clk.posedge, reset=reset)
    def releasing():
        release.next = ending and free

    return following, releasing


@block
def select_operand(clk: Any, from_x: Any, x_values: Any, shared: Any, operand: Any) -> Any:
    """Operand registers in front of the multipliers: each lane's x, or the h that all share.

    In: clk, from_x (1 bit), x_values (signed, one a lane), shared (the operand that all lanes get). Out: operand
    (signed, one a lane). Latency: 1.
    """
    lanes = len(operand)
    x, h = widened(x_values, len(operand[0])), widened(shared, len(operand[0]))
    widening_x, widening_h = fit_all(x_values, x), fit_all(shared, h)

    @always(clk.posedge)
    def selecting():
        for n in range(lanes):
            if from_x:
                operand[n].next = x[n]
            else:
                operand[n].next = h[0]

    return widening_x, widening_h, selecting


@block
def fetch_x(
    clk: Any, word: Any, reading: RowReading, x: Write, shared: Any, operand: Any, array: ColumnArray, offset: int
) -> Any:
    """x at the indices that begin at bit `offset` of the word, or the operand that is shared a stage later.

    In: clk, word (word_width bits), reading, x, shared (signed, operand_width bits each). Out: operand (signed,
    operand_width bits each). Latency: 2 from the word.
    """
    lanes, vector = len(operand), array.x_vector
    x_values = signed_list(lanes, vector.aligned)
    reader = operands(clk, word, x, reading.x_bank, x_values, vector, vector, array, array.index_width, offset)
    selector = select_operand(clk, reading.from_x, x_values, shared, operand)
    return reader, selector
