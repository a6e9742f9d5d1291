"""All units of a layer by columns with their weight memories, and what steers their accumulators."""

from __future__ import annotations

from typing import Any

from myhdl import always_comb, always_seq, block

from accel.architecture.dataflows.columns import ColumnArray
from accel.architecture.latencies import ADDRESS_TO_FETCH, DRAIN_TO_CAPTURE, WORD_TO_READ, address_to_word
from accel.base.fixed import index_bits
from accel.rtl.blocks.columns.accumulators import Steering
from accel.rtl.blocks.columns.column_unit import broadcast_width, column_unit
from accel.rtl.blocks.columns.drain import Drain
from accel.rtl.blocks.columns.mixed_unit import mixed_unit
from accel.rtl.blocks.columns.row_feed import RowReading
from accel.rtl.blocks.columns.traversal import Traversal
from accel.rtl.blocks.lanes.lane_array import ArrayConstants, scratchpads, weight_memories, zero
from accel.rtl.blocks.primitives.module import module
from accel.rtl.blocks.primitives.register import delay, gather, register
from accel.rtl.blocks.primitives.signals import bits, flag
from accel.rtl.blocks.streams.ping_pong import Write


@block
def same_bank(valid: Any, bank: Any, other: Any, same: Any) -> Any:
    """Whether a product that is under way goes to the bank of another one.

    In: valid (1 bit), bank (1 bit), other (1 bit). Out: same (1 bit). Latency: 0.
    """

    @always_comb
    def comparing():
        same.next = valid and bank == other

    return comparing


@block
def steer_lanes(clk: Any, reset: Any, traversal: Traversal, steering: Steering, array: ColumnArray) -> Any:
    """Where the products' sums are, and where they go.

    In: clk, reset, traversal. Out: steering.bank, .far, .middle, .near, .write_lower, .write_upper. Latency: per
    signal, see Steering.
    """
    read = address_to_word(array) + WORD_TO_READ
    valids, banks = [flag() for _ in range(3)], [flag() for _ in range(3)]
    near, middle, far = steering.near, steering.middle, steering.far
    sum_valid, sum_bank = valids[1], banks[1]

    @always_comb
    def writing():
        steering.write_lower.next = sum_valid and not sum_bank
        steering.write_upper.next = sum_valid and sum_bank

    reading = delay(clk, reset, traversal.bank, steering.bank, read)
    valid_stages = [delay(clk, reset, traversal.valid, valids[n], read + 1 + n) for n in range(3)]
    bank_stages = [delay(clk, reset, traversal.bank, banks[n], read + 1 + n) for n in range(3)]
    nears = same_bank(valids[0], banks[0], steering.bank, near)
    middles = same_bank(valids[1], banks[1], steering.bank, middle)
    fars = same_bank(valids[2], banks[2], steering.bank, far)
    return writing, reading, valid_stages, bank_stages, nears, middles, fars


@block
def steer_drain(clk: Any, reset: Any, drain: Drain, cleared: Any, place: Any, steering: Steering) -> Any:
    """Groups are read for the cell stage and cleared behind it; before all, all are cleared.

    In: clk, reset, drain, cleared (1 bit), place (number of a group). Out: steering.capture, .clear_group,
    .clear_lower, .clear_upper, .drain_bank, .drain_lower, .drain_upper, .group. Latency: per signal.
    """
    group, reading, bank = drain.group, drain.reading, drain.write_bank

    @always_comb
    def selecting():
        steering.group.next = group
        steering.drain_lower.next = reading and not bank
        steering.drain_upper.next = reading and bank

    @always_seq(clk.posedge, reset=reset)
    def clearing():
        steering.clear_lower.next = (reading and not bank) or not cleared
        steering.clear_upper.next = (reading and bank) or not cleared
        if cleared:
            steering.clear_group.next = group
        else:
            steering.clear_group.next = place

    banks = register(clk, bank, steering.drain_bank)
    capturing = delay(clk, reset, reading, steering.capture, DRAIN_TO_CAPTURE)
    return selecting, clearing, banks, capturing


