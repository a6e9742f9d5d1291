"""State that comes from outside: h_0 and c_0 of a sequence before its first step, h_n and c_n after its last.

A frame has a beat a slot: the slot's values of h, then those of c; of a cell whose h follows from what it keeps (GRU),
what it keeps alone. A turn of its own writes h_0 and c_0 where a step
writes h_t and c_t, at the same cycles, so a sequence's first step finds them like any other's.
"""

from __future__ import annotations

from typing import Any

from myhdl import always_comb, always_seq, block

from accel.architecture.array import Array
from accel.architecture.latencies import cell_to_state, slot_to_cell, slot_to_state
from accel.architecture.vector import Vector
from accel.rtl.blocks.cells.cell import CellConstants
from accel.rtl.blocks.cells.status import LayerStatus
from accel.rtl.blocks.primitives.memory import ram
from accel.rtl.blocks.primitives.module import module
from accel.rtl.blocks.primitives.register import delay, gather, like
from accel.rtl.blocks.primitives.signals import bits, flag, joined, signed
from accel.rtl.blocks.primitives.widths import fit
from accel.rtl.blocks.primitives.words import cut_fields
from accel.rtl.blocks.streams.axis import AxiStream, axis_input, axis_output
from accel.rtl.blocks.streams.output_fifo import Results, output_fifo
from accel.rtl.blocks.streams.ping_pong import Beats, PingPong
from accel.rtl.blocks.streams.receiver import receive
from accel.rtl.blocks.streams.resynchronise import resynchronise
from accel.rtl.blocks.streams.weight_sets import await_weights


def value_width(array: Array) -> int:
    """Bits of a value in a frame, of h or of c."""
    return max(fmt.width for fmt in array.state_formats)


def state_vector(array: Array) -> Vector:
    """How frames are stored on their way in, two sequences of them."""
    return Vector(array.beats, len(array.cell.states) * array.cells, value_width(array), 0)


class InitialState:
    """A layer's streams of states, frames on their way in, and what leaves on its way out."""

    def __init__(
        self, ping_pong: PingPong, state_in: AxiStream, state_out: AxiStream, status: LayerStatus, cells: CellConstants
    ) -> None:
        self.status = status
        vector = state_vector(cells.array)
        self.ping_pong, self.state_in, self.state_out = ping_pong, state_in, state_out
        self.states, self.last = PingPong(vector), Results(vector.word_width)


@block
def keep_given(
    clk: Any,
    reset: Any,
    slot: Any,
    write: Any,
    given: Any,
    made: Any,
    carried: Any,
    release: Any,
    latency: int,
    depth: int,
) -> Any:
    """`carried` is what the cells made, or, in the turn that takes a state, what was given; `given` is its stored word.

    `release` tells that the last word of a state has been read.

    In: clk, reset, slot, write, given (E values in the format of what is kept), made (E values in the format of what is
    kept). Out: carried (E values in the carried format), release (1 bit). Latency: 0 from what the cells made, which
    comes `latency` cycles after its slot.
    """
    word = bits(len(carried))
    valid, closing, taken, late = (like(slot.valid) for _ in range(4))
    beat, bank = like(slot.beat), flag()
    address, write_address = bits(1 + len(beat)), bits(len(write.bank) + len(write.place))
    valids = delay(clk, reset, slot.valid, valid, latency - 1)
    beats = delay(clk, reset, slot.beat, beat, latency - 1)
    closings = delay(clk, reset, slot.closing, closing, latency - 1)
    takens = delay(clk, reset, slot.given, taken, latency - 1)
    lates = delay(clk, reset, taken, late, 1)
    addressing = gather([beat, bank], address), gather([write.place, write.bank], write_address)

    @always_comb
    def releasing():
        release.next = valid and closing and taken

    @always_seq(clk.posedge, reset=reset)
    def alternating():
        if release:
            bank.next = not bank

    @always_comb
    def choosing():
        if late:
            carried.next = word
        else:
            carried.next = made

    memory = ram(clk, valid, write.enable, write_address, given, address, word, depth)
    return valids, beats, closings, takens, lates, addressing, releasing, alternating, choosing, memory


