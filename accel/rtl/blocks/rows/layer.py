"""A recurrent layer: sequencer, lanes and cell stage around the memories of h and c."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from myhdl import ConcatSignal, always, always_comb, block

from accel.architecture.latencies import (
    before_read,
    scale_delay,
    slot_delay,
    slot_to_cell,
    slot_to_gates,
    slot_to_state,
)
from accel.architecture.shape import Array
from accel.base.fixed import index_bits
from accel.rtl.blocks.cells.cell import CellConstants, CellSignals, cell
from accel.rtl.blocks.cells.cell_in_levels import cell_in_levels
from accel.rtl.blocks.cells.scale import ScaleConstants, scale_totals
from accel.rtl.blocks.cells.status import count_saturations
from accel.rtl.blocks.lanes.lane_array import ArrayConstants, lane_array
from accel.rtl.blocks.lanes.sequencer import Issue, sequence
from accel.rtl.blocks.lanes.slots import Slot, slots
from accel.rtl.blocks.primitives.memory import ram, rom, scratchpad
from accel.rtl.blocks.primitives.register import as_signed, delay, gather, like, register
from accel.rtl.blocks.primitives.signals import bits, flag, joined, signed
from accel.rtl.blocks.rows.begin import begin_level, begin_step, begin_turn
from accel.rtl.blocks.rows.given_state import GivenState, give_states, take_states
from accel.rtl.blocks.streams.inbox import Write


@dataclass(frozen=True)
class LayerConstants:
    """What a layer is built from; the schedule gives `intervals` (cycles from level to level) and `release_at`."""

    lanes: ArrayConstants
    bias_words: tuple[int, ...]
    bias_file: str
    scales: ScaleConstants | None
    """None where totals are taken as they are."""
    intervals: tuple[int, ...]
    release_at: int
    every_step: bool
    """Whether every step emits, or a sequence's last one only."""
    state_sequences: int
    """Sequences whose h_n and c_n find room on their way out."""


class Observed:
    """What a test bench may watch of a layer; left open, synthesis removes it."""

    def __init__(self, constants: CellConstants) -> None:
        cells, level, sizes = constants.array.cells, constants.level, constants.sizes
        self.begin = flag()
        self.gates_valid = flag()
        self.gates = bits(cells * len(level.gates) * constants.formats.activation.width)
        self.c_valid = flag()
        self.c = bits(cells * sizes[level.kept].width)
        self.h_valid = flag()
        self.h = bits(cells * sizes[level.state].width)


@block
def slot_control(clk: Any, reset: Any, issue: Issue, slot: Any, array: Any) -> Any:
    """Start the slots so that a group's first one meets its totals. Latency: slot_delay - scale_delay."""
    ahead = slot_delay(array) - scale_delay(array) - 1
    late = Issue(array)
    capture, opening = flag(), flag()
    capturing = delay(clk, reset, issue.last, capture, ahead)
    openings = delay(clk, reset, issue.opening, opening, ahead)
    freshes = delay(clk, reset, issue.fresh, late.fresh, ahead)
    finals = delay(clk, reset, issue.final, late.final, ahead)
    banks = delay(clk, reset, issue.write_bank, late.write_bank, ahead)
    streams = delay(clk, reset, issue.stream, late.stream, ahead)
    counting = slots(clk, reset, capture, opening, late, slot, array)
    common = (capturing, openings, freshes, finals, banks, streams, counting)
    sets = [delay(clk, reset, issue.weight_set, late.weight_set, ahead)] if array.writable else []
    givens = [delay(clk, reset, issue.given, late.given, ahead)] if array.given_state else []
    levels = [delay(clk, reset, issue.level, late.level, ahead)] if array.levels > 1 else []
    return common, sets, givens, levels


