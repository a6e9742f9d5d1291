"""Sums that are begun with the x of all groups: laid aside, read in time, and gone on with."""

from __future__ import annotations

import random
from typing import Any

import pytest

from accel.architecture.dataflows.rows import PARTIAL_READ
from accel.architecture.latencies import capture_delay, first_delay, partial_delay
from accel.architecture.network import network
from accel.rtl.blocks.lanes.issue import Issue
from accel.rtl.blocks.lanes.partial_sums import (
    Ahead,
    accumulate_onto,
    accumulate_parts_onto,
    lead_sums,
    partial_sums,
)
from accel.rtl.blocks.primitives.signals import bits, flag, signed_list
from tests.designs import spec
from tests.rtl.cycles import Plan, numbers, outputs
from tests.rtl.traffic import Clocked

KINDS: dict[str, dict[str, Any]] = {
    "one lane": {"model": {"inputs": 5, "hidden": [10]}},
    "three lanes, operand register": {
        "model": {"inputs": 9, "hidden": [10]},
        "engine": {"lanes_per_row": 3, "operand_register": True},
    },
    "a row with two sums": {"model": {"cell": "gru", "inputs": 5, "hidden": [8]}},
}


def array_of(kind: str) -> Any:
    engine = {"order": "x_first", "units": 2} | KINDS[kind].get("engine", {})
    array = network(spec(**KINDS[kind] | {"engine": engine})).layers[0]
    assert array.cycles_ahead
    return array


@pytest.mark.parametrize("kind", KINDS)
def test_sums_are_written_with_the_totals_and_read_in_time_for_the_first_products(kind: str) -> None:
    array, clocked, plan = array_of(kind), Clocked(), Plan()
    issue, ahead = Issue(array), Ahead(array)
    plan.at(3, (issue.ahead, 1), (issue.group, 2))
    plan.at(4, (issue.ahead, 0), (issue.group, 1))
    plan.at(9, (issue.resume, 1), (issue.group, 3))
    plan.at(10, (issue.resume, 0), (issue.group, 0))
    outs = [ahead.write, ahead.write_group, ahead.read, ahead.read_group, ahead.resume]
    shown = plan.run(clocked, lead_sums(clocked.clk, clocked.reset, issue, ahead, array), outs, capture_delay(array))
    assert [cycle for cycle, row in enumerate(shown) if row[0]] == [3 + capture_delay(array)]
    assert shown[3 + capture_delay(array)][1] == 2
    assert [cycle for cycle, row in enumerate(shown) if row[2]] == [9 + partial_delay(array)]
    assert shown[9 + partial_delay(array)][3] == 3
    assert [cycle for cycle, row in enumerate(shown) if row[4]] == [9 + first_delay(array) - 1]


@pytest.mark.parametrize("kind", KINDS)
def test_the_x_sums_of_a_unit_come_back_for_their_group_and_zeros_where_sums_begin(kind: str) -> None:
    array, clocked, plan, rng = array_of(kind), Clocked(), Plan(), random.Random(2)
    ahead, rows = Ahead(array), array.rows_per_unit
    totals, begun = (signed_list(count, array.total_width) for count in (array.sums_per_unit, rows))
    held = [numbers(rng, array.partial_width, rows) for _ in range(array.groups)]
    for group, values in enumerate(held):
        more = numbers(rng, array.total_width, array.sums_per_unit - rows)
        plan.at(group, (ahead.write, 1), (ahead.write_group, group), *zip(totals, values + more, strict=True))
    plan.at(array.groups, (ahead.write, 0), *((total, 1) for total in totals))
    wanted, cycle = {}, array.groups + 1
    for group in [*range(array.groups), 0, 2]:
        plan.at(cycle, (ahead.read, 1), (ahead.read_group, group), (ahead.resume, 0))
        plan.at(cycle + 1, (ahead.read, 0), (ahead.read_group, 1), (ahead.resume, 1))
        wanted |= {cycle + PARTIAL_READ - 1: [0] * rows, cycle + PARTIAL_READ: held[group]}
        cycle += 2
    shown = plan.run(clocked, partial_sums(clocked.clk, ahead, totals, begun, array), begun, 2)
    assert {n: shown[n] for n in wanted} == wanted


@pytest.mark.parametrize("per_row", [1, 3])
def test_the_first_lane_of_each_row_goes_on_from_what_its_row_had_begun(per_row: int) -> None:
    rng, clocked, rows = random.Random(per_row), Clocked(), 3
    first, begun, products = flag(), signed_list(rows, 12), signed_list(rows * per_row, 6)
    totals, values, wanted, sums = signed_list(rows * per_row, 12), [], [], [0] * (rows * per_row)
    for cycle in range(40):
        anew, had = cycle % 5 in (0, 3), numbers(rng, 7, rows)
        own = numbers(rng, 6, rows * per_row)
        values.append([anew, *had, *own])
        base = [had[n // per_row] if n % per_row == 0 else 0 for n in range(len(sums))] if anew else sums
        sums = [old + new for old, new in zip(base, own, strict=True)]
        wanted.append(sums)
    made = accumulate_onto(clocked.clk, first, begun, products, totals)
    assert outputs(clocked, made, [first, *begun, *products], values, totals)[1:] == wanted[:-1]


@pytest.mark.parametrize("per_row", [1, 3])
def test_of_a_row_with_two_sums_the_one_over_x_goes_on(per_row: int) -> None:
    rng, clocked, rows = random.Random(per_row), Clocked(), 2
    first, begun, of_h = flag(), signed_list(rows, 12), bits(per_row)
    products, totals = signed_list(rows * per_row, 6), signed_list((rows + 1) * per_row, 12)
    values, wanted, sums = [], [], [0] * ((rows + 1) * per_row)
    for cycle in range(60):
        anew, had, which = cycle % 5 in (0, 3), numbers(rng, 7, rows), rng.getrandbits(per_row)
        own = numbers(rng, 6, rows * per_row)
        values.append([anew, *had, which, *own])
        base = [had[n // per_row] if n % per_row == 0 else 0 for n in range(rows * per_row)] + [0] * per_row
        added = [0 if n >= per_row and which >> n % per_row & 1 else own[n] for n in range(rows * per_row)]
        added += [own[per_row + m] if which >> m & 1 else 0 for m in range(per_row)]
        sums = [old + new for old, new in zip(base if anew else sums, added, strict=True)]
        wanted.append(sums)
    made = accumulate_parts_onto(clocked.clk, first, begun, of_h, products, totals)
    assert outputs(clocked, made, [first, *begun, of_h, *products], values, totals)[1:] == wanted[:-1]
