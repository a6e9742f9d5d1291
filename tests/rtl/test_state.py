"""What a layer keeps from step to step, and the states that sequences are given and leave."""

from __future__ import annotations

import random
from types import SimpleNamespace
from typing import Any

import pytest

from accel.architecture.latencies import SLOT_TO_TOTALS, byte_width, slot_to_before, slot_to_cell, slot_to_state
from accel.architecture.network import network
from accel.base.fixed import index_bits
from accel.memory.load_frame import Section
from accel.rtl.blocks.cells.cell import CellConstants, CellSignals
from accel.rtl.blocks.cells.status import LayerStatus
from accel.rtl.blocks.lanes.slots import Slot
from accel.rtl.blocks.primitives.signals import bits
from accel.rtl.blocks.rows.cell_path import cell_memory, emit_set, read_biases, write_state
from accel.rtl.blocks.rows.held_state import HeldState, take_held
from accel.rtl.blocks.rows.initial_state import InitialState, give_states, take_states, value_width
from accel.rtl.blocks.streams.axis import AxiStream
from accel.rtl.blocks.streams.load_fill import Store
from accel.rtl.blocks.streams.output_fifo import Results
from accel.rtl.blocks.streams.ping_pong import PingPong, Write
from tests.designs import spec
from tests.rtl.cycles import Plan, numbers, packed
from tests.rtl.traffic import AsBeats, Beat, Clocked, Sink, Source, run

SEEDS = pytest.mark.parametrize("seed", range(3))
KINDS = pytest.mark.parametrize("cell", ["lstm", "gru"])


def array_of(cell: str = "lstm", **engine: Any) -> Any:
    """Seven units in four slots of two."""
    chosen = spec(
        model={"cell": cell, "inputs": 3, "hidden": [7], "head": None}, engine={"cells_per_cycle": 2, **engine}
    )
    return network(chosen).layers[0]


@KINDS
@pytest.mark.parametrize("streams", [1, 3])
def test_a_cell_finds_what_it_kept_for_its_stream_or_zero_where_a_sequence_begins(streams: int, cell: str) -> None:
    array, rng, clocked, plan = array_of(cell, streams=streams), random.Random(1), Clocked(), Plan()
    slot, width = Slot(array), 2 * array.formats.cell.width
    c_t, c_before = bits(width), bits(width)
    carried, cycle, wanted = [[0] * array.output_beats for _ in range(streams)], 0, dict[int, int]()
    for step in range(5 * streams):
        stream, fresh = step % streams, step < streams or rng.random() < 0.3
        for beat in range(array.output_beats):
            new = rng.getrandbits(width)
            plan.at(cycle, (slot.valid, 1), (slot.beat, beat), (slot.stream, stream), (slot.fresh, fresh))
            plan.at(cycle + slot_to_cell(array), (c_t, new))
            wanted[cycle + slot_to_before(array)] = 0 if fresh else carried[stream][beat]
            carried[stream][beat] = new
            cycle += 1
        plan.at(cycle, (slot.valid, 0))
        cycle += rng.randrange(3) + (slot_to_cell(array) if streams == 1 else 8)
    shown = plan.run(clocked, cell_memory(clocked.clk, clocked.reset, slot, c_t, c_before, array), [c_before])
    assert {n: shown[n][0] for n in wanted} == wanted


