"""Sums of a row: products gathered cycle by cycle, rows of several lanes added, totals shifted on."""

from __future__ import annotations

from typing import Any

from myhdl import always, block

from accel.rtl.blocks.primitives.signals import signed_list
from accel.rtl.blocks.primitives.widths import fit_all, widened


@block
def accumulate(clk: Any, first: Any, products: Any, totals: Any) -> Any:
    """totals += products, starting anew at `first`.

    In: clk, first (1 bit), products (signed, one a lane). Out: totals (signed, one a sum). Latency: 1.
    """
    lanes = len(totals)
    added = widened(products, len(totals[0]))
    widening = fit_all(products, added)

    @always(clk.posedge)
    def accumulating():
        for n in range(lanes):
            if first:
                totals[n].next = added[n]
            else:
                totals[n].next = totals[n] + added[n]

    return widening, accumulating


@block
def accumulate_parts(clk: Any, first: Any, of_h: Any, products: Any, totals: Any) -> Any:
    """`accumulate` where the last row has two totals for each lane: of its products with x, then of those with h.

    `of_h` [lanes of a row] tells which products are with h.

    In: clk, first (1 bit), of_h (a bit a lane), products (signed, one a lane). Out: totals (signed, one a sum).
    Latency: 1.
    """
    per_row = len(of_h)
    whole = len(products) - per_row
    added = widened(products, len(totals[0]))
    widening = fit_all(products, added)

    @always(clk.posedge)
    def accumulating():
        for n in range(whole):
            if first:
                totals[n].next = added[n]
            else:
                totals[n].next = totals[n] + added[n]

    @always(clk.posedge)
    def accumulating_x():
        for m in range(per_row):
            if of_h[m]:
                if first:
                    totals[whole + m].next = 0
            elif first:
                totals[whole + m].next = added[whole + m]
            else:
                totals[whole + m].next = totals[whole + m] + added[whole + m]

    @always(clk.posedge)
    def accumulating_h():
        for m in range(per_row):
            if not of_h[m]:
                if first:
                    totals[whole + per_row + m].next = 0
            elif first:
                totals[whole + per_row + m].next = added[whole + m]
            else:
                totals[whole + per_row + m].next = totals[whole + per_row + m] + added[whole + m]

    return widening, accumulating, accumulating_x, accumulating_h


@block
def add_neighbours(clk: Any, i: Any, o: Any, rows: int) -> Any:
    """One level of each row's adder tree; an odd last value passes.

    In: clk, i (any width). Out: o (as wide as i). Latency: 1.
    """
    before, after = len(i) // rows, len(o) // rows
    pairs = before // 2

    @always(clk.posedge)
    def adding():
        for r in range(rows):
            for p in range(pairs):
                o[r * after + p].next = i[r * before + 2 * p] + i[r * before + 2 * p + 1]

    @always(clk.posedge)
    def adding_and_passing():
        for r in range(rows):
            for p in range(pairs):
                o[r * after + p].next = i[r * before + 2 * p] + i[r * before + 2 * p + 1]
            o[r * after + pairs].next = i[r * before + before - 1]

    return adding_and_passing if before % 2 else adding


@block
def add_rows(clk: Any, i: Any, o: Any, rows: int) -> Any:
    """Sum of each row's partial totals (two lanes a row at least).

    In: clk, i (any width). Out: o (as wide as i). Latency: tree_levels(lanes of a row).
    """
    after = -(-len(i) // rows // 2)
    if after == 1:
        return add_neighbours(clk, i, o, rows)
    half = signed_list(rows * after, len(o[0]))
    level = add_neighbours(clk, i, half, rows)
    rest = add_rows(clk, half, o, rows)
    return level, rest


CAPTURE = """
genvar ${shift_out}_row;
generate
for (${shift_out}_row = 0; ${shift_out}_row < $rows; ${shift_out}_row = ${shift_out}_row + 1) begin: ${shift_out}_shift
    always @(posedge $clk)
        if ($capture) $shift_out[${shift_out}_row*$width +: $width] <= {$totals[${shift_out}_row]};
        else $shift_out[${shift_out}_row*$width +: $width] <= $shift_in[${shift_out}_row*$width +: $width];
end
endgenerate
"""


@block
def shift_register(clk: Any, capture: Any, totals: Any, shift_in: Any, shift_out: Any) -> Any:
    """Totals leave the unit side by side in one word: loaded at `capture`, else shifted on from the neighbour.

    So the cell stage finds unit after unit at fixed signals and needs no multiplexer.

    In: clk, capture (1 bit), totals (signed, one a sum), shift_in (S totals). Out: shift_out (S totals). Latency: 1.
    """
    rows, width = len(totals), len(totals[0])
    shift_register.verilog_code = CAPTURE
    shift_out.driven = "reg"
    for signal in (clk, capture, shift_in, *totals):
        signal.read = True
    mask = (1 << width) - 1

    @always(clk.posedge)
    def shifting():
        if capture:
            shift_out.next = sum((int(totals[n]) & mask) << n * width for n in range(rows))
        else:
            shift_out.next = shift_in

    return shifting
