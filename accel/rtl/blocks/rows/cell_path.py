"""What the cell stage reads and leaves: biases, the cell's own memory, the state for lanes and output FIFO."""

from __future__ import annotations

from typing import Any

from myhdl import always, always_comb, block

from accel.architecture.array import Array
from accel.architecture.latencies import before_read, slot_to_cell, slot_to_state
from accel.base.fixed import index_bits
from accel.rtl.blocks.primitives.memory import ram, rom, scratchpad
from accel.rtl.blocks.primitives.register import delay, gather, like, register
from accel.rtl.blocks.primitives.signals import bits


def cell_depth(array: Array) -> int:
    """Words of the memory of c: a slot's c each, for every stream from a power of two on."""
    beats = array.beats
    return ((array.streams - 1) << index_bits(beats)) + beats


@block
def cell_memory(clk: Any, reset: Any, slot: Any, c_t: Any, c_before: Any, array: Array) -> Any:
    """What the cell kept before, of an LSTM c_{t-1}, zero in a fresh sequence; what it keeps now is written back.

    In: clk, reset, slot, c_t (E values in formats.cell). Out: c_before (E values in formats.cell).
    Latency: slot_to_before from the slot to `c_before`.
    """
    read, stored = bits(len(c_t)), bits(len(c_t))
    written = like(slot.valid)
    writing = delay(clk, reset, slot.valid, written, slot_to_cell(array))
    wanted = like(slot.valid)
    ahead = before_read(array)
    wanting = delay(clk, reset, slot.valid, wanted, ahead)
    parts = [slot.beat, slot.stream] if array.streams > 1 else [slot.beat]
    width = sum(len(part) for part in parts)
    slot_address, address, back = bits(width), bits(width), bits(width)
    addressing = gather(parts, slot_address)
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
def write_state(clk: Any, reset: Any, slot: Any, h_t: Any, h: Any, results: Any, every_step: bool, array: Array) -> Any:
    """h_t goes to the lanes' other bank and, where the step emits, to the output FIFO.

    Of several levels, only the last one's result goes to the output FIFO.

    In: clk, reset, slot, h_t (E values in formats.state). Out: h.bank, h.enable, h.place, h.word, results.closing,
    results.final, results.valid, results.word. Latency: 0 from h_t.
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

    @always_comb
    def writing():
        h.enable.next = valid
        h.bank.next = bank
        h.place.next = beat
        h.word.next = h_t

    @always_comb
    def emitting():
        results.word.next = h_t
        results.closing.next = closing
        results.final.next = final

    @always_comb
    def emitting_all():
        results.valid.next = real

    @always_comb
    def emitting_last():
        results.valid.next = real and final

    sending = emitting_all if every_step else emitting_last
    return valids, reals, beats, banks, closings, finals, writing, emitting, sending


@block
def emit_set(clk: Any, reset: Any, slot: Any, results: Any, latency: int) -> Any:
    """The set of weights goes along with the results.

    In: clk, reset, slot. Out: results.weight_set. Latency: `latency` from the slot.
    """
    return delay(clk, reset, slot.weight_set, results.weight_set, latency)


@block
def read_biases(clk: Any, slot: Any, biases: Any, layer: Any, stores: Any) -> Any:
    """Biases of a slot; `stores` is None where they are in the bitstream.

    In: clk, slot, stores (or None). Out: biases (E words of S biases). Latency: SLOT_TO_TOTALS.
    """
    read = like(biases)
    leaving = register(clk, read, biases)
    if layer.lanes.array.unit_levels > 1:
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