@pytest.mark.parametrize("every_step", [True, False])
def test_h_goes_to_the_lanes_from_every_slot_and_leaves_from_real_ones(every_step: bool) -> None:
    array, rng, clocked, plan = array_of(memory="scratchpad"), random.Random(2), Clocked(), Plan()
    slot, h_t, h, results = Slot(array), bits(2 * array.h.width), Write(array.h_vector), Results(2 * array.h.width)
    wanted = {}
    for cycle in range(60):
        valid, given, final, closing, upper, bank = (rng.randrange(2) for _ in range(6))
        beat, word, real = rng.randrange(array.output_beats), rng.getrandbits(len(h_t)), valid and not given
        plan.at(cycle, (slot.valid, valid), (slot.real, real), (slot.final, final), (slot.closing, closing))
        plan.at(cycle, (slot.beat, beat), (slot.bank, bank), (slot.weight_set, upper))
        plan.at(cycle + slot_to_state(array), (h_t, word))
        leaves = real and (every_step or final)
        wanted[cycle + slot_to_state(array)] = [valid, bank, beat, word, leaves, word, closing, final, upper]
    outs = [h.enable, h.bank, h.place, h.word, results.valid, results.word, results.closing, results.final]
    made = [write_state(clocked.clk, clocked.reset, slot, h_t, h, results, every_step, array)]
    made += [emit_set(clocked.clk, clocked.reset, slot, results, slot_to_state(array))]
    shown = plan.run(clocked, made, [*outs, results.weight_set])
    assert {n: shown[n] for n in wanted} == wanted


def test_only_the_last_level_of_a_step_leaves() -> None:
    chosen = spec(model={"cell": "highway", "depth": 2, "inputs": 3, "hidden": [8], "head": None})
    array, rng, clocked, plan = network(chosen).layers[0], random.Random(3), Clocked(), Plan()
    slot, h_t, h, results = Slot(array), bits(array.h.width), Write(array.h_vector), Results(array.h.width)
    wanted = {}
    for cycle in range(40):
        leaving = rng.randrange(2)
        plan.at(cycle, (slot.valid, 1), (slot.real, 1), (slot.leaving, leaving))
        wanted[cycle + slot_to_state(array)] = [1, leaving]
    made = write_state(clocked.clk, clocked.reset, slot, h_t, h, results, True, array)
    shown = plan.run(clocked, made, [h.enable, results.valid], slot_to_state(array))
    assert {n: shown[n] for n in wanted} == wanted


@pytest.mark.parametrize("memory", ["rom", "scratchpad", "levels"])
def test_biases_come_with_their_slot(memory: str) -> None:
    if memory == "levels":
        array = network(spec(model={"cell": "highway", "depth": 3, "inputs": 3, "hidden": [8], "head": None})).layers[0]
    else:
        array = array_of(memory=memory)
    rng, clocked, plan, slot, biases = random.Random(4), Clocked(), Plan(), Slot(array), bits(20)
    gap = 1 << index_bits(array.beats)
    words = tuple(rng.getrandbits(20) for _ in range(array.levels * gap))
    layer = SimpleNamespace(lanes=SimpleNamespace(array=array), bias_words=words, bias_file="")
    stores, start = SimpleNamespace(biases=Store(Section(1, array.beats, 20))), 0
    if array.writable:
        store = stores.biases
        for start, word in enumerate(words[: array.beats]):
            plan.at(start, (store.enable, 1), (store.address, gap + start), (store.word, word))
        plan.at(start + 1, (store.enable, 0), (slot.weight_set, 1))
    wanted = {}
    for cycle in range(start + 2, start + 40):
        beat, level = rng.randrange(array.beats), rng.randrange(array.levels)
        plan.at(cycle, (slot.beat, beat), (slot.level, level))
        wanted[cycle + SLOT_TO_TOTALS] = words[level * gap + beat]
    shown = plan.run(clocked, read_biases(clocked.clk, slot, biases, layer, stores), [biases], SLOT_TO_TOTALS)
    assert {n: shown[n][0] for n in wanted} == wanted


class Carried:
    """Slots at random, some of them given, and what cells make of the others."""

    def __init__(self, array: Any, plan: Plan, rng: random.Random) -> None:
        self.cells = CellConstants(array, {}, 4, 0)
        self.signals = [CellSignals(self.cells) for _ in range(array.cells)]
        self.array, self.plan, self.rng, self.slot = array, plan, rng, Slot(array)
        self.c_t, self.carried_c = (bits(array.cells * array.formats.cell.width) for _ in range(2))
        self.carried_h = bits(array.cells * array.h.width)

    def make(self, cycle: int) -> tuple[list[int], list[int]]:
        """What cells make in a slot: c, h."""
        array, formats = self.array, self.array.formats
        c, h = numbers(self.rng, formats.cell.width, array.cells), numbers(self.rng, array.h.width, array.cells)
        self.plan.at(cycle + slot_to_cell(array), (self.c_t, packed(c, formats.cell.width)))
        self.plan.at(cycle + slot_to_cell(array), *((one.c, v) for one, v in zip(self.signals, c, strict=True)))
        self.plan.at(cycle + slot_to_state(array), *((one.h, v) for one, v in zip(self.signals, h, strict=True)))
        return c, h