@block
def read_rows(clk: Any, reset: Any, traversal: Traversal, reading: RowReading) -> Any:
    """How the lanes read x, where W_x goes by rows.

    In: clk, reset, traversal. Out: reading.from_x, reading.row, reading.x_bank. Latency: per signal, see RowReading.
    """
    banks = delay(clk, reset, traversal.x_bank, reading.x_bank, ADDRESS_TO_FETCH)
    sides = delay(clk, reset, traversal.from_x, reading.from_x, ADDRESS_TO_FETCH + 1)
    rows = delay(clk, reset, traversal.row, reading.row, ADDRESS_TO_FETCH + 1)
    return banks, sides, rows


@block
def mixed_units(
    clk: Any,
    reset: Any,
    traversal: Traversal,
    x: Write,
    words: Any,
    shared: Any,
    steering: Steering,
    shifted: Any,
    array: ColumnArray,
) -> Any:
    """`column_units` whose lanes read x themselves.

    In: clk, reset, traversal, x, words (word_width bits each), shared (the operand that all lanes get), steering. Out:
    shifted (P + E words of S totals). Latency: as `mixed_unit`.
    """
    reading = RowReading(array)
    ends = [(shifted[n + array.cells], shifted[n]) for n in range(array.units)]
    readings = read_rows(clk, reset, traversal, reading)
    units = [mixed_unit(clk, words[n], shared, reading, x, steering, *ends[n], array) for n in range(array.units)]
    return readings, units


@block
def column_units(clk: Any, words: Any, shared: Any, steering: Steering, shifted: Any, array: ColumnArray) -> Any:
    """Units side by side; each passes its sums on along `shifted`.

    In: clk, words (word_width bits each), shared (the operand that all lanes get), steering. Out: shifted
    (P + E words of S totals). Latency: as `column_unit`.
    """
    ends = [(shifted[n + array.cells], shifted[n]) for n in range(array.units)]
    return [column_unit(clk, words[n], shared, steering, *ends[n], array) for n in range(array.units)]


@module
def column_array(
    clk: Any,
    reset: Any,
    traversal: Traversal,
    x: Write,
    drain: Drain,
    cleared: Any,
    place: Any,
    unit_totals: Any,
    constants: ArrayConstants,
    stores: Any,
) -> Any:
    """P units; `unit_totals` leave the shift registers of the first E; `x` are the writes into the lanes' own memories
    of x, where W_x goes by rows; `stores` those into weights that are loaded, else None.

    In: clk, reset, traversal, x, drain, cleared (1 bit), place (number of a group), stores (or None). Out: unit_totals
    (E words of S totals). Latency: DRAIN_TO_CAPTURE + 1 from a group to `unit_totals`.
    """
    array: Any = constants.array
    steering = Steering(index_bits(array.groups))
    shifted = [*unit_totals, *[bits(len(unit_totals[0])) for _ in range(array.units)]]
    words = [bits(array.word_width) for _ in range(array.units)]
    operand, shared = bits(broadcast_width(array)), bits(broadcast_width(array))
    traversed = traversal.operand
    parts = [traversed(array.operand_width, 0), *([traversal.of_h] if array.separate_sums else [])]

    lanes = steer_lanes(clk, reset, traversal, steering, array)
    drains = steer_drain(clk, reset, drain, cleared, place, steering)
    flattening = gather(parts, operand)
    broadcasting = delay(clk, reset, operand, shared, ADDRESS_TO_FETCH + 1)
    if array.writable:
        memories = scratchpads(clk, traversal, words, stores.weights, array)
    else:
        memories = weight_memories(clk, traversal.address, words, constants)
    endings = [zero(clk, shifted[array.units + e]) for e in range(len(unit_totals))]
    if array.x_by_rows:
        units = mixed_units(clk, reset, traversal, x, words, shared, steering, shifted, array)
    else:
        units = column_units(clk, words, shared, steering, shifted, array)
    return lanes, drains, flattening, broadcasting, memories, endings, units
