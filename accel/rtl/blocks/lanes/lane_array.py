"""All units of a layer with their weight memories, shifting their totals towards the cell stage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from myhdl import always, always_comb, block

from accel.architecture.array import Array
from accel.architecture.dataflows.rows import RowArray
from accel.architecture.latencies import capture_delay, first_delay
from accel.rtl.blocks.lanes.fetch import Reading, fetch
from accel.rtl.blocks.lanes.issue import Issue
from accel.rtl.blocks.lanes.lane_control import dense_places, lane_control, shared_control
from accel.rtl.blocks.lanes.partial_sums import Ahead, lead_sums
from accel.rtl.blocks.lanes.streamed_weights import streamed_weights
from accel.rtl.blocks.lanes.unit import dense_unit, shared_width, unit
from accel.rtl.blocks.primitives.memory import rom, scratchpad
from accel.rtl.blocks.primitives.module import module
from accel.rtl.blocks.primitives.register import delay, gather, register
from accel.rtl.blocks.primitives.signals import bits, flag, signed_list
from accel.rtl.blocks.primitives.words import flatten
from accel.rtl.blocks.streams.load_fill import aim
from accel.rtl.blocks.streams.ping_pong import Write


@dataclass(frozen=True)
class ArrayConstants:
    """What the lanes of a layer are built from: memory contents of each unit, and their files.

    Weights that are loaded have no contents.
    """

    array: Array
    words: tuple[tuple[int, ...], ...]
    files: tuple[str, ...]


@block
def zero(clk: Any, o: Any) -> Any:
    """Nothing comes from beyond the last unit.

    In: clk. Out: o (S totals). Latency: 1.
    """

    @always(clk.posedge)
    def resting():
        o.next = 0

    return resting


@block
def weight_memories(clk: Any, address: Any, words: Any, constants: ArrayConstants) -> Any:
    """The words of all units at an address.

    In: clk, address (number of a word). Out: words (word_width bits each). Latency: ADDRESS_TO_FETCH.
    """
    read = [bits(len(word)) for word in words]
    count = len(words)
    memories = [rom(clk, address, read[n], constants.words[n], constants.files[n]) for n in range(count)]
    registers = [register(clk, read[n], words[n]) for n in range(count)]
    return memories, registers


@block
def scratchpads(clk: Any, issue: Any, words: Any, store: Any, array: Array) -> Any:
    """`weight_memories` that are loaded; `issue` holds the address and the set.

    In: clk, issue, store. Out: words (word_width bits each). Latency: ADDRESS_TO_FETCH.
    """
    count = array.units
    read, writes = [bits(len(word)) for word in words], [flag() for _ in words]
    aims, stored = [aim(store, writes[n], n) for n in range(count)], (store.address, store.word)
    memories = [
        scratchpad(clk, issue.weight_set, issue.address, read[n], writes[n], *stored, array.depth, array.loaded_memory)
        for n in range(count)
    ]
    registers = [register(clk, read[n], words[n]) for n in range(count)]
    return aims, memories, registers


@block
def deal(write: Any, own: Any, way: int) -> Any:
    """What the lanes of one of two directions store of what is written: every other word, `way` is the first one.

    In: write. Out: own (places half as many). Latency: 0.
    """

    @always_comb
    def dealing():
        own.enable.next = write.enable and write.place[0] == way
        own.bank.next = write.bank
        own.place.next = write.place >> 1
        own.word.next = write.word

    return dealing


def by_way(x: Any, h: Any, array: RowArray) -> list[tuple[Any, Any]]:
    """Writes of x and h for the lanes of each direction; those that come, where all lanes serve all."""
    if array.ways == 1:
        return [(x, h)]
    return [(Write(array.x_copy), Write(array.h_copy)) for _ in range(array.ways)]


@block
def deal_words(x: Any, h: Any, own: Any) -> Any:
    """Words of x and of h to the lanes of both directions.

    In: x, h. Out: own (a pair of writes for each direction). Latency: 0.
    """
    return [(deal(x, x_own, way), deal(h, h_own, way)) for way, (x_own, h_own) in enumerate(own)]


@block
def sparse_units(
    clk: Any,
    words: Any,
    first: Any,
    capture: Any,
    reading: Any,
    x: Any,
    h: Any,
    ahead: Any,
    shifted: Any,
    array: RowArray,
) -> Any:
    """Units with operand memories of their own; each passes its totals on along `shifted`.

    In: clk, words (word_width bits each), first (1 bit), capture (1 bit), reading, x, h (or None), ahead (or None).
    Out: shifted (P + E words of S totals). Latency: as `unit`.
    """
    ends = [(shifted[n + array.cells], shifted[n]) for n in range(array.units)]
    own = by_way(x, h, array)
    dealing = deal_words(x, h, own) if array.ways > 1 else ()
    units = [
        unit(clk, words[n], first, capture, reading, *own[array.way(n)], ahead, *ends[n], array)
        for n in range(array.units)
    ]
    return dealing, units


@block
def share(clk: Any, operand: Any, reading: Any, shared: Any) -> Any:
    """Operands side by side in one word, and above them which of them are h.

    In: clk, operand (signed, one a lane), reading. Out: shared (the operand that all lanes get). Latency: 0 from the
    operands.
    """
    flat, of_h = bits(len(operand) * len(operand[0])), bits(len(reading.of_h))
    return flatten(operand, flat), register(clk, reading.of_h, of_h), gather([flat, of_h], shared)


@block
def dense_units(
    clk: Any,
    reset: Any,
    issue: Any,
    words: Any,
    first: Any,
    capture: Any,
    reading: Any,
    x: Any,
    h: Any,
    ahead: Any,
    shifted: Any,
    array: RowArray,
) -> Any:
    """Units that share their operands: one read for all of them, or for all of a direction.

    In: clk, reset, issue, words (word_width bits each), first (1 bit), capture (1 bit), reading, x, h (or None), ahead.
    Out: shifted (P + E words of S totals). Latency: as `dense_unit`.
    """
    ends = [(shifted[n + array.cells], shifted[n]) for n in range(array.units)]
    places, own = bits(array.lanes_per_row * array.index_width), by_way(x, h, array)
    shared = [bits(shared_width(array)) for _ in own]

    placing = dense_places(clk, reset, issue, places, array)
    dealing = deal_words(x, h, own) if array.ways > 1 else ()
    fetching = [fetch_shared(clk, places, reading, *one, shared[way], array) for way, one in enumerate(own)]
    units = [
        dense_unit(clk, words[n], first, capture, shared[array.way(n)], ahead, *ends[n], array)
        for n in range(array.units)
    ]
    return placing, dealing, fetching, units


@block
def fetch_shared(clk: Any, places: Any, reading: Any, x: Any, h: Any, shared: Any, array: RowArray) -> Any:
    """The operands that all units of a direction, or of both, multiply by.

    In: clk, places (a column's number a lane), reading, x, h (or None). Out: shared (the operand that all lanes get).
    Latency: fetch_to_select + 1.
    """
    operand = signed_list(array.lanes_per_row, array.operand_width)
    fetching = fetch(clk, places, reading, x, h, operand, array, 0)
    return fetching, share(clk, operand, reading, shared) if array.separate_sums else flatten(operand, shared)


@module
def lane_array(
    clk: Any, reset: Any, issue: Issue, x: Any, h: Any, unit_totals: Any, constants: ArrayConstants, stores: Any
) -> Any:
    """P units; `unit_totals` leave the shift registers of the first E. `stores` are the writes into weights that are
    loaded, the beats of streamed weights, None where the weights are in the bitstream.

    In: clk, reset, issue, x, h (or None), stores (or None). Out: issue.streamed, unit_totals (E words of S totals),
    stores.ready. Latency: capture_delay + 1 from a group's last address.
    """
    array: Any = constants.array
    reading, first, capture = Reading(array), flag(), flag()
    ahead = Ahead(array) if array.goes_ahead else None
    shifted = [*unit_totals, *[bits(len(unit_totals[0])) for _ in range(array.units)]]
    words = [bits(array.word_width) for _ in range(array.units)]

    control = shared_control if array.levels > array.unit_levels else lane_control
    controlling = control(clk, reset, issue, reading, array)
    starting = delay(clk, reset, issue.first, first, first_delay(array))
    capturing = delay(clk, reset, issue.last, capture, capture_delay(array))
    if array.streamed:
        memories = streamed_weights(clk, reset, stores, issue, words, array)
    elif array.writable:
        memories = scratchpads(clk, issue, words, stores.weights, array)
    else:
        memories = weight_memories(clk, issue.address, words, constants)
    endings = [zero(clk, shifted[array.units + e]) for e in range(len(unit_totals))]
    if array.dense:
        units = dense_units(clk, reset, issue, words, first, capture, reading, x, h, ahead, shifted, array)
    else:
        units = sparse_units(clk, words, first, capture, reading, x, h, ahead, shifted, array)
    leading = lead_sums(clk, reset, issue, ahead, array) if array.goes_ahead else ()
    return controlling, starting, capturing, memories, endings, leading, units
