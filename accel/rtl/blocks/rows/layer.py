"""A recurrent layer: sequencer, lanes and cell stage around the memories of h and c."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from myhdl import always_comb, block

from accel.architecture.latencies import slot_to_cell, slot_to_gates, slot_to_state
from accel.rtl.blocks.cells.cell import CellConstants, CellSignals, cell
from accel.rtl.blocks.cells.cell_in_levels import cell_in_levels
from accel.rtl.blocks.cells.scale import ScaleConstants
from accel.rtl.blocks.cells.status import count_saturations
from accel.rtl.blocks.lanes.issue import Issue
from accel.rtl.blocks.lanes.lane_array import ArrayConstants, lane_array
from accel.rtl.blocks.lanes.sequencer import sequence
from accel.rtl.blocks.lanes.slots import Slot
from accel.rtl.blocks.primitives.module import module
from accel.rtl.blocks.primitives.register import as_signed, delay, gather
from accel.rtl.blocks.primitives.signals import bits, flag, joined, signed
from accel.rtl.blocks.rows.begin import begin_held, begin_level, begin_step, begin_turn
from accel.rtl.blocks.rows.cell_path import cell_memory, emit_set, read_biases, write_state
from accel.rtl.blocks.rows.held_state import HeldState, take_held
from accel.rtl.blocks.rows.initial_state import InitialState, give_states, take_states
from accel.rtl.blocks.rows.slot_path import scaled_slots, slot_control
from accel.rtl.blocks.streams.ping_pong import Write


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
    pooled: bool = False
    """Whether h_t of every step goes on, although only the last one's result does."""


class Observed:
    """What a test bench may watch of a layer; left open, synthesis removes it."""

    def __init__(self, constants: CellConstants) -> None:
        cells, level, sizes = constants.array.cells, constants.level, constants.sizes
        self.begin = flag()
        self.gates_valid = flag()
        self.gates = bits(cells * len(level.gates) * constants.formats.activation.width)
        self.c_valid = flag()
        self.c = bits(cells * sizes[level.carried].width)
        self.h_valid = flag()
        self.h = bits(cells * sizes[level.state].width)


@block
def reserve(take: Any, final: Any, reserved: Any, every_step: bool) -> Any:
    """Tell the output FIFO that results will come.

    In: take (1 bit), final (1 bit). Out: reserved (1 bit). Latency: 0.
    """

    @always_comb
    def each():
        reserved.next = take

    @always_comb
    def last():
        reserved.next = take and final

    return each if every_step else last


@block
def observe(observed: Any, begin: Any, gates: Any, c_t: Any, h_t: Any) -> Any:
    """Copies for the test bench.

    In: begin (1 bit), gates (the gates of E cells, in formats.activation), c_t (E values in formats.cell), h_t
    (E values in formats.state). Out: observed.begin, observed.c, observed.gates, observed.h. Latency: 0.
    """

    @always_comb
    def copying():
        observed.begin.next = begin
        observed.gates.next = gates
        observed.c.next = c_t
        observed.h.next = h_t

    return copying