@block
def slot_later(clk: Any, reset: Any, early: Any, slot: Any, cycles: int, array: Array) -> Any:
    """The slot, some cycles later. Latency: `cycles`."""
    valids = delay(clk, reset, early.valid, slot.valid, cycles)
    beats = delay(clk, reset, early.beat, slot.beat, cycles)
    closings = delay(clk, reset, early.closing, slot.closing, cycles)
    freshes = delay(clk, reset, early.fresh, slot.fresh, cycles)
    finals = delay(clk, reset, early.final, slot.final, cycles)
    banks = delay(clk, reset, early.bank, slot.bank, cycles)
    streams = delay(clk, reset, early.stream, slot.stream, cycles)
    reals = delay(clk, reset, early.real, slot.real, cycles)
    common = (valids, reals, beats, closings, freshes, finals, banks, streams)
    sets = [delay(clk, reset, early.weight_set, slot.weight_set, cycles)] if array.writable else []
    givens = [delay(clk, reset, early.given, slot.given, cycles)] if array.given_state else []
    return common, sets, givens


@block
def scaled_slots(
    clk: Any,
    reset: Any,
    issue: Issue,
    slot: Any,
    heads: Any,
    scaled: Any,
    array: Any,
    scales: ScaleConstants,
    stores: Any,
) -> Any:
    """Slots whose totals are scaled on the way to the cell stage. Latency: slot_delay."""
    early = Slot(array)
    slotting = slot_control(clk, reset, issue, early, array)
    waiting = slot_later(clk, reset, early, slot, scale_delay(array), array)
    scaling = scale_totals(clk, early, heads, scaled, array, scales, stores)
    return slotting, waiting, scaling


def cell_depth(array: Array) -> int:
    """Words of the memory of c: a slot's c each, for every stream from a power of two on."""
    beats = array.beats
    return ((array.streams - 1) << index_bits(beats)) + beats


@block
def cell_memory(clk: Any, reset: Any, slot: Any, c_t: Any, c_before: Any, array: Array) -> Any:
    """What the cell kept before, of an LSTM c_{t-1}, zero in a fresh sequence; what it keeps now is written back.

    Latency: slot_to_before from the slot to `c_before`.
    """
    read, stored = bits(len(c_t)), bits(len(c_t))
    written = like(slot.valid)
    writing = delay(clk, reset, slot.valid, written, slot_to_cell(array))
    wanted = like(slot.valid)
    ahead = before_read(array)
    wanting = delay(clk, reset, slot.valid, wanted, ahead)
    width = len(slot.stream) + len(slot.beat)
    slot_address, address, back = bits(width), bits(width), bits(width)
    addressing = gather([slot.beat, slot.stream], slot_address)
    reading = delay(clk, reset, slot_address, address, ahead)
    fresh = like(slot.fresh)
    freshes = delay(clk, reset, slot.fresh, fresh, ahead + 2)
    writing_back = delay(clk, reset, slot_address, back, slot_to_cell(array))

    @always(clk.posedge)
    def clearing():
        if fresh:
            c_before.next = 0
        else:
            c_before.next = stored

    memory = ram(clk, wanted, written, back, c_t, address, read, cell_depth(array))
    keeping = register(clk, read, stored)
    return writing, wanting, addressing, reading, freshes, writing_back, clearing, memory, keeping


@block
def write_state(clk: Any, reset: Any, slot: Any, h_t: Any, h: Any, outbox: Any, every_step: bool, array: Array) -> Any:
    """h_t goes to the lanes' other bank and, where the step emits, to the outbox. Latency: 0 from h_t.

    Of several levels, only what comes of the last one goes to the outbox.
    """
    valid, real, latency = like(slot.valid), like(slot.real), slot_to_state(array)
    leaving = slot.leaving if array.levels > 1 else slot.real
    valids = delay(clk, reset, slot.valid, valid, latency)
    reals = delay(clk, reset, leaving, real, latency)
    beat = like(slot.beat)
    beats = delay(clk, reset, slot.beat, beat, latency)
    bank = like(slot.bank)
    banks = delay(clk, reset, slot.bank, bank, latency)
    closing = like(slot.closing)
    closings = delay(clk, reset, slot.closing, closing, latency)
    final = like(slot.final)
    finals = delay(clk, reset, slot.final, final, latency)
    place = ConcatSignal(bank, beat)

    @always_comb
    def writing():
        h.enable.next = valid
        h.address.next = place
        h.word.next = h_t

    @always_comb
    def emitting():
        outbox.word.next = h_t
        outbox.closing.next = closing
        outbox.final.next = final

    @always_comb
    def emitting_all():
        outbox.valid.next = real

    @always_comb
    def emitting_last():
        outbox.valid.next = real and final

    sending = emitting_all if every_step else emitting_last
    return valids, reals, beats, banks, closings, finals, writing, emitting, sending


