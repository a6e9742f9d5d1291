"""The lanes' way through the columns of x_t and h_{t-1}, one after the other, and when a step begins on them."""

from __future__ import annotations

from typing import Any

from myhdl import always_comb, always_seq, block

from accel.architecture.dataflows.columns import ColumnArray
from accel.base.fixed import index_bits
from accel.rtl.blocks.columns.operand_queue import Column
from accel.rtl.blocks.columns.row_feed import give_back
from accel.rtl.blocks.primitives.arithmetic import align
from accel.rtl.blocks.primitives.signals import bits, flag, signed


class Traversal:
    """What the lanes do, at the address stage."""

    def __init__(self, array: ColumnArray) -> None:
        self.address = bits(index_bits(array.depth))
        self.valid = flag()
        """The word at the address is added; else there is none for the lanes."""
        self.operand = signed(array.operand_width)
        self.of_h = flag()
        """The operand is h, where that makes a difference: where a row has two sums."""
        self.bank = flag()
        """Accumulators of the step."""
        self.begin = flag()
        """A step takes its first column."""
        self.next_bank = flag()
        """Accumulators of the step that takes a column or begins."""
        self.finished = flag()
        """Last cycle of a step."""
        self.weight_set = flag()
        """Set of weights that the step reads, where they are loaded."""
        self.from_x = flag()
        """Where W_x goes by rows: the lanes work on one."""
        self.row = bits(index_bits(array.groups))
        """Its number."""
        self.x_bank = flag()
        """Bank of x that they read."""


@block
def traverse_row(clk: Any, reset: Any, x: Column, row: Any, free: Any, ping_pong: Any, traversal: Traversal) -> Any:
    """The row of W_x that is traversed, and when its x is given back.

    In: clk, reset, x, row (number of a row of a lane), free (1 bit), ping_pong. Out: ping_pong.release,
    traversal.from_x, traversal.row, traversal.x_bank. Latency: 1.
    """
    taken, last = x.taken, x.last

    @always_seq(clk.posedge, reset=reset)
    def following():
        if taken:
            traversal.from_x.next = True
            traversal.row.next = row
            traversal.x_bank.next = ping_pong.bank
        elif free:
            traversal.from_x.next = False

    return following, give_back(clk, reset, taken, last, free, ping_pong.release)


class Turn:
    """Whose turn it is on the lanes, and how long."""

    def __init__(self, array: ColumnArray) -> None:
        self.free = flag()
        """The lanes can take the next column."""
        self.remaining = bits(index_bits(max(array.nnz)))
        """Weights of the column that come after the present one."""
        self.busy = flag()
        self.from_h = flag()
        """Columns of h are taken, else those of x."""
        self.started = flag()
        """A column of the step has been taken."""
        self.closing = flag()
        """The column is the step's last one."""


@block
def choose_columns(x: Column, h: Column, ping_pong: Any, bank_free: Any, traversal: Traversal, turn: Turn) -> Any:
    """Which column is taken (x.taken, h.taken; out), and what begins and ends with it.

    In: x, h, bank_free (1 bit), turn. Out: x.taken, h.taken, ping_pong.take, ping_pong.turn, traversal.begin,
    traversal.finished, turn.free. Latency: 0.
    """
    x_taken, free = x.taken, turn.free

    @always_comb
    def resting():
        free.next = turn.remaining == 0

    @always_comb
    def choosing():
        x_taken.next = free and x.valid and not turn.from_h and (turn.started or bank_free)
        h.taken.next = free and h.valid and turn.from_h

    @always_comb
    def telling():
        traversal.begin.next = x_taken and not turn.started
        ping_pong.turn.next = x_taken and not turn.started
        ping_pong.take.next = x_taken and x.last
        traversal.finished.next = turn.busy and turn.closing and turn.remaining == 0

    return resting, choosing, telling


@block
def count_weights(
    clk: Any, reset: Any, x: Column, h: Column, traversal: Traversal, turn: Turn, array: ColumnArray
) -> Any:
    """The weights of the column that was taken, one after the other, with its operand.

    In: clk, reset, x, h, turn. Out: traversal.address, traversal.operand, traversal.valid, turn.remaining. Latency: 1.
    """
    more_x, more_h = (count - 1 for count in array.nnz)
    x_taken, h_taken, free, remaining = x.taken, h.taken, turn.free, turn.remaining
    x_operand, h_operand = signed(array.operand_width), signed(array.operand_width)

    @always_seq(clk.posedge, reset=reset)
    def counting():
        if x_taken and not x.void:
            remaining.next = more_x
        elif h_taken and not h.void:
            remaining.next = more_h
        elif not free:
            remaining.next = remaining - 1

    @always_seq(clk.posedge, reset=reset)
    def addressing():
        if x_taken:
            traversal.address.next = x.base
        elif h_taken:
            traversal.address.next = h.base
        elif not free:
            traversal.address.next = traversal.address + 1

    @always_seq(clk.posedge, reset=reset)
    def working():
        if x_taken and not x.void:
            traversal.valid.next = True
            traversal.operand.next = x_operand
        elif h_taken and not h.void:
            traversal.valid.next = True
            traversal.operand.next = h_operand
        elif free:
            traversal.valid.next = False
            traversal.operand.next = 0

    aligning = align(x.value, x_operand, array.x_shift), align(h.value, h_operand, array.h_shift)
    return counting, addressing, working, aligning


