"""Sums of rows whose x comes ahead of all h (decision 043): begun, laid aside, and gone on with."""

from __future__ import annotations

from typing import Any

from myhdl import always, block

from accel.architecture.dataflows.rows import PARTIAL_READ, RowArray
from accel.architecture.latencies import capture_delay, partial_delay
from accel.base.fixed import index_bits
from accel.rtl.blocks.primitives.memory import ram
from accel.rtl.blocks.primitives.register import delay
from accel.rtl.blocks.primitives.signals import bits, flag, signed_list
from accel.rtl.blocks.primitives.widths import fit_all, widened
from accel.rtl.blocks.primitives.words import cut_fields, flatten, unflatten


class Ahead:
    """When units lay sums aside, and when they go on with them; each signal is aligned to the stage that uses it."""

    def __init__(self, array: RowArray) -> None:
        self.write = flag()
        """The totals are those of what came ahead of a group."""
        self.write_group = bits(index_bits(array.groups))
        self.read = flag()
        self.read_group = bits(index_bits(array.groups))
        self.resume = flag()
        """What was read goes to the accumulators with the next cycle's products."""


@block
def lead_sums(clk: Any, reset: Any, issue: Any, ahead: Ahead, array: RowArray) -> Any:
    """Drive the signals of `Ahead`.

    In: clk, reset, issue. Out: ahead.read, .read_group, .resume, .write, .write_group. Latency: capture_delay to
    `write`, partial_delay to `read`, a cycle more to `resume`.
    """
    later = capture_delay(array) - partial_delay(array)
    writing = delay(clk, reset, issue.ahead, ahead.write, capture_delay(array))
    reading = delay(clk, reset, issue.resume, ahead.read, partial_delay(array))
    resuming = delay(clk, reset, ahead.read, ahead.resume, PARTIAL_READ - 1)
    numbering = delay(clk, reset, issue.group, ahead.read_group, partial_delay(array))
    waiting = delay(clk, reset, ahead.read_group, ahead.write_group, later)
    return writing, reading, resuming, numbering, waiting


@block
def resume_or_nothing(clk: Any, resume: Any, word: Any, begun: Any) -> Any:
    """What was read, or zeros where sums begin.

    In: clk, resume (1 bit), word (as wide as begun). Out: begun (the sums of all rows side by side). Latency: 1.
    """

    @always(clk.posedge)
    def choosing():
        if resume:
            begun.next = word
        else:
            begun.next = 0

    return choosing


@block
def partial_sums(clk: Any, ahead: Ahead, totals: Any, begun: Any, array: RowArray) -> Any:
    """A unit's memory of the sums of its rows with x, a word a group: its first `totals` are written, `begun` (out) is
    what the rows go on from.

    In: clk, ahead, totals (signed, total_width bits each). Out: begun (signed, total_width bits each).
    Latency: PARTIAL_READ from `read`.
    """
    rows, width, total = array.rows_per_unit, array.partial_width, array.total_width
    flat, written, read, late = bits(len(totals) * total), *(bits(rows * width) for _ in range(3))
    parts = begun if width == total else signed_list(rows, width)
    return (
        flatten(totals, flat),
        cut_fields(flat, written, total, width),
        ram(clk, ahead.read, ahead.write, ahead.write_group, written, ahead.read_group, read, array.groups),
        resume_or_nothing(clk, ahead.resume, read, late),
        unflatten(late, parts),
        fit_all(parts, begun),
    )


@block
def accumulate_onto(clk: Any, first: Any, begun: Any, products: Any, totals: Any) -> Any:
    """`accumulate` where, at `first`, the first lane of each row goes on from what its row had begun.

    In: clk, first (1 bit), begun (signed, one a sum), products (signed, one a lane). Out: totals (signed, one a sum).
    Latency: 1.
    """
    rows, per_row = len(begun), len(totals) // len(begun)
    added = widened(products, len(totals[0]))
    widening = fit_all(products, added)

    @always(clk.posedge)
    def going_on():
        for r in range(rows):
            if first:
                totals[r * per_row].next = begun[r] + added[r * per_row]
            else:
                totals[r * per_row].next = totals[r * per_row] + added[r * per_row]

    @always(clk.posedge)
    def accumulating():
        for r in range(rows):
            for m in range(1, per_row):
                if first:
                    totals[r * per_row + m].next = added[r * per_row + m]
                else:
                    totals[r * per_row + m].next = totals[r * per_row + m] + added[r * per_row + m]

    return (widening, going_on) if per_row == 1 else (widening, going_on, accumulating)


@block
def accumulate_parts_onto(clk: Any, first: Any, begun: Any, of_h: Any, products: Any, totals: Any) -> Any:
    """`accumulate_onto` where the last row has two totals for each lane, as `accumulate_parts` has them: what it had
    begun is of x.

    In: clk, first (1 bit), begun (signed, one a sum), of_h (a bit a lane), products (signed, one a lane). Out: totals
    (signed, one a sum). Latency: 1.
    """
    per_row, rows = len(of_h), len(begun)
    last, of_sum_h = (rows - 1) * per_row, rows * per_row
    added = widened(products, len(totals[0]))
    widening = fit_all(products, added)

    @always(clk.posedge)
    def going_on():
        for r in range(rows - 1):
            if first:
                totals[r * per_row].next = begun[r] + added[r * per_row]
            else:
                totals[r * per_row].next = totals[r * per_row] + added[r * per_row]

    @always(clk.posedge)
    def going_on_with_x():
        if of_h[0]:
            if first:
                totals[last].next = begun[rows - 1]
        elif first:
            totals[last].next = begun[rows - 1] + added[last]
        else:
            totals[last].next = totals[last] + added[last]

    @always(clk.posedge)
    def accumulating():
        for r in range(rows - 1):
            for m in range(1, per_row):
                if first:
                    totals[r * per_row + m].next = added[r * per_row + m]
                else:
                    totals[r * per_row + m].next = totals[r * per_row + m] + added[r * per_row + m]

    @always(clk.posedge)
    def accumulating_x():
        for m in range(1, per_row):
            if of_h[m]:
                if first:
                    totals[last + m].next = 0
            elif first:
                totals[last + m].next = added[last + m]
            else:
                totals[last + m].next = totals[last + m] + added[last + m]

    @always(clk.posedge)
    def accumulating_h():
        for m in range(per_row):
            if not of_h[m]:
                if first:
                    totals[of_sum_h + m].next = 0
            elif first:
                totals[of_sum_h + m].next = added[last + m]
            else:
                totals[of_sum_h + m].next = totals[of_sum_h + m] + added[last + m]

    alone = widening, going_on, going_on_with_x, accumulating_h
    return alone if per_row == 1 else (alone, accumulating, accumulating_x)