@KINDS
def test_the_turn_that_takes_a_state_of_the_accelerators_own_keeps_its_constants(cell: str) -> None:
    array, rng, clocked, plan = array_of(cell), random.Random(5), Clocked(), Plan()
    carried, formats = Carried(array, plan, rng), array.formats
    follows, widths = carried.cells.level.state_follows, [array.cells * array.h.width, array.cells * formats.cell.width]
    words = tuple(tuple(rng.getrandbits(width) for _ in range(array.beats)) for width in widths[follows:])
    wanted_c, wanted_h = dict[int, int](), dict[int, int]()
    for cycle in range(60):
        (c, h), given, beat = carried.make(cycle), rng.randrange(2), rng.randrange(array.output_beats)
        plan.at(cycle, (carried.slot.given, given), (carried.slot.beat, beat), (carried.slot.valid, 1))
        wanted_c[cycle + slot_to_cell(array)] = words[-1][beat] if given else packed(c, formats.cell.width)
        h_made = packed(h, array.h.width)
        wanted_h[cycle + slot_to_state(array)] = words[0][beat] if given and not follows else h_made
    held = HeldState(words, ("",) * len(words))
    h_t = [one.h for one in carried.signals]
    ports = (
        clocked.clk,
        clocked.reset,
        carried.slot,
        held,
        carried.c_t,
        h_t,
        carried.carried_c,
        carried.carried_h,
        carried.cells,
    )
    shown = plan.run(clocked, take_held(*ports), [carried.carried_c, carried.carried_h])
    assert {n: shown[n][0] for n in wanted_c} == wanted_c
    assert {n: shown[n][1] for n in wanted_h} == wanted_h


def given_of(carried: Carried) -> InitialState:
    array = carried.array
    ends = [AxiStream(len(array.cell.states) * array.cells, value_width(array)) for _ in range(2)]
    return InitialState(PingPong(array.x_vector), *ends, LayerStatus(True, False), carried.cells)


@SEEDS
@KINDS
def test_frames_of_states_are_kept_in_the_turns_that_take_them(cell: str, seed: int) -> None:
    array, rng, clocked = array_of(cell, state_streams=True), random.Random(seed), Clocked()
    carried = Carried(array, Plan(), rng)
    given, formats, follows = given_of(carried), array.formats, carried.cells.level.state_follows
    step, count = byte_width(value_width(array)), 5
    frames = [
        [
            (numbers(rng, array.h.width, array.cells), numbers(rng, formats.cell.width, array.cells))
            for _ in range(array.output_beats)
        ]
        for _ in range(count)
    ]
    beats: list[Beat] = [
        (packed(c if follows else [*h, *c], step), n == len(frame) - 1)
        for frame in frames
        for n, (h, c) in enumerate(frame)
    ]
    got, due = {"c": list[int](), "h": list[int]()}, dict[tuple[str, int], bool]()
    cycle, beat, takes, unread, taking = [0], [array.output_beats], [0], [0], [False]

    def before(rng: random.Random) -> None:
        states, slot = given.states, carried.slot
        states.take.next = states.turn.next = False
        slot.valid.next = beat[0] < array.output_beats
        if beat[0] < array.output_beats:
            slot.given.next, slot.beat.next, slot.closing.next = taking[0], beat[0], beat[0] == array.output_beats - 1
            due["c", cycle[0] + slot_to_cell(array)] = due["h", cycle[0] + slot_to_state(array)] = taking[0]
            beat[0] += 1
        elif states.available and unread[0] < 2 and rng.random() < 0.5:
            states.take.next = states.turn.next = taking[0] = True
            beat[0], takes[0], unread[0] = 0, takes[0] + 1, unread[0] + 1
        elif rng.random() < 0.3:  # a step, whose cells make zeros
            beat[0], taking[0] = 0, False

    def each() -> None:
        for name, signal in (("c", carried.carried_c), ("h", carried.carried_h)):
            if due.get((name, cycle[0])):
                got[name].append(int(signal))
            elif (name, cycle[0]) in due:
                assert signal == 0
        unread[0] -= bool(given.states.release)
        cycle[0] += 1

    h_t = [one.h for one in carried.signals]
    ports = (
        clocked.clk,
        clocked.reset,
        carried.slot,
        given,
        carried.c_t,
        h_t,
        carried.carried_c,
        carried.carried_h,
        carried.cells,
        None,
    )
    run(clocked, take_states(*ports), [Source(AsBeats(given.state_in), beats)], [], 400, seed, before, each)
    assert got["c"] == [packed(c, formats.cell.width) for frame in frames for _, c in frame]
    assert follows or got["h"] == [packed(h, array.h.width) for frame in frames for h, _ in frame]
    assert (takes[0], unread[0]) == (count, 0)