@block
def emit_set(clk: Any, reset: Any, slot: Any, outbox: Any, latency: int) -> Any:
    """The set of weights goes along with the results. Latency: `latency` from the slot."""
    return delay(clk, reset, slot.weight_set, outbox.weight_set, latency)


@block
def read_biases(clk: Any, slot: Any, biases: Any, layer: Any, stores: Any) -> Any:
    """Biases of a slot; `stores` is None where they are in the bitstream. Latency: SLOT_TO_CHAIN."""
    read = like(biases)
    leaving = register(clk, read, biases)
    if layer.lanes.array.levels > 1:
        place = bits(len(slot.beat) + len(slot.level))
        addressing = gather([slot.beat, slot.level], place)
        return addressing, rom(clk, place, read, layer.bias_words, layer.bias_file), leaving
    if not layer.lanes.array.writable:
        return rom(clk, slot.beat, read, layer.bias_words, layer.bias_file), leaving
    store = stores.biases
    memory = scratchpad(
        clk, slot.weight_set, slot.beat, read, store.enable, store.address, store.word, layer.lanes.array.beats
    )
    return memory, leaving


@block
def promise(take: Any, final: Any, promised: Any, every_step: bool) -> Any:
    """Tell the outbox that results will come. Latency: 0."""

    @always_comb
    def each():
        promised.next = take

    @always_comb
    def last():
        promised.next = take and final

    return each if every_step else last


@block
def observe(observed: Any, begin: Any, gates: Any, c_t: Any, h_t: Any) -> Any:
    """Copies for the test bench. Latency: 0."""

    @always_comb
    def copying():
        observed.begin.next = begin
        observed.gates.next = gates
        observed.c.next = c_t
        observed.h.next = h_t

    return copying


@block
def cell_stage(
    clk: Any, reset: Any, slot: Any, heads: Any, signals: Any, c_t: Any, layer: Any, cells: Any, stores: Any
) -> Any:
    """E cells side by side with their bias and c memories; `c_t` is what c's memory keeps, from outside at times, and
    above it what is laid aside.

    Latency: slot_to_state from a slot to its h_t.
    """
    array, c_width = cells.array, len(signals[0].c)
    count, bias_width = array.cells, array.sums_per_unit * cells.bias_width
    bias = bits(count * bias_width)
    c_before, before = bits(len(c_t)), [signed(c_width) for _ in range(count)]
    biases = [bias((e + 1) * bias_width, e * bias_width) for e in range(count)]
    c_words = [c_before((e + 1) * c_width, e * c_width) for e in range(count)]

    reading_biases = read_biases(clk, slot, bias, layer, stores)
    memory = cell_memory(clk, reset, slot, c_t, c_before, array)
    readers = [as_signed(c_words[e], before[e]) for e in range(count)]
    kept: list[Any] = [None] * count
    if array.given_state and cells.level.state_follows:
        kept = [signed(c_width) for _ in range(count)]
        kept_words = [c_t((e + 1) * c_width, e * c_width) for e in range(count)]
        readers += [as_signed(kept_words[e], kept[e]) for e in range(count)]
    if array.cell.alike:
        stages = [
            cell(clk, reset, heads[e], biases[e], before[e], None, kept[e], signals[e], cells, cells.level)
            for e in range(count)
        ]
        return reading_biases, memory, readers, stages
    width = cells.formats.activation.width
    aside_words = [c_before(count * c_width + (e + 1) * width, count * c_width + e * width) for e in range(count)]
    aside = [signed(width) for _ in range(count)]
    readers += [as_signed(aside_words[e], aside[e]) for e in range(count)]
    stages = [
        cell_in_levels(clk, reset, slot.level, heads[e], biases[e], before[e], aside[e], signals[e], cells)
        for e in range(count)
    ]
    return reading_biases, memory, readers, stages