@module
def take_states(
    clk: Any,
    reset: Any,
    slot: Any,
    given: InitialState,
    c_t: Any,
    h_t: Any,
    carried_c: Any,
    carried_h: Any,
    cells: CellConstants,
    stores: Any,
) -> Any:
    """Frames of h_0 and c_0 from their stream into the memories of h and c, through `carried_h` and `carried_c`.

    `h_t` are the cells' signals; where h follows from what is kept, they follow `carried_c` already. Where weights are
    loaded (`stores`), none is taken before there are weights.

    In: clk, reset, slot, c_t (E values in formats.cell), h_t (signed, in formats.state, one a cell), stores. Out:
    given.state_in, given.states, given.status, carried_c (E values in formats.cell), carried_h
    (E values in formats.state). Latency: 0 from c_t and h_t.
    """
    array, formats, axis, states = cells.array, cells.formats, given.state_in, given.states
    width, count, c_width = value_width(array), array.cells, len(carried_c) // array.cells
    beats, values = Beats(len(states.write.word)), len(array.cell.states) * array.cells
    word, c_given, c_first = states.write.word, bits(len(carried_c)), values - array.cells
    depth = state_vector(array).depth

    arriving = Beats(len(states.write.word))
    if not array.writable:
        entering = axis_input(axis, arriving, values, width)
    else:
        early = Beats(len(states.write.word))
        waiting = await_weights(early, arriving, stores.loading)
        entering = (axis_input(axis, early, values, width), waiting)
    framing = resynchronise(clk, reset, arriving, beats, given.status.state_torn, array.output_beats, True)
    receiving = receive(clk, reset, beats, states, array.output_beats, 1, False, False, False)
    parting_c = cut_fields(word, c_given, width, c_width, c_first * width)
    common, to_cell = (entering, framing, receiving, parting_c), slot_to_cell(array)
    if cells.level.state_follows:
        keeping_c = keep_given(clk, reset, slot, states.write, c_given, c_t, carried_c, states.release, to_cell, depth)
        return common, keeping_c, gather(h_t, carried_h)
    c_read, h_given = flag(), bits(len(carried_h))
    parting_h = cut_fields(word, h_given, width, formats.state.width)
    keeping_c = keep_given(clk, reset, slot, states.write, c_given, c_t, carried_c, c_read, to_cell, depth)
    keeping_h = keep_given(
        clk, reset, slot, states.write, h_given, joined(h_t), carried_h, states.release, slot_to_state(array), depth
    )
    return common, parting_h, keeping_c, keeping_h


@module
def give_states(
    clk: Any, reset: Any, slot: Any, given: InitialState, signals: Any, layer: Any, cells: CellConstants
) -> Any:
    """h_t and c_t of a sequence's last step leave through their stream.

    In: clk, reset, slot, given, signals. Out: given.last, given.state_out. Latency: 2 from h_t.
    """
    array, width = cells.array, value_width(cells.array)
    latency = slot_to_state(array)
    ping_pong, results, axis = given.ping_pong, given.last, given.state_out
    leaving = Beats(len(results.word))
    late_c = [like(out.c) for out in signals]
    is_real, is_final, closing = like(slot.real), like(slot.final), like(slot.closing)
    values = late_c if cells.level.state_follows else [*(out.h for out in signals), *late_c]
    wide = [signed(width) for _ in values]
    word = joined(wide)

    waiting = [delay(clk, reset, out.c, late_c[n], cell_to_state(array)) for n, out in enumerate(signals)]
    extending = [fit(value, wide[n]) for n, value in enumerate(values)]
    reals = delay(clk, reset, slot.real, is_real, latency)
    finals = delay(clk, reset, slot.final, is_final, latency)
    closings = delay(clk, reset, slot.closing, closing, latency)

    @always_comb
    def reserving():
        results.reserve.next = ping_pong.take and ping_pong.final

    @always_comb
    def emitting():
        results.valid.next = is_real and is_final
        results.word.next = word
        results.closing.next = closing
        results.final.next = is_final

    sending = output_fifo(clk, reset, results, leaving, array.output_beats, layer.state_sequences)
    finishing = axis_output(leaving, axis, len(values), width, False)
    return waiting, extending, reals, finals, closings, reserving, emitting, sending, finishing