@SEEDS
@KINDS
def test_the_state_of_a_sequences_last_step_leaves_in_a_frame(cell: str, seed: int) -> None:
    array, rng, clocked, plan = array_of(cell, state_streams=True), random.Random(seed), Clocked(), Plan()
    carried = Carried(array, plan, rng)
    given, follows, step = given_of(carried), carried.cells.level.state_follows, byte_width(value_width(array))
    wanted, cycle, slot = list[Beat](), 0, carried.slot
    for _ in range(12):
        final, real = rng.random() < 0.4, rng.random() < 0.8
        plan.at(cycle, (given.ping_pong.take, real), (given.ping_pong.final, final))
        plan.at(cycle + 1, (given.ping_pong.take, 0))
        for beat in range(array.output_beats):
            (c, h), closing = carried.make(cycle + 2 + beat), beat == array.output_beats - 1
            plan.at(cycle + 2 + beat, (slot.valid, 1), (slot.real, real), (slot.final, final), (slot.closing, closing))
            if final and real:
                wanted.append((packed(c if follows else [*h, *c], step), closing))
        cycle += 2 + array.output_beats
        plan.at(cycle, (slot.valid, 0), (slot.real, 0))
        cycle += 3 * array.output_beats  # so long that each frame has left before the next is made
    number, layer, sink = [0], SimpleNamespace(state_sequences=2), Sink(AsBeats(given.state_out), 0.6)

    def before(_: random.Random) -> None:
        for signal, value in plan.values.get(number[0], []):
            signal.next = value
        number[0] += 1

    made = give_states(clocked.clk, clocked.reset, slot, given, carried.signals, layer, carried.cells)
    run(clocked, made, [], [sink], cycle + 60, seed, before)
    assert wanted
    assert sink.got == wanted


@pytest.mark.parametrize("loaded", [False, True])
def test_no_state_is_taken_before_there_are_weights(loaded: bool) -> None:
    array, clocked = array_of(state_streams=True, memory="scratchpad"), Clocked()
    carried = Carried(array, Plan(), random.Random(1))
    given, loading = given_of(carried), SimpleNamespace(loaded=bits(1))
    source = Source(AsBeats(given.state_in), [(1, n == array.output_beats - 1) for n in range(array.output_beats)])

    def before(_: random.Random) -> None:
        loading.loaded.next = loaded

    ports = clocked.clk, clocked.reset, carried.slot, given, carried.c_t, [one.h for one in carried.signals]
    made = take_states(*ports, carried.carried_c, carried.carried_h, carried.cells, SimpleNamespace(loading=loading))
    run(clocked, made, [source], [], 60, before=before)
    assert source.sent == (array.output_beats if loaded else 0)