@block
def cells_and_state(
    clk: Any,
    reset: Any,
    slot: Any,
    heads: Any,
    begin: Any,
    h: Any,
    outbox: Any,
    observed: Any,
    saturations: Any,
    layer: Any,
    cells: Any,
    stores: Any,
    given: Any,
) -> Any:
    """From the chain to h_t, c_t and what a bench may watch; `given` is the GivenState of a layer that has one.

    Latency: slot_to_state from a slot to its h_t.
    """
    array = cells.array
    signals = [CellSignals(cells) for _ in range(array.cells)]
    gates = joined([gate for out in signals for gate in out.gates])
    c_t, h_t = joined([out.c for out in signals]), joined([out.h for out in signals])
    words = [*(out.c for out in signals), *(value for out in signals for value in out.aside)]
    kept_c, kept_h = bits(sum(len(word) for word in words)), bits(len(h_t))

    if given is None:
        keeping = [gather(words, kept_c), gather([out.h for out in signals], kept_h)]
    else:
        keeping = [
            take_states(clk, reset, slot, given, c_t, [out.h for out in signals], kept_c, kept_h, cells, stores),
            give_states(clk, reset, slot, given, signals, layer, cells),
        ]
    stage = cell_stage(clk, reset, slot, heads, signals, kept_c, layer, cells, stores)
    state = write_state(clk, reset, slot, kept_h, h, outbox, layer.every_step, array)
    gates_valid = delay(clk, reset, slot.real, observed.gates_valid, slot_to_gates(array))
    c_valid = delay(clk, reset, slot.real, observed.c_valid, slot_to_cell(array))
    h_valid = delay(clk, reset, slot.real, observed.h_valid, slot_to_state(array))
    watching = observe(observed, begin, gates, c_t, h_t)
    counting = count_saturations(clk, reset, slot, signals, saturations, array)
    working = (keeping, stage, state, gates_valid, c_valid, h_valid, watching, counting)
    return (*working, emit_set(clk, reset, slot, outbox, slot_to_state(array))) if array.writable else working


@block
def recurrent_layer(
    clk: Any,
    reset: Any,
    inbox: Any,
    outbox: Any,
    observed: Any,
    saturations: Any,
    layer: Any,
    cells: Any,
    stores: Any,
    state_in: Any,
    state_out: Any,
) -> Any:
    """One recurrent layer; `stores` are the writes into its weights where they are loaded, else None.

    `state_in` and `state_out` are the streams of h_0, c_0 and h_n, c_n where these are given, else None.
    Latency: `intervals` cycles from level to level and to the next step; 1 + G*T + capture_delay + slot_to_state +
    P/E - 1 from the last level's turn to its last h_t.
    """
    array = cells.array
    issue, slot, h = Issue(array), Slot(array), Write(array.h_vector)
    heads = [bits(array.sums_per_unit * array.total_width) for _ in range(array.cells)]
    sums = [bits(array.sums_per_unit * array.scaled_width) for _ in range(array.cells)] if layer.scales else heads

    promising = promise(inbox.take, inbox.final, outbox.promise, layer.every_step)
    stepping = sequence(clk, reset, inbox, issue, array, layer.release_at)
    lanes = lane_array(clk, reset, issue, inbox.write, h, heads, layer.lanes, stores)
    if layer.scales:
        slotting = scaled_slots(clk, reset, issue, slot, heads, sums, array, layer.scales, stores)
    else:
        slotting = slot_control(clk, reset, issue, slot, array)
    waiting = issue.waiting if array.fed else None
    given = GivenState(inbox, state_in, state_out, saturations, cells) if array.given_state else None
    interval = sum(layer.intervals)
    if array.levels > 1:
        beginning = begin_level(clk, reset, inbox, outbox.room, issue.next_level, layer.every_step, layer.intervals)
    elif given is None:
        beginning = begin_step(clk, reset, inbox, outbox.room, waiting, layer.every_step, interval)
    else:
        beginning = begin_turn(
            clk, reset, inbox, given.states, outbox.room, given.last.room, waiting, layer.every_step, interval
        )
    stage = cells_and_state(
        clk, reset, slot, sums, inbox.take, h, outbox, observed, saturations, layer, cells, stores, given
    )
    return beginning, promising, stepping, lanes, slotting, stage