@block
def cell_stage(
    clk: Any, reset: Any, slot: Any, unit_totals: Any, signals: Any, c_t: Any, layer: Any, cells: Any, stores: Any
) -> Any:
    """E cells side by side with their bias and c memories; `c_t` is what c's memory keeps, from outside at times, and
    above it what is laid aside.

    In: clk, reset, slot, unit_totals (E words of S totals), c_t (E values in formats.cell), stores (or None). Out:
    signals. Latency: slot_to_state from a slot to its h_t.
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
    carried: list[Any] = [None] * count
    if array.initial_state and cells.level.state_follows:
        carried = [signed(c_width) for _ in range(count)]
        carried_words = [c_t((e + 1) * c_width, e * c_width) for e in range(count)]
        readers += [as_signed(carried_words[e], carried[e]) for e in range(count)]
    if array.cell.alike:
        stages = [
            cell(clk, reset, unit_totals[e], biases[e], before[e], None, carried[e], signals[e], cells, cells.level)
            for e in range(count)
        ]
        return reading_biases, memory, readers, stages
    width = cells.formats.activation.width
    aside_words = [c_before(count * c_width + (e + 1) * width, count * c_width + e * width) for e in range(count)]
    aside = [signed(width) for _ in range(count)]
    readers += [as_signed(aside_words[e], aside[e]) for e in range(count)]
    stages = [
        cell_in_levels(clk, reset, slot.level, unit_totals[e], biases[e], before[e], aside[e], signals[e], cells)
        for e in range(count)
    ]
    return reading_biases, memory, readers, stages


@block
def cells_and_state(
    clk: Any,
    reset: Any,
    slot: Any,
    unit_totals: Any,
    begin: Any,
    h: Any,
    results: Any,
    observed: Any,
    saturations: Any,
    layer: Any,
    cells: Any,
    stores: Any,
    given: Any,
) -> Any:
    """From the units' totals to h_t, c_t and what a bench may watch; `given` is the InitialState or the HeldState of a
    layer.

    In: clk, reset, slot, unit_totals (E words of S totals), begin (1 bit), stores (or None). Out: h.bank, h.enable,
    h.place, h.word, results.closing, .final, .valid, .weight_set, .word, observed.begin, .c, .c_valid, .gates,
    .gates_valid, .h, .h_valid, saturations, given.last, .state_in, .state_out, .states, .status. Latency: slot_to_state
    from a slot to its h_t.
    """
    array = cells.array
    signals = [CellSignals(cells) for _ in range(array.cells)]
    gates = joined([gate for out in signals for gate in out.gates])
    c_t, h_t = joined([out.c for out in signals]), joined([out.h for out in signals])
    words = [*(out.c for out in signals), *(value for out in signals for value in out.aside)]
    carried_c, carried_h = bits(sum(len(word) for word in words)), bits(len(h_t))

    if given is None:
        keeping = [gather(words, carried_c), gather([out.h for out in signals], carried_h)]
    elif isinstance(given, HeldState):
        keeping = [take_held(clk, reset, slot, given, c_t, [out.h for out in signals], carried_c, carried_h, cells)]
    else:
        keeping = [
            take_states(clk, reset, slot, given, c_t, [out.h for out in signals], carried_c, carried_h, cells, stores),
            give_states(clk, reset, slot, given, signals, layer, cells),
        ]
    stage = cell_stage(clk, reset, slot, unit_totals, signals, carried_c, layer, cells, stores)
    state = write_state(clk, reset, slot, carried_h, h, results, layer.every_step or layer.pooled, array)
    gates_valid = delay(clk, reset, slot.real, observed.gates_valid, slot_to_gates(array))
    c_valid = delay(clk, reset, slot.real, observed.c_valid, slot_to_cell(array))
    h_valid = delay(clk, reset, slot.real, observed.h_valid, slot_to_state(array))
    watching = observe(observed, begin, gates, c_t, h_t)
    counting = count_saturations(clk, reset, slot, signals, saturations, array)
    working = (keeping, stage, state, gates_valid, c_valid, h_valid, watching, counting)
    return (*working, emit_set(clk, reset, slot, results, slot_to_state(array))) if array.writable else working


@module
def recurrent_layer(
    clk: Any,
    reset: Any,
    ping_pong: Any,
    results: Any,
    observed: Any,
    saturations: Any,
    layer: Any,
    cells: Any,
    stores: Any,
    state_in: Any,
    state_out: Any,
) -> Any:
    """One recurrent layer; `stores` are the writes into its weights where they are loaded, else None.

    `state_in` and `state_out` are the streams of h_0, c_0 and h_n, c_n where these are given; where every sequence
    begins with constants, `state_in` is their HeldState; else None.

    In: clk, reset, ping_pong, results, state_in (or None), state_out (or None). Out: ping_pong.take, ping_pong.turn,
    results.closing, .final, .reserve, .valid, .weight_set, .word, observed.begin, .c, .c_valid, .gates, .gates_valid,
    .h, .h_valid, saturations, stores.ready. Latency: `intervals` cycles from level to level and to the next step; 1 +
    G*T + capture_delay + slot_to_state + P/E - 1 from the last level's turn to its last h_t.
    """
    array = cells.array
    issue, slot, h = Issue(array), Slot(array), Write(array.h_vector)
    unit_totals = [bits(array.sums_per_unit * array.total_width) for _ in range(array.cells)]
    sums = [bits(array.sums_per_unit * array.scaled_width) for _ in range(array.cells)] if layer.scales else unit_totals

    reserving = reserve(ping_pong.take, ping_pong.final, results.reserve, layer.every_step)
    stepping = sequence(clk, reset, ping_pong, issue, array, layer.release_at)
    lanes = lane_array(clk, reset, issue, ping_pong.write, h, unit_totals, layer.lanes, stores)
    if layer.scales:
        slotting = scaled_slots(clk, reset, issue, slot, unit_totals, sums, array, layer.scales, stores)
    else:
        slotting = slot_control(clk, reset, issue, slot, array)
    waiting = issue.waiting if array.streamed else None
    given = state_in
    if array.initial_state and not isinstance(state_in, HeldState):
        given = InitialState(ping_pong, state_in, state_out, saturations, cells)
    interval = sum(layer.intervals)
    if array.levels > 1:
        beginning = begin_level(
            *(clk, reset, ping_pong, results.room, issue.level, issue.next_level),
            *(layer.every_step, layer.intervals),
        )
    elif given is None:
        beginning = begin_step(clk, reset, ping_pong, results.room, waiting, layer.every_step, interval)
    elif isinstance(given, HeldState):
        beginning = begin_held(clk, reset, ping_pong, results.room, waiting, layer.every_step, interval)
    else:
        beginning = begin_turn(
            clk, reset, ping_pong, given.states, results.room, given.last.room, waiting, layer.every_step, interval
        )
    stage = cells_and_state(
        clk, reset, slot, sums, ping_pong.take, h, results, observed, saturations, layer, cells, stores, given
    )
    return beginning, reserving, stepping, lanes, slotting, stage
