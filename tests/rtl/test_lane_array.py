"""The lanes of a layer, led through a step: the exact sums of all units come in the order of the slots."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from accel.architecture.array import Array
from accel.architecture.latencies import ADDRESS_TO_FETCH, capture_delay
from accel.base.fixed import index_bits
from accel.memory.images import unit_words
from accel.memory.load_frame import sections, streamed_beats
from accel.model.design import Design
from accel.model.weights import LayerWeights
from accel.rtl.blocks.lanes.issue import Issue
from accel.rtl.blocks.lanes.lane_array import ArrayConstants, lane_array
from accel.rtl.blocks.lanes.sequencer import sequence
from accel.rtl.blocks.lanes.streamed_weights import frame_turns, streamed_weights
from accel.rtl.blocks.primitives.signals import bits, flag
from accel.rtl.blocks.streams.axis import AxiWords
from accel.rtl.blocks.streams.load_fill import Store
from accel.rtl.blocks.streams.ping_pong import Beats, PingPong
from tests.designs import design, spec
from tests.marks import first
from tests.rtl.copies import Copies
from tests.rtl.cycles import Plan, fields
from tests.rtl.traffic import AsBeats, Beat, Clocked, Source, run

KINDS: dict[str, dict[str, Any]] = {
    "one lane a row": {},
    "two lanes and cells, groups with a rest": {
        "model": {"inputs": 5, "hidden": [10]},
        "engine": {"lanes_per_row": 2, "cells_per_cycle": 2, "operand_register": True},
    },
    "split lanes": {"engine": {"lanes_per_row": 2, "cells_per_cycle": 4, "lanes": "split", "input_lanes": 1}},
    "dense": {"sparsity": {"pattern": "dense", "input": None, "recurrent": None}, "engine": {"units": 2}},
    "a dense GRU, two lanes": {
        "model": {"cell": "gru", "inputs": 3, "hidden": [8]},
        "sparsity": {"pattern": "dense", "input": None, "recurrent": None},
        "engine": {"lanes_per_row": 2, "cells_per_cycle": 2},
    },
    "lanes of its own for each direction": {
        "model": {"inputs": 3, "hidden": [6], "bidirectional": True, "longest": 4, "head": None},
        "engine": {"cells_per_cycle": 2, "directions": "own"},
    },
    "dense, lanes of its own for each direction": {
        "model": {"inputs": 4, "hidden": [6], "bidirectional": True, "longest": 4, "head": None},
        "sparsity": {"pattern": "dense", "input": None, "recurrent": None},
        "engine": {"lanes_per_row": 2, "cells_per_cycle": 2, "input_words": 2, "directions": "own"},
    },
    "ternary": {"weights": {"kind": "ternary", "input_frac": 1, "recurrent_frac": 1}},
    "x first": {"model": {"inputs": 5, "hidden": [10]}, "engine": {"order": "x_first", "units": 2}},
    "x first, three lanes, a rest of x": {
        "model": {"inputs": 9, "hidden": [10]},
        "engine": {"order": "x_first", "units": 2, "lanes_per_row": 3, "cells_per_cycle": 2, "operand_register": True},
    },
    "x first, a GRU": {
        "model": {"cell": "gru", "inputs": 5, "hidden": [8]},
        "engine": {"order": "x_first", "units": 2},
    },
    "x first, a dense GRU, two lanes": {
        "model": {"cell": "gru", "inputs": 5, "hidden": [8]},
        "sparsity": {"pattern": "dense", "input": None, "recurrent": None},
        "engine": {"order": "x_first", "units": 2, "lanes_per_row": 2, "cells_per_cycle": 2},
    },
}


@dataclass
class Steps:
    """An array and its weights, led through steps: which totals have to leave the shift registers, and when."""

    array: Any
    layer: LayerWeights
    plan: Plan = field(default_factory=Plan)
    wanted: dict[int, list[list[int]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.copies = Copies(self.array, random.Random(1), self.plan)
        self.ping_pong, self.issue = PingPong(self.array.x_vector), Issue(self.array)
        self.unit_totals = [bits(self.array.sums_per_unit * self.array.total_width) for _ in range(self.array.cells)]

    def sums(self, x: list[int], h: list[int], unit: int) -> list[int]:
        """A unit's exact sums; beyond the last unit there are none."""
        array, found = self.array, []
        for one in array.cell.sums:
            row = one.row * array.outputs + unit
            of_x = sum(int(w) * value for w, value in zip(self.layer.w_x.values[row], x, strict=False))
            of_h = sum(int(w) * value for w, value in zip(self.layer.w_h.values[row], h, strict=False))
            parts = {"x": of_x << array.x_shift, "h": of_h << array.h_shift}
            found.append(sum(value for part, value in parts.items() if one.part in ("both", part)))
        return found

    def step(self, cycle: int, number: int, fresh: bool, bank: int) -> int:
        """Plan a step whose turn is in a cycle; returns the first one in which another may begin."""
        array, ping_pong = self.array, self.ping_pong
        self.plan.at(cycle, (ping_pong.turn, 1), (ping_pong.take, 1), (ping_pong.fresh, fresh), (ping_pong.bank, bank))
        self.plan.at(cycle + 1, (ping_pong.turn, 0), (ping_pong.take, 0))
        banks = array.h_vector.banks
        x, h = self.copies.of_x[bank], self.copies.of_h[(banks // 2 + number) % banks]
        h = [0] * len(h) if fresh else h
        cycles, begin = array.cycles_behind, cycle + array.groups * array.cycles_ahead
        for group in range(array.groups):
            first = begin + (group + 1) * cycles + capture_delay(array) + 1
            for slot in range(array.slots_per_group):
                units = [group * array.units + slot * array.cells + e for e in range(array.cells)]
                if (
                    first + slot < begin + (group + 2) * cycles + capture_delay(array) + 1
                    and max(units) < array.outputs
                ):
                    self.wanted[first + slot] = [self.sums(x, h, unit) for unit in units]
        return cycle + array.depth

    def led(self, clocked: Clocked, constants: ArrayConstants, stores: Any) -> list[Any]:
        """The lanes and what leads them."""
        copies, issue = self.copies, self.issue
        ports = issue, copies.x, copies.h, self.unit_totals
        leading = sequence(clocked.clk, clocked.reset, self.ping_pong, issue, self.array, 0)
        return [leading, lane_array(clocked.clk, clocked.reset, *ports, constants, stores)]

    def shown(self, words: list[int]) -> list[list[int]]:
        """The units' totals as sums."""
        return [fields(word, self.array.total_width, self.array.sums_per_unit) for word in words]


def built(kind: str, **engine: Any) -> tuple[Design, Array, LayerWeights]:
    sections = KINDS[kind]
    made = design(spec(**sections | {"engine": {**sections.get("engine", {}), **engine}}), Path())
    return made, made.net.layers[0], made.in_hardware.weights.layers[0]


def held(array: Array, words: Any) -> ArrayConstants:
    return ArrayConstants(array, tuple(map(tuple, words)), tuple("" for _ in words))


@pytest.mark.parametrize("kind", KINDS)
def test_every_unit_has_its_sums_at_its_slot(kind: str) -> None:
    _, array, layer = built(kind)
    assert (array.cycles_ahead > 0) == ("x first" in kind)
    steps, clocked = Steps(array, layer), Clocked()
    cycle = steps.copies.ready
    for number, (fresh, pause) in enumerate([(True, 0), (False, 0), (False, 3), (True, 1), (False, 0)]):
        cycle = steps.step(cycle + pause, number, fresh, number % 2)
    shown = steps.plan.run(
        clocked, steps.led(clocked, held(array, unit_words(array, layer)), None), steps.unit_totals, array.depth + 40
    )
    assert {n: steps.shown(shown[n]) for n in steps.wanted} == steps.wanted


def test_loaded_words_are_those_of_the_set_that_a_step_began_with() -> None:
    made, array, layer = built("one lane a row", memory="scratchpad")
    steps, clocked = Steps(array, layer), Clocked()
    store, cycle = Store(sections(array, made.net)["weights"]), steps.copies.ready
    for upper in (0, 1):  # the lower set is full of wrong words
        for unit, words in enumerate(unit_words(array, layer)):
            for address, word in enumerate(words):
                place = (upper << index_bits(array.depth)) + address
                value = word if upper else 1
                at = (store.enable, 1), (store.memory, unit), (store.address, place), (store.word, value)
                steps.plan.at(cycle, *at)
                cycle += 1
    steps.plan.at(cycle, (store.enable, 0), (steps.ping_pong.weight_set, 1))
    end = steps.step(cycle, 0, False, 1)
    steps.plan.at(cycle + 1, (steps.ping_pong.weight_set, 0))
    right = dict(steps.wanted)
    steps.step(end, 1, False, 1)
    stores = SimpleNamespace(weights=store)
    shown = steps.plan.run(clocked, steps.led(clocked, held(array, []), stores), steps.unit_totals, array.depth + 40)
    assert {n: steps.shown(shown[n]) for n in right} == right
    assert all(steps.shown(shown[n]) != steps.wanted[n] for n in steps.wanted if n not in right)


@pytest.mark.parametrize("seed", first(range(3)))
@pytest.mark.parametrize("width", [8, 32, 256])
def test_fed_words_are_held_ahead_and_come_in_their_order(width: int, seed: int) -> None:
    _, array, _ = built("one lane a row", memory="stream", memory_width=width)
    clocked, beats, issue, rng = Clocked(), Beats(width), Issue(array), random.Random(seed)
    sets, full = 3 * array.sets_ahead, 3 * array.sets_ahead * array.set_beats
    words, shown = [bits(array.word_width) for _ in range(array.units)], list[list[int]]()
    sent = [(rng.getrandbits(width), False) for _ in range(sets * array.set_beats)]
    source, asked, late, most = Source(beats, sent), list[int](), dict[int, list[int]](), [0]

    def before(rng: random.Random) -> None:
        issue.going.next = len(shown) > full and bool(issue.streamed) and rng.random() < 0.5

    def each() -> None:
        shown.append([int(word) for word in words])
        if issue.going:
            assert issue.streamed
            asked.append(len(shown) - 1)
        most[0] = max(most[0], source.sent // array.set_beats - len(asked))

    made = streamed_weights(clocked.clk, clocked.reset, beats, issue, words, array)
    run(clocked, made, [source], [], 3 * full + 60, seed, before, each)
    for number, cycle in enumerate(asked[:-2]):
        part = sent[number * array.set_beats : (number + 1) * array.set_beats]
        word = sum(beat << n * width for n, (beat, _) in enumerate(part))
        late[number] = [word >> n * array.word_width & (1 << array.word_width) - 1 for n in range(array.units)]
        assert shown[cycle + ADDRESS_TO_FETCH] == late[number]
    assert (most[0], len(late)) == (array.sets_ahead, sets - 2)


@pytest.mark.parametrize("kind", ["one lane a row", "x first"])
@pytest.mark.parametrize("seed", first(range(3)))
def test_lanes_wait_for_fed_words_and_lose_none(seed: int, kind: str) -> None:
    _, array, layer = built(kind, memory="stream", memory_width=32)
    steps, clocked, torn = Steps(array, layer), Clocked(), flag()
    axis, weights = AxiWords(32), Beats(32)
    turns, words = 3, streamed_beats(array, layer)
    beats: list[Beat] = [(word, n == len(words) - 1) for _ in range(turns) for n, word in enumerate(words)]
    cycle, active, captured = [0], [0], list[list[list[int]]]()
    last_addresses, late = list[int](), capture_delay(array) + 1

    def before(_: random.Random) -> None:
        for signal, value in steps.plan.values.get(cycle[0], []):
            signal.next = value
        begins = cycle[0] > steps.copies.ready and not steps.issue.active and active[0] < turns
        steps.ping_pong.turn.next = steps.ping_pong.take.next = begins
        steps.ping_pong.fresh.next = True
        active[0] += begins

    def each() -> None:
        if steps.issue.last:
            last_addresses.append(cycle[0])
        if cycle[0] - late in last_addresses:
            captured.append(steps.shown([int(head) for head in steps.unit_totals]))
        cycle[0] += 1

    made = [frame_turns(clocked.clk, clocked.reset, axis, weights, torn, array)]
    made += steps.led(clocked, held(array, []), weights)
    run(clocked, made, [Source(AsBeats(axis), beats)], [], 1500, seed, before, each)
    zeros = [0] * len(steps.copies.of_h[0])
    wanted = [[steps.sums(steps.copies.of_x[0], zeros, group * array.units)] for group in range(array.groups)]
    assert captured == turns * wanted
    assert not torn
