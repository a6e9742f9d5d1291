"""A step by columns: the way through its columns, its drain, its lanes, and a whole layer."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from accel.architecture.latencies import DRAIN_TO_CAPTURE, column_flush
from accel.architecture.network import network
from accel.base.fixed import index_bits
from accel.memory.images import unit_words
from accel.memory.load_frame import sections
from accel.rtl.blocks.columns.column_array import column_array
from accel.rtl.blocks.columns.drain import Drain, bank_use, clear_sums, drain_steps
from accel.rtl.blocks.columns.operand_queue import Column
from accel.rtl.blocks.columns.traversal import Traversal, traverse_columns
from accel.rtl.blocks.lanes.lane_array import ArrayConstants
from accel.rtl.blocks.primitives.signals import bits, flag
from accel.rtl.blocks.streams.load_fill import Store
from accel.rtl.blocks.streams.output_fifo import Results
from accel.rtl.blocks.streams.ping_pong import PingPong
from tests.designs import design, spec
from tests.rtl.cycles import Plan, fields, numbers
from tests.rtl.test_column_queues import MIXED
from tests.rtl.test_column_sums import COLUMNS
from tests.rtl.traffic import Clocked, run

KINDS: dict[str, dict[str, Any]] = {
    "by columns": COLUMNS,
    "x by rows": MIXED,
    "a GRU by columns, loaded": {
        **COLUMNS,
        "model": {"cell": "gru", "inputs": 3, "hidden": [6], "head": None},
        "engine": COLUMNS["engine"] | {"memory": "scratchpad"},
    },
}


@dataclass
class Offered:
    """Steps offered column by column, now and then late."""

    array: Any
    rng: random.Random
    steps: list[tuple[list[Any], list[Any], bool]] = field(default_factory=list)
    """Columns of x and of h of each step, and whether it is fresh."""

    def __post_init__(self) -> None:
        for number in range(7):
            x = [self._column(self.array.x.width, n * self.array.nnz[0]) for n in range(self.rng.choice((1, 2, 3)))]
            h = [self._column(self.array.h.width, self.array.h_start + n * self.array.nnz[1]) for n in range(2)]
            x = [(True, 0, 0)] if number == 3 and not self.array.x_by_rows else x
            self.steps.append((x, [(True, 0, 0)] if number == 5 else h, number in (0, 4)))

    def _column(self, width: int, base: int) -> tuple[bool, int, int]:
        return False, numbers(self.rng, width, 1)[0], base


@pytest.mark.parametrize("kind", KINDS)
def test_a_step_takes_its_columns_of_x_then_those_of_h_with_all_their_weights(kind: str) -> None:
    array: Any = network(spec(**KINDS[kind])).layers[0]
    clocked, rng, (k_x, k_h) = Clocked(), random.Random(1), array.nnz
    x, h = Column(array.x.width, array.depth), Column(array.h.width, array.depth)
    row, ping_pong, bank_free, traversal = (
        bits(index_bits(array.groups)),
        PingPong(array.x_vector),
        flag(),
        Traversal(array),
    )
    steps = Offered(array, rng).steps
    left, worked, seen = [(list(x), list(h), fresh) for x, h, fresh in steps], list[Any](), list[Any]()
    counts, place = {"begin": 0, "finished": 0, "take": 0, "release": 0}, [0]
    cycle, free_at, started = [0], [0], [False]

    def offer(column: Any, waiting: list[Any], rng: random.Random) -> None:
        column.valid.next = there = bool(waiting) and (bool(column.valid) or rng.random() < 0.6)
        if there:
            column.void.next, column.value.next, column.base.next = waiting[0]
            column.last.next = len(waiting) == 1

    def before(rng: random.Random) -> None:
        own = left[place[0]] if place[0] < len(left) else ([], [], False)
        offer(x, own[0], rng)
        offer(h, [] if own[0] or own[2] else own[1], rng)
        ping_pong.fresh.next, bank_free.next = own[2], rng.random() < 0.7
        ping_pong.bank.next, ping_pong.weight_set.next = place[0] % 2, place[0] % 3 == 0

    def each() -> None:
        if traversal.valid:
            seen.append((int(traversal.address), int(traversal.operand), bool(traversal.bank)))
        counts["begin"] += bool(traversal.begin)
        counts["finished"] += bool(traversal.finished)
        counts["take"] += bool(ping_pong.take)
        counts["release"] += bool(ping_pong.release)
        assert ping_pong.turn == traversal.begin
        free, of_own = cycle[0] >= free_at[0], left[place[0]] if place[0] < len(left) else ([], [], False)
        assert x.taken == (free and bool(x.valid) and bool(of_own[0]) and bool(started[0] or bank_free))
        assert h.taken == (free and bool(h.valid) and not of_own[0])
        if x.taken or h.taken:
            own_x, own_h, fresh = left[place[0]]
            of_x, own = bool(x.taken), own_x if x.taken else own_h
            void, value, base = own.pop(0)
            shift, count = (array.x_shift, k_x) if of_x else (array.h_shift, k_h)
            worked.extend((base + n, value << shift, place[0] % 2 == 1) for n in range(0 if void else count))
            free_at[0], started[0] = cycle[0] + (1 if void else count), bool(own_x)
            place[0] += not own_x and (fresh or not own_h)
        cycle[0] += 1

    made = traverse_columns(clocked.clk, clocked.reset, x, h, row, ping_pong, bank_free, traversal, array)
    run(clocked, made, [], [], 250, 1, before, each)
    assert place[0] == len(steps)
    assert seen == worked
    assert counts == dict.fromkeys(counts, len(steps))


def test_accumulators_are_cleared_once_and_used_by_one_step_at_a_time() -> None:
    clocked, rng, groups = Clocked(), random.Random(2), 5
    traversal, used = SimpleNamespace(begin=flag(), next_bank=flag()), [False, False]
    drained, bank, place, cleared, bank_free, cycle = flag(), flag(), bits(3), flag(), flag(), [0]

    def before(_: random.Random) -> None:
        traversal.next_bank.next = upper = rng.randrange(2)
        traversal.begin.next = cycle[0] > groups + 1 and not used[upper] and rng.random() < 0.4
        bank.next = other = rng.randrange(2)
        drained.next = used[other] and rng.random() < 0.3

    def each() -> None:
        assert cleared == (cycle[0] >= groups)
        assert place == min(cycle[0], groups - 1)
        assert bank_free == (cleared and not used[int(traversal.next_bank)])
        if drained:
            used[int(bank)] = False
        if traversal.begin:
            used[int(traversal.next_bank)] = True
        cycle[0] += 1

    made = [clear_sums(clocked.clk, clocked.reset, place, cleared, groups)]
    made += [bank_use(clocked.clk, clocked.reset, traversal, drained, bank, cleared, bank_free)]
    run(clocked, made, [], [], 200, 2, before, each)


@pytest.mark.parametrize("emits", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_steps_are_drained_group_by_group_when_they_are_through_and_their_results_fit(kind: str, emits: bool) -> None:
    array: Any = network(spec(**KINDS[kind])).layers[0]
    clocked, traversal, drain, ping_pong, results = (
        Clocked(),
        Traversal(array),
        Drain(array),
        PingPong(array.x_vector),
        Results(8),
    )
    results.room, drained = flag(), flag()
    steps, cycle, known, read = [0, 0], [0], list[tuple[bool, bool, bool]](), list[Any]()
    finished, reserved, launches = list[int](), list[bool](), list[int]()

    def before(rng: random.Random) -> None:
        results.room.next = rng.random() < 0.5
        traversal.finished.next = finishes = steps[1] < steps[0] and rng.random() < 0.2
        steps[1] += finishes
        begins = (
            steps[0] == steps[1] and not finishes and steps[0] < len(read) // array.groups + 2 and rng.random() < 0.3
        )
        traversal.begin.next = ping_pong.take.next = begins
        traversal.next_bank.next = steps[0] % 2
        ping_pong.fresh.next, ping_pong.final.next, ping_pong.weight_set.next = (rng.random() < 0.5 for _ in range(3))
        steps[0] += begins

    def each() -> None:
        if traversal.begin:
            known.append((bool(ping_pong.fresh), bool(ping_pong.final), bool(ping_pong.weight_set)))
        if traversal.finished:
            finished.append(cycle[0])
        through = sum(end + column_flush(array) < cycle[0] for end in finished)
        free = not launches or cycle[0] >= launches[-1] + array.groups * array.slots_per_group
        if len(launches) < through and free and (results.room or not (emits or known[len(launches)][1])):
            launches.append(cycle[0])
        if results.reserve:
            reserved.append(bool(results.room))
        if drain.reading:
            number, group = divmod(len(read), array.groups)
            assert (drain.group, drain.opening) == (group, group == 0)
            assert drain.write_bank == number % 2
            assert (drain.fresh, drain.final) == known[number][:2]
            assert drain.weight_set == (array.writable and known[number][2])
            read.append(cycle[0])
        cycle[0] += 1

    made = drain_steps(clocked.clk, clocked.reset, traversal, ping_pong, results, drain, drained, array, emits)
    run(clocked, made, [], [], 400, 3, before, each)
    starts = read[:: array.groups]
    assert len(starts) > 5
    assert starts == [launch + 1 for launch in launches][: len(starts)]
    steady = [one - read[0] for one in read[: array.groups]]
    assert steady == [group * array.slots_per_group for group in range(array.groups)]
    assert all(reserved)
    wanted = len(starts) if emits else sum(final for _, final, _ in known[: len(starts)])
    assert wanted <= len(reserved) <= wanted + 1


@pytest.mark.parametrize("kind", KINDS)
def test_the_lanes_hand_on_the_exact_sums_of_a_group(kind: str) -> None:
    made = design(spec(**KINDS[kind]), Path())
    array, layer, clocked, plan = made.net.layers[0], made.weights.layers[0], Clocked(), Plan()
    any_array: Any = array
    traversal, drain, rng = Traversal(any_array), Drain(any_array), random.Random(4)
    cleared, place, ping_pong = flag(), bits(index_bits(array.groups)), PingPong(array.x_vector)
    unit_totals = [bits(array.sums_per_unit * array.total_width) for _ in range(array.cells)]
    vector, cycle = array.x_vector, 0
    held_x = [numbers(rng, array.x.width, array.inputs), numbers(rng, array.x.width, array.inputs)]
    stores, words = None, tuple(map(tuple, unit_words(array, layer)))
    if array.writable:
        stores = SimpleNamespace(weights=Store(sections(array, made.net)["weights"]))
        for unit, own in enumerate(words):
            for address, word in enumerate(own):
                upper = (1 << index_bits(array.depth)) + address
                at = (stores.weights.enable, 1), (stores.weights.memory, unit), (stores.weights.address, upper)
                plan.at(cycle, *at, (stores.weights.word, word))
                cycle += 1
        plan.at(cycle, (stores.weights.enable, 0), (traversal.weight_set, 1))
    for bank, values in enumerate(held_x):
        padded = [*values, *[0] * (vector.beats * vector.words - len(values))]
        for beat in range(vector.beats):
            part = padded[beat * vector.words : (beat + 1) * vector.words]
            word = sum((value & (1 << vector.width) - 1) << n * vector.width for n, value in enumerate(part))
            write = ping_pong.write
            plan.at(cycle, (write.enable, 1), (write.bank, bank), (write.place, beat), (write.word, word))
            cycle += 1
    plan.at(cycle, (ping_pong.write.enable, 0), (cleared, 1))
    wanted = {}
    for step in range(4):
        bank, x, h = step % 2, held_x[step % 2], numbers(rng, array.h.width, array.outputs)
        (k_x, k_h), start = array.nnz, any_array.h_start
        for address in range(array.depth):
            of_h = address >= start
            if of_h:
                operand = h[(address - start) // k_h] << array.h_shift
            else:
                operand = 0 if any_array.x_by_rows else x[address // k_x] << array.x_shift
            at = (
                (traversal.address, address),
                (traversal.valid, 1),
                (traversal.operand, operand),
                (traversal.of_h, of_h),
                (traversal.bank, bank),
            )
            row = 0 if of_h else address // k_x % array.groups
            plan.at(cycle, *at, (traversal.from_x, not of_h), (traversal.x_bank, bank), (traversal.row, row))
            cycle += 1
        plan.at(cycle, (traversal.valid, 0), (traversal.operand, 0), (traversal.from_x, 0))
        cycle += column_flush(any_array) + 2
        for group in range(array.groups):
            plan.at(cycle, (drain.reading, 1), (drain.group, group), (drain.write_bank, bank))
            plan.at(cycle + 1, (drain.reading, 0))
            for slot in range(array.slots_per_group):
                unit = group * array.units + slot
                wanted[cycle + DRAIN_TO_CAPTURE + 1 + slot] = sums_of(array, layer, x, h, unit)
            cycle += array.slots_per_group
    lanes = ArrayConstants(array, () if array.writable else words, ("",) * array.units)
    ports = clocked.clk, clocked.reset, traversal, ping_pong.write, drain, cleared, place, unit_totals, lanes, stores
    shown = plan.run(clocked, column_array(*ports), unit_totals, 8)
    assert {n: fields(shown[n][0], array.total_width, array.sums_per_unit) for n in wanted} == wanted


def sums_of(array: Any, layer: Any, x: list[int], h: list[int], unit: int) -> list[int]:
    """A unit's exact sums, in the order of the cell's list."""
    found = []
    for one in array.cell.sums:
        row = one.row * array.outputs + unit
        of_x = sum(int(w) * value for w, value in zip(layer.w_x.values[row], x, strict=True)) << array.x_shift
        of_h = sum(int(w) * value for w, value in zip(layer.w_h.values[row], h, strict=True)) << array.h_shift
        found.append({"both": of_x + of_h, "x": of_x, "h": of_h}[one.part])
    return found
