"""Scales: each row's exact total times the row's own factor, between the lanes and the cell stage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from myhdl import block

from accel.architecture.array import Array
from accel.base.fixed import Fixed
from accel.rtl.blocks.primitives.arithmetic import multiply
from accel.rtl.blocks.primitives.memory import rom, scratchpad
from accel.rtl.blocks.primitives.register import as_signed, gather, register
from accel.rtl.blocks.primitives.signals import bits, signed


@dataclass(frozen=True)
class ScaleConstants:
    """Format of the scales, the contents of their memory, a word a slot, and the file that holds them."""

    scale: Fixed
    words: tuple[int, ...]
    file: str


@block
def scale_row(clk: Any, total: Any, factor: Any, scaled: Any) -> Any:
    """total * factor, in two's complement.

    In: clk, total (two's complement, total_width bits), factor (two's complement, in formats.scale). Out: scaled
    (signed, the bits of both). Latency: SCALED.
    """
    row_total, row_factor = signed(len(total)), signed(len(factor))
    product = signed(len(scaled))
    reading_total = as_signed(total, row_total)
    reading_factor = as_signed(factor, row_factor)
    multiplying = multiply(clk, row_total, row_factor, product)
    leaving = register(clk, product, scaled)
    return reading_total, reading_factor, multiplying, leaving


@block
def scale_unit(clk: Any, head: Any, factors: Any, scaled: Any, array: Array, scale: Fixed) -> Any:
    """The totals of one unit, side by side, each times its factor.

    In: clk, head (S totals), factors (S factors). Out: scaled (S sums of scaled_width bits). Latency: SCALED.
    """
    rows, width, narrow = array.sums_per_unit, array.total_width, scale.width
    totals = [head((r + 1) * width, r * width) for r in range(rows)]
    factor = [factors((r + 1) * narrow, r * narrow) for r in range(rows)]
    products = [signed(array.scaled_width) for _ in range(rows)]
    multipliers = [scale_row(clk, totals[r], factor[r], products[r]) for r in range(rows)]
    gathering = gather(products, scaled)
    return multipliers, gathering


@block
def scale_totals(
    clk: Any, slot: Any, unit_totals: Any, scaled: Any, array: Array, constants: ScaleConstants, stores: Any
) -> Any:
    """Totals of the E units of a slot to scaled totals; the slot comes SLOT_TO_TOTALS before its totals.

    `stores` are the writes into the layer's weights where they are loaded, else None.

    In: clk, slot, unit_totals (E words of S totals), stores (or None). Out: scaled (E words of S scaled sums).
    Latency: SCALED from the totals.
    """
    scale = constants.scale
    cells, width = array.cells, array.sums_per_unit * scale.width
    read, factors = bits(cells * width), bits(cells * width)
    words = [factors((e + 1) * width, e * width) for e in range(cells)]
    if not array.writable:
        memory = rom(clk, slot.beat, read, constants.words, constants.file)
    else:
        store = stores.scales
        memory = scratchpad(clk, slot.weight_set, slot.beat, read, store.enable, store.address, store.word, array.beats)
    leaving = register(clk, read, factors)
    units = [scale_unit(clk, unit_totals[e], words[e], scaled[e], array, scale) for e in range(cells)]
    return memory, leaving, units
