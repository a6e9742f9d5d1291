"""Accumulators of the lanes by columns: every product on the sum of its row, however close they follow each other."""

from __future__ import annotations

import random
from typing import Any

import pytest

from accel.architecture.latencies import DRAIN_TO_CAPTURE
from accel.architecture.network import network
from accel.base.fixed import index_bits
from accel.rtl.blocks.columns.accumulators import Steering, accumulators, unsigned_list
from accel.rtl.blocks.columns.column_unit import broadcast_width, column_unit
from accel.rtl.blocks.columns.mixed_unit import mixed_unit
from accel.rtl.blocks.columns.row_feed import RowReading
from accel.rtl.blocks.primitives.signals import bits, flag, signed_list
from accel.rtl.blocks.streams.ping_pong import Write
from tests.designs import spec
from tests.rtl.cycles import Plan, fields, numbers, packed
from tests.rtl.test_column_queues import MIXED
from tests.rtl.traffic import Clocked

COLUMNS: dict[str, Any] = {
    "model": {"inputs": 3, "hidden": [6], "head": None},
    "sparsity": {"pattern": "column", "input": 0.0, "recurrent": 0.3, "threshold": 0.1},
    "engine": {"dataflow": "column", "units": 2},
}


class Banks:
    """Two banks of sums, and the steering of what is added to them, cleared in them and read from them."""

    def __init__(self, plan: Plan, sums: int, depth: int) -> None:
        self.plan, self.steering, self.depth = plan, Steering(index_bits(depth)), depth
        self.sums = [[[0] * depth for _ in range(sums)] for _ in range(2)]
        self.last: list[tuple[bool, int] | None] = [None] * 3
        """The three products before: whether they counted, and their banks."""

    def add(self, cycle: int, valid: bool, bank: int, rows: list[int], products: list[int]) -> None:
        """Products whose rows come in a cycle."""
        steering = self.steering
        same = [one is not None and one[0] and one[1] == bank for one in self.last]
        told = zip((steering.near, steering.middle, steering.far), same, strict=True)
        self.plan.at(cycle + 1, (steering.bank, bank), *told)
        self.plan.at(cycle + 3, (steering.write_lower, valid and not bank), (steering.write_upper, valid and bank))
        self.last = [(valid, bank), *self.last[:2]]
        if valid:
            for lane, (row, product) in enumerate(zip(rows, products, strict=True)):
                self.sums[bank][lane][row] += product

    def drain(self, cycle: int, bank: int, group: int) -> list[int]:
        """Read a group's sums, which then are zero; returns what they must be."""
        steering, upper = self.steering, bool(bank)
        self.plan.at(cycle, (steering.group, group), (steering.drain_lower, not upper), (steering.drain_upper, upper))
        self.plan.at(cycle + 1, (steering.drain_lower, 0), (steering.drain_upper, 0), (steering.drain_bank, bank))
        self.plan.at(cycle + 1, (steering.clear_lower, not upper), (steering.clear_upper, upper))
        self.plan.at(cycle + 1, (steering.clear_group, group))
        self.plan.at(cycle + 2, (steering.clear_lower, 0), (steering.clear_upper, 0))
        found = [lane[group] for lane in self.sums[bank]]
        for lane in self.sums[bank]:
            lane[group] = 0
        return found


@pytest.mark.parametrize("two_sums", [False, True])
@pytest.mark.parametrize("depth", [1, 2, 5])
def test_products_that_follow_each_other_on_a_row_all_count(depth: int, two_sums: bool) -> None:
    rng, clocked, plan, lanes = random.Random(depth), Clocked(), Plan(), 2
    banks = Banks(plan, lanes + two_sums, depth)
    rows, products = unsigned_list(lanes + two_sums, index_bits(depth)), signed_list(lanes, 6)
    leaving, of_h, wanted, cycle = signed_list(lanes + two_sums, 14), flag(), dict[int, list[int]](), 0
    for _ in range(6):
        bank = rng.randrange(2)
        for _ in range(rng.randrange(8, 25)):
            own, values, valid = (
                [rng.randrange(depth) for _ in range(lanes)],
                numbers(rng, 6, lanes),
                rng.random() < 0.8,
            )
            h, bank = rng.randrange(2), bank if rng.random() < 0.9 else 1 - bank
            plan.at(cycle, *zip(rows, [*own, *own[-1:] * two_sums], strict=True))
            plan.at(cycle + 1, *zip(products, values, strict=True), (of_h, h))
            parts = [*values[:-1], 0 if h else values[-1], values[-1] if h else 0] if two_sums else values
            banks.add(cycle, valid, bank, [*own, *own[-1:] * two_sums], parts)
            cycle += 1
        for _ in range(4):  # until the last sum is written
            banks.add(cycle, False, bank, [], [])
            cycle += 1
        for group in range(depth):
            wanted[cycle + 2] = banks.drain(cycle, bank, group)
            banks.add(cycle, False, bank, [], [])
            cycle += 1
        for _ in range(2):
            banks.add(cycle, False, bank, [], [])
            cycle += 1
    told = of_h if two_sums else None
    made = accumulators(clocked.clk, banks.steering, rows, products, told, leaving, depth)
    shown = plan.run(clocked, made, leaving, 4)
    assert {n: shown[n] for n in wanted} == wanted


