"""The cycles of a step: addresses, groups and levels, what each lane does in them, and the slots that follow."""

from __future__ import annotations

import random
from typing import Any

import pytest

from accel.architecture.dataflows.rows import RowArray
from accel.architecture.latencies import ADDRESS_TO_FETCH, fetch_to_select
from accel.architecture.network import network
from accel.rtl.blocks.lanes.fetch import Reading
from accel.rtl.blocks.lanes.issue import Issue
from accel.rtl.blocks.lanes.lane_control import dense_places, lane_control, shared_control
from accel.rtl.blocks.lanes.levels import Ends, Work, lane_work, level_ends
from accel.rtl.blocks.lanes.sequencer import sequence
from accel.rtl.blocks.primitives.signals import bits
from accel.rtl.blocks.streams.ping_pong import PingPong
from tests.designs import spec
from tests.rtl.cycles import Plan, fields, outputs, packed
from tests.rtl.traffic import Clocked, run

HIGHWAY: dict[str, Any] = {
    "model": {"cell": "highway", "depth": 3, "inputs": 3, "hidden": [8]},
    "engine": {"lanes_per_row": 2, "cells_per_cycle": 4},
}
KINDS: dict[str, dict[str, Any]] = {
    "rows": {},
    "two lanes, one without x": {
        "engine": {"lanes_per_row": 2, "cells_per_cycle": 4, "lanes": "split", "input_lanes": 1}
    },
    "levels": HIGHWAY,
    "given states, two streams, loaded": {"engine": {"streams": 2, "state_streams": True, "memory": "scratchpad"}},
    "fed": {"engine": {"memory": "stream", "memory_width": 32}},
    "x first": {"engine": {"order": "x_first", "units": 2}},
    "x first, fed, a lane with x left": {
        "model": {"inputs": 5, "hidden": [8]},
        "engine": {"order": "x_first", "units": 2, "lanes_per_row": 2, "memory": "stream", "memory_width": 32},
    },
    "x first in the first level alone": {
        "model": {"cell": "highway", "depth": 2, "inputs": 5, "hidden": [8]},
        "engine": {"order": "x_first", "units": 2},
    },
    "x first in every level": {
        "model": {"cell": "gru_reset_first", "inputs": 5, "hidden": [8]},
        "engine": {"order": "x_first", "units": 2},
    },
}
SHARED: dict[str, Any] = {
    "model": {"inputs": 3, "hidden": [4, 6], "cell": "gru"},
    "engine": {"units": 2, "lanes_per_row": 3, "shared_layers": True},
}
DENSE = {"pattern": "dense", "input": None, "recurrent": None}


def array_of(sections: dict[str, Any]) -> Any:
    return network(spec(**sections)).in_hardware.layers[0]


class Step:
    """The step that is running, as the sequencer must tell of it."""

    def __init__(self, array: RowArray) -> None:
        self.array, self.turns, self.level, self.next_level = array, 0, 0, 0
        self.layers, self.moves = array.levels > array.unit_levels, 0
        self.address = self.at = 0
        self.running = self.given = self.released = False
        self.fresh = self.final = self.bank = self.chosen = False

    @property
    def way(self) -> list[tuple[int, int]]:
        """Group and cycle within it of each address of the level."""
        one = self.array.by_level[self.level]
        groups = range(one.groups)
        ahead = [(group, n) for group in groups for n in range(one.cycles_ahead)]
        return ahead + [(group, n) for group in groups for n in range(one.cycles_ahead, one.cycles_per_group)]

    @property
    def group(self) -> int:
        """Where it is."""
        return self.way[self.at][0]

    @property
    def position(self) -> int:
        """Cycle within the group."""
        return self.way[self.at][1]

    @property
    def last(self) -> bool:
        """The group's last cycle."""
        return self.position == self.array.by_level[self.level].cycles_per_group - 1

    @property
    def ahead(self) -> int:
        """Cycles of a group that come ahead of all others in the level."""
        return self.array.by_level[self.level].cycles_ahead

    def next(self, ping_pong: Any, going: bool, release_at: int) -> None:
        """What it is in the next cycle."""
        array, turn, take = self.array, bool(ping_pong.turn), bool(ping_pong.take)
        self.released = going and self.address == release_at and not self.given
        if going:
            self.address = (self.address + 1) % array.depth
            self.at += 1
            if self.at == len(self.way):
                self.running, self.at = False, 0
        if turn:
            self.running, self.at = True, 0
            self.given = array.initial_state and not take
            self.level, self.next_level = self.next_level, (self.next_level + 1) % array.levels
            self.moves += take or not self.layers
            if take or not self.layers:
                self.fresh = bool(ping_pong.fresh) and (take or array.levels == 1)
            if take or array.levels == 1:
                self.final, self.bank = bool(ping_pong.final), bool(ping_pong.bank)
            self.chosen = bool(ping_pong.weight_set) and array.writable
            self.turns += 1


STEPS = KINDS | {"layers that share lanes": SHARED}