@block
def tell_sides(clk: Any, reset: Any, x: Column, h: Column, traversal: Traversal) -> Any:
    """Whether the operand is h, where a row's x and h sums are two.

    In: clk, reset, x, h. Out: traversal.of_h. Latency: 1.
    """

    @always_seq(clk.posedge, reset=reset)
    def parting():
        if x.taken:
            traversal.of_h.next = False
        elif h.taken:
            traversal.of_h.next = True

    return parting


@block
def keep_set(clk: Any, reset: Any, ping_pong: Any, traversal: Traversal) -> Any:
    """The set of weights that a step reads, from its begin on.

    In: clk, reset, ping_pong, traversal. Out: traversal.weight_set. Latency: 1.
    """

    @always_seq(clk.posedge, reset=reset)
    def keeping():
        if traversal.begin:
            traversal.weight_set.next = ping_pong.weight_set

    return keeping


@block
def follow_steps(clk: Any, reset: Any, x: Column, h: Column, fresh: Any, traversal: Traversal, turn: Turn) -> Any:
    """From x to h, unless the sequence begins (`fresh`, in), and on to the next step and its bank.

    In: clk, reset, x, h, fresh (1 bit), turn. Out: traversal.bank, traversal.next_bank, turn.busy, turn.closing,
    turn.from_h, turn.started. Latency: 1.
    """
    x_taken, h_taken, x_last, h_last = x.taken, h.taken, x.last, h.last

    @always_seq(clk.posedge, reset=reset)
    def stepping():
        if x_taken:
            turn.busy.next = True
            turn.closing.next = x_last and fresh
            turn.started.next = not x_last
            turn.from_h.next = x_last and not fresh
            traversal.bank.next = traversal.next_bank
        elif h_taken:
            turn.busy.next = True
            turn.closing.next = h_last
            turn.from_h.next = not h_last
        elif turn.free:
            turn.busy.next = False

    @always_seq(clk.posedge, reset=reset)
    def going_on():
        if (x_taken and x_last and fresh) or (h_taken and h_last):
            traversal.next_bank.next = not traversal.next_bank

    return stepping, going_on


@block
def give_x_back(x: Column, release: Any) -> Any:
    """x is given back (out) as its last column is taken.

    In: x. Out: release (1 bit). Latency: 0.
    """

    @always_comb
    def giving_back():
        release.next = x.taken and x.last

    return giving_back


@block
def traverse_columns(
    clk: Any,
    reset: Any,
    x: Column,
    h: Column,
    row: Any,
    ping_pong: Any,
    bank_free: Any,
    traversal: Traversal,
    array: ColumnArray,
) -> Any:
    """Columns of x, then those of h unless the sequence begins, then the next step's: K_x or K_h cycles each.

    A step begins as soon as its first x is there and its accumulators are free (`bank_free`). A vector that ends
    without a column takes a cycle. Where W_x goes by rows, these stand in the place of columns, and `row` is the number
    of the next one.

    In: clk, reset, row (number of a row of a lane), ping_pong, bank_free (1 bit). Out: x.taken, h.taken,
    ping_pong.release, ping_pong.take, ping_pong.turn, traversal.address, .bank, .begin, .finished, .from_x, .next_bank,
    .of_h, .operand, .row, .valid, .weight_set, .x_bank. Latency: 1 from a column to its first address.
    """
    turn = Turn(array)
    choosing = choose_columns(x, h, ping_pong, bank_free, traversal, turn)
    counting = count_weights(clk, reset, x, h, traversal, turn, array)
    following = follow_steps(clk, reset, x, h, ping_pong.fresh, traversal, turn)
    if array.x_by_rows:
        releasing = traverse_row(clk, reset, x, row, turn.free, ping_pong, traversal)
    else:
        releasing = give_x_back(x, ping_pong.release)
    parting = [tell_sides(clk, reset, x, h, traversal)] if array.separate_sums else []
    sets = [keep_set(clk, reset, ping_pong, traversal)] if array.writable else []
    return choosing, counting, following, releasing, parting, sets