@pytest.mark.parametrize("cell", ["lstm", "gru"])
@pytest.mark.parametrize("mixed", [False, True], ids=["by columns", "x by rows"])
def test_a_unit_adds_its_weights_times_the_operand_to_the_rows_that_its_word_names(mixed: bool, cell: str) -> None:
    sections = MIXED if mixed else COLUMNS
    array: Any = network(spec(**sections | {"model": sections["model"] | {"cell": cell}})).layers[0]
    rng, clocked, plan, lanes = random.Random(3), Clocked(), Plan(), array.rows_per_unit
    banks, word, shared = (
        Banks(plan, array.sums_per_unit, array.groups),
        bits(array.word_width),
        bits(broadcast_width(array)),
    )
    shift_in, shift_out = (bits(array.sums_per_unit * array.total_width) for _ in range(2))
    reading, x, late, vector = RowReading(array), Write(array.x_vector), 1 + mixed, array.x_vector
    held = [numbers(rng, vector.width, vector.beats * vector.words) for _ in range(2)]
    for n in range(2 * vector.beats if mixed else 0):
        bank, place = divmod(n, vector.beats)
        written = packed(held[bank][place * vector.words : (place + 1) * vector.words], vector.width)
        plan.at(n, (x.enable, 1), (x.bank, bank), (x.place, place), (x.word, written))
    cycle, wanted = 2 * vector.beats, {}
    plan.at(cycle, (x.enable, 0))
    for _ in range(4):
        bank = rng.randrange(2)
        for _ in range(8):
            weights, h = numbers(rng, array.weight_width, lanes), numbers(rng, array.operand_width, 1)[0]
            of_h, from_x, row, x_bank = (
                rng.randrange(2),
                mixed and rng.randrange(2),
                rng.randrange(array.groups),
                rng.randrange(2),
            )
            if from_x:
                columns, rows, of_h = [rng.randrange(array.inputs) for _ in range(lanes)], [row] * lanes, 0
                indices = [(n // vector.words << vector.low) + n % vector.words for n in columns]
                operands = [held[x_bank][n] << array.x_shift for n in columns]
            else:
                rows = indices = [rng.randrange(array.groups) for _ in range(lanes)]
                operands = [h] * lanes
            places = packed(indices, array.index_width) << lanes * array.weight_width
            plan.at(cycle, (word, packed(weights, array.weight_width) + places), (reading.x_bank, x_bank))
            above = of_h << array.operand_width if array.separate_sums else 0
            plan.at(cycle + 1, (shared, packed([h], array.operand_width) + above))
            plan.at(cycle + 1, (reading.from_x, from_x), (reading.row, row))
            products = [weight * operand for weight, operand in zip(weights, operands, strict=True)]
            if array.separate_sums:
                products = [*products[:-1], 0 if of_h else products[-1], products[-1] if of_h else 0]
                rows = [*rows, rows[-1]]
            banks.add(cycle + late, True, bank, rows, products)
            cycle += 1
        for _ in range(5 + late):
            banks.add(cycle + late, False, bank, [], [])
            cycle += 1
        for group in range(array.groups):
            wanted[cycle + DRAIN_TO_CAPTURE + 1] = banks.drain(cycle, bank, group)
            plan.at(cycle + DRAIN_TO_CAPTURE, (banks.steering.capture, 1))
            banks.add(cycle + late, False, bank, [], [])
            cycle += 1
        plan.at(cycle + DRAIN_TO_CAPTURE, (banks.steering.capture, 0))
        cycle += 6
        banks.last = [None] * 3
    ends = banks.steering, shift_in, shift_out, array
    if mixed:
        made = mixed_unit(clocked.clk, word, shared, reading, x, *ends)
    else:
        made = column_unit(clocked.clk, word, shared, *ends)
    shown = plan.run(clocked, made, [shift_out], 3)
    assert {n: fields(shown[n][0], array.total_width, array.sums_per_unit) for n in wanted} == wanted