@pytest.mark.parametrize("sections", STEPS.values(), ids=STEPS)
def test_a_step_goes_through_its_addresses_group_after_group(sections: dict[str, Any]) -> None:
    array, clocked = array_of(sections), Clocked()
    ping_pong, issue, step, release_at = PingPong(array.x_vector), Issue(array), Step(array), array.depth // 2
    banks, pause = array.h_vector.banks, [0]

    def before(rng: random.Random) -> None:
        last = step.running and step.last and step.group == array.by_level[step.level].groups - 1
        issue.streamed.next = come = array.streamed is None or rng.random() < 0.7
        pause[0] = pause[0] - 1 if not step.running else rng.choice((0, 0, 2))
        turn = (last and come and pause[0] == 0) or (not step.running and pause[0] <= 0)
        ping_pong.turn.next = turn
        ping_pong.take.next = turn and step.next_level == 0 and not (array.initial_state and rng.random() < 0.3)
        ping_pong.fresh.next, ping_pong.final.next, ping_pong.bank.next, ping_pong.weight_set.next = (
            rng.random() < 0.5 for _ in range(4)
        )

    def each() -> None:
        going = step.running and bool(issue.streamed)
        first = step.position == 0 or (step.ahead > 0 and step.position == step.ahead)
        assert (issue.active, issue.going, issue.first) == (step.running, going, first)
        assert issue.waiting == (array.streamed is not None and step.running and not issue.streamed)
        assert issue.last == (going and step.last)
        if array.goes_ahead:
            assert issue.ahead == (going and step.ahead > 0 and step.position == step.ahead - 1)
            assert issue.resume == (step.ahead > 0 and step.position == step.ahead)
        assert ping_pong.release == step.released
        if step.running:
            assert (issue.address, issue.position) == (step.address, step.position)
            opening = step.group == 0 or step.position < step.ahead
            opening = opening and not (step.layers and step.level)
            assert (issue.opening, issue.fresh, issue.final) == (opening, step.fresh, step.final)
            assert issue.group == (step.group if array.goes_ahead else 0)
            assert (issue.x_bank, issue.weight_set, issue.given) == (step.bank, step.chosen, step.given)
            assert issue.level == step.level
            assert issue.read_bank == (step.moves + banks // 2 - 1) % banks
            assert issue.write_bank == (step.moves - 1) % banks
            assert issue.stream == (step.turns - 1) % array.streams
        step.next(ping_pong, going, release_at)

    made = sequence(clocked.clk, clocked.reset, ping_pong, issue, array, release_at)
    run(clocked, made, [], [], 6 * array.depth + 60, 3, before, each)
    assert step.turns >= 4


@pytest.mark.parametrize("sections", KINDS.values(), ids=KINDS)
def test_a_lane_reads_its_x_then_its_h_then_nothing(sections: dict[str, Any]) -> None:
    array, clocked, plan, rng = array_of(sections), Clocked(), Plan(), random.Random(4)
    issue, reading, lanes = Issue(array), Reading(array), range(array.lanes_per_row)
    select, wanted = ADDRESS_TO_FETCH + fetch_to_select(array), dict[int, tuple[int, int]]()
    banks = dict[int, tuple[int, int]]()
    for cycle in range(90):
        level = rng.randrange(array.levels)
        cycles = array.by_level[level].cycles_per_group
        position, fresh, rests = rng.randrange(cycles), rng.random() < 0.4, rng.random() < 0.3
        x_bank, h_bank = rng.randrange(2), rng.randrange(array.h_vector.banks)
        plan.at(cycle, (issue.position, position), (issue.fresh, fresh), (issue.level, level), (issue.going, not rests))
        plan.at(cycle, (issue.x_bank, x_bank), (issue.read_bank, h_bank))
        own = array.by_level[level].lanes
        of_h = [position >= own[m].x_slots for m in lanes]
        drops = [position >= own[m].slots or (fresh and of_h[m]) or (rests and bool(array.streamed)) for m in lanes]
        wanted[cycle + select] = packed(of_h, 1), packed(drops, 1)
        banks[cycle + ADDRESS_TO_FETCH] = x_bank, h_bank
    outs = [reading.from_h, reading.clear, reading.x_bank, reading.h_bank]
    shown = plan.run(clocked, lane_control(clocked.clk, clocked.reset, issue, reading, array), outs, select)
    assert {n: tuple(shown[n][:2]) for n in wanted} == wanted
    assert {n: tuple(shown[n][2:]) for n in banks} == banks


def test_a_lane_of_layers_reads_x_or_its_own_h_and_what_the_layer_in_front_has_made_last() -> None:
    array, clocked, plan, rng = array_of(SHARED), Clocked(), Plan(), random.Random(4)
    issue, reading, lanes = Issue(array), Reading(array), range(array.lanes_per_row)
    select, wanted = ADDRESS_TO_FETCH + fetch_to_select(array), dict[int, tuple[int, ...]]()
    banks = dict[int, tuple[int, int]]()
    for cycle in range(90):
        level = rng.randrange(array.levels)
        one = array.by_level[level]
        position, fresh, old = rng.randrange(one.cycles_per_group), rng.random() < 0.4, rng.randrange(2)
        x_bank = rng.randrange(2)
        plan.at(cycle, (issue.position, position), (issue.fresh, fresh), (issue.level, level))
        plan.at(cycle, (issue.x_bank, x_bank), (issue.read_bank, old))
        last = [position >= one.lanes[m].x_slots for m in lanes]
        own = [late == (level == 0) for late in last]
        made = [late and level > 0 for late in last]
        drops = [position >= one.lanes[m].slots or (fresh and own[m]) for m in lanes]
        of_h = [late or level > 0 for late in last]
        wanted[cycle + select] = packed(of_h, 1), packed(own, 1), packed(drops, 1)
        banks[cycle + ADDRESS_TO_FETCH] = x_bank, packed([old != one for one in made], 1)
    outs = [reading.from_h, reading.of_h, reading.clear, reading.x_bank, reading.h_bank]
    shown = plan.run(clocked, shared_control(clocked.clk, clocked.reset, issue, reading, array), outs, select)
    assert {n: tuple(shown[n][:3]) for n in wanted} == wanted
    assert {n: tuple(shown[n][3:]) for n in banks} == banks


@pytest.mark.parametrize(
    "sections",
    [
        {"sparsity": DENSE},
        {"sparsity": DENSE, "engine": {"lanes_per_row": 3, "cells_per_cycle": 4}},
        {**HIGHWAY, "sparsity": DENSE},
    ],
    ids=["one lane", "three lanes", "levels"],
)
def test_lanes_of_a_dense_row_count_the_columns_that_they_read(sections: dict[str, Any]) -> None:
    array, clocked, plan = array_of(sections), Clocked(), Plan()
    issue, count = Issue(array), array.lanes_per_row
    word, wanted = bits(count * array.index_width), dict[int, list[int | None]]()
    order = [(level, n) for level in range(array.levels) for n in range(array.group_cycles[level])]
    for cycle, (level, position) in enumerate(order):
        plan.at(cycle, (issue.position, position), (issue.level, level))
        (k_x, k_h), columns = array.by_level[level].nnz, list[int | None]()
        for m in range(count):
            taken = position * count + m
            columns.append((taken if taken < k_x else taken - k_x) if taken < k_x + k_h else None)
        wanted[cycle + ADDRESS_TO_FETCH] = columns
    made = dense_places(clocked.clk, clocked.reset, issue, word, array)
    shown = plan.run(clocked, made, [word], ADDRESS_TO_FETCH)
    for cycle, columns in wanted.items():
        places = [place % (1 << array.index_width) for place in fields(shown[cycle][0], array.index_width, count)]
        assert all(column is None or place == column for place, column in zip(places, columns, strict=True))


def test_what_lanes_do_and_where_a_level_ends_follow_the_level() -> None:
    array, clocked, level = array_of(HIGHWAY), Clocked(), bits(2)
    ends, work, lanes = Ends(array), Work(array), range(array.lanes_per_row)
    outs = [ends.cycle, ends.address, ends.following, *work.x_slots, *work.slots]
    shown = outputs(
        clocked, [level_ends(level, ends, array), lane_work(level, work, array)], [level], [[0], [1], [2]], outs
    )
    depths = [array.groups * one.cycles_per_group for one in array.by_level]
    for number, one in enumerate(array.by_level):
        end = sum(depths[: number + 1])
        wanted = [one.cycles_per_group - 1, end - 1, end % sum(depths)]
        wanted += [one.lanes[m].x_slots for m in lanes] + [one.lanes[m].slots for m in lanes]
        assert shown[number] == wanted


@pytest.mark.parametrize(
    ("kind", "counts"),
    [("x first in the first level alone", [4, 0]), ("x first in every level", [4, 4, 4])],
)
def test_where_what_comes_ahead_ends_follows_the_level(kind: str, counts: list[int]) -> None:
    array, clocked, level = array_of(KINDS[kind]), Clocked(), bits(2)
    ends, groups = Ends(array), array.groups
    assert [one.cycles_ahead for one in array.by_level] == counts
    values, start = [[n] for n in range(len(counts))], 0
    outs = [ends.ahead_cycle, ends.restart, ends.ahead_address]
    for (cycle, restart, address), one in zip(
        outputs(clocked, level_ends(level, ends, array), [level], values, outs), array.by_level, strict=True
    ):
        assert restart == one.cycles_ahead
        if one.cycles_ahead:
            assert (cycle, address) == (one.cycles_ahead - 1, start + groups * one.cycles_ahead - 1)
        else:
            assert cycle >= one.cycles_per_group
        start += one.depth


def test_something_comes_ahead_where_it_is_said() -> None:
    assert [array_of(sections).goes_ahead for sections in KINDS.values()] == ["x first" in kind for kind in KINDS]
