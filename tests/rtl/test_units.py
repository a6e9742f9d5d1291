"""What a unit does: operands from their copies of x and h, and sums of products in its shift register."""

from __future__ import annotations

import random
from typing import Any

import pytest

from accel.architecture.array import Array
from accel.architecture.dataflows.rows import tree_levels
from accel.architecture.latencies import ADDRESS_TO_FETCH, capture_delay, fetch_to_select
from accel.architecture.network import network
from accel.rtl.blocks.lanes.fetch import fetch
from accel.rtl.blocks.lanes.unit import dense_unit, shared_width, unit
from accel.rtl.blocks.primitives.signals import bits, flag, signed_list
from tests.designs import spec
from tests.rtl.copies import Copies
from tests.rtl.cycles import Plan, numbers, packed
from tests.rtl.traffic import Clocked


def array_of(**sections: Any) -> Array:
    return network(spec(**sections)).layers[0]


def product_after(array: Array) -> int:
    """Cycles from a word to the sum that its products are added to."""
    return fetch_to_select(array) + 2 + 2 * array.multiplier_registers


COPIES: dict[str, dict[str, Any]] = {
    "one lane": {},
    "two lanes, operand register": {"engine": {"lanes_per_row": 2, "cells_per_cycle": 2, "operand_register": True}},
    "three input words, two cells": {
        "model": {"inputs": 7, "hidden": [8]},
        "engine": {"cells_per_cycle": 2, "input_words": 3},
    },
    "two banks of columns": {
        "model": {"inputs": 6, "hidden": [8]},
        "sparsity": {"pattern": "bank", "input": 0.3, "recurrent": 0.5},
        "engine": {"units": 2, "lanes_per_row": 2},
    },
    "two banks of columns, two input words and cells": {
        "model": {"inputs": 6, "hidden": [8]},
        "sparsity": {"pattern": "bank", "input": 0.3, "recurrent": 0.5},
        "engine": {"lanes_per_row": 2, "cells_per_cycle": 2, "input_words": 2},
    },
}


@pytest.mark.parametrize("sections", COPIES.values(), ids=COPIES)
def test_an_operand_is_what_was_written_at_its_index_of_x_or_of_h_or_nothing(sections: dict[str, Any]) -> None:
    array, clocked, plan = array_of(**sections), Clocked(), Plan()
    copies, lanes = Copies(array, random.Random(6), plan), 2 * array.lanes_per_row
    word, operand, wanted = bits(lanes * array.index_width), signed_list(lanes, array.operand_width), {}
    for cycle in range(copies.ready, copies.ready + 80):
        indices, operands, _ = copies.read(plan, cycle, lanes)
        plan.at(cycle, (word, packed(indices, array.index_width)))
        wanted[cycle + fetch_to_select(array) + 1] = operands
    made = fetch(clocked.clk, word, copies.reading, copies.x, copies.h, operand, array, 0)
    shown = plan.run(clocked, made, operand)
    assert {cycle: shown[cycle] for cycle in wanted} == wanted


UNITS: dict[str, dict[str, Any]] = {
    **COPIES,
    "a row with two sums": {"model": {"cell": "gru", "inputs": 3, "hidden": [8]}},
    "multiplier registers": {"engine": {"lanes_per_row": 2, "cells_per_cycle": 2, "multiplier_registers": True}},
    "a row with two sums, multiplier registers": {
        "model": {"cell": "gru", "inputs": 3, "hidden": [8]},
        "engine": {"multiplier_registers": True},
    },
    "gates share columns": {"sparsity": {"pattern": "row", "input": 0.3, "recurrent": 0.5, "shared_by_gates": True}},
    "two products a multiplier": {
        "sparsity": {"pattern": "row", "input": 0.3, "recurrent": 0.5, "shared_by_gates": True},
        "engine": {"lanes_per_row": 2, "cells_per_cycle": 2, "pack": True},
    },
    "two products a multiplier, a row with two sums, registers": {
        "model": {"cell": "gru", "inputs": 3, "hidden": [8]},
        "sparsity": {"pattern": "row", "input": 0.3, "recurrent": 0.5, "shared_by_gates": True},
        "engine": {"operand_register": True, "multiplier_registers": True, "pack": True},
    },
    "binary weights": {"weights": {"kind": "binary", "input_frac": 1, "recurrent_frac": 1}},
    "sparse head": {"sparsity": {"head": 0.5}},
}


def sums_of(array: Array, weights: list[int], operands: list[int], from_h: int) -> list[int]:
    """What the lanes of a unit make of a word, row by row; where the last row has two sums, that of h comes last."""
    per_row, rows, binary = array.lanes_per_row, array.rows_per_unit, not array.multiplies
    factors = [-1 if code else 1 for code in weights] if binary else weights
    products = [factor * operands[lane % len(operands)] for lane, factor in enumerate(factors)]
    sums = [sum(products[row * per_row : (row + 1) * per_row]) for row in range(rows)]
    if array.separate_sums:
        last = products[(rows - 1) * per_row :]
        of_h = sum(product for m, product in enumerate(last) if from_h >> m & 1)
        sums = [*sums[:-1], sums[-1] - of_h, of_h]
    return sums


class Shifted:
    """The ports of a unit behind its operands, and what it must shift out where they are random."""

    def __init__(self, array: Array, rng: random.Random, plan: Plan) -> None:
        self.array, self.rng, self.plan = array, rng, plan
        self.word, self.first, self.capture = bits(array.word_width), flag(), flag()
        self.shift_in, self.shift_out = (bits(array.sums_per_unit * array.total_width) for _ in range(2))
        self.totals, self.wanted, self.added = [0] * array.sums_per_unit, dict[int, int](), 0

    def add(self, cycle: int, operands: list[int], from_h: int, indices: int, due: int) -> None:
        """A word comes, whose products are added `due` cycles later."""
        array, rng, plan = self.array, self.rng, self.plan
        lanes = array.rows_per_unit * array.lanes_per_row
        weights = numbers(rng, array.weight_width, lanes)
        captured, before = rng.random() < 0.5, rng.getrandbits(len(self.shift_in))
        anew = self.added == 0 or rng.random() < 0.3  # no more words than a row may have
        self.added = 1 % array.group_cycles[0] if anew else (self.added + 1) % array.group_cycles[0]
        sums = sums_of(array, weights, operands, from_h)
        self.totals = [new + (0 if anew else old) for new, old in zip(sums, self.totals, strict=True)]
        plan.at(cycle, (self.word, packed(weights, array.weight_width) + (indices << lanes * array.weight_width)))
        plan.at(cycle + due, (self.first, anew))
        end = cycle + due + 1 + tree_levels(array.lanes_per_row)
        plan.at(end, (self.capture, captured), (self.shift_in, before))
        self.wanted[end + 1] = packed(self.totals, array.total_width) if captured else before

    @property
    def latency(self) -> int:
        """Cycles from a word to the shift register."""
        return capture_delay(self.array) + 1 - ADDRESS_TO_FETCH


@pytest.mark.parametrize("sections", UNITS.values(), ids=UNITS)
def test_a_units_words_and_operands_end_as_exact_sums_in_its_shift_register(sections: dict[str, Any]) -> None:
    net = network(spec(**sections))
    array = net.head if "head" in sections.get("sparsity", {}) else net.layers[0]
    assert array is not None
    assert not array.dense
    rng, clocked, plan = random.Random(8), Clocked(), Plan()
    copies, ends = Copies(array, rng, plan), Shifted(array, rng, plan)
    for cycle in range(copies.ready, copies.ready + 60):
        indices, operands, from_h = copies.read(plan, cycle, array.indices)
        ends.add(
            cycle,
            operands,
            from_h,
            packed(indices, array.index_width),
            product_after(array),
        )
    read = copies.reading, copies.x, copies.h, None
    ports = ends.word, ends.first, ends.capture, *read, ends.shift_in, ends.shift_out
    shown = plan.run(clocked, unit(clocked.clk, *ports, array), [ends.shift_out])
    assert min(ends.wanted) == copies.ready + ends.latency
    assert {cycle: shown[cycle][0] for cycle in ends.wanted} == ends.wanted


@pytest.mark.parametrize("cell", ["lstm", "gru"])
@pytest.mark.parametrize("late", [False, True])
def test_a_dense_units_words_meet_the_operands_that_all_share(cell: str, late: bool) -> None:
    array = array_of(
        model={"cell": cell, "inputs": 3, "hidden": [8]},
        sparsity={"pattern": "dense", "input": None, "recurrent": None},
        engine={"lanes_per_row": 2, "cells_per_cycle": 2, "operand_register": late, "multiplier_registers": late},
    )
    assert array.dense
    rng, clocked, plan, per_row = random.Random(9), Clocked(), Plan(), array.lanes_per_row
    shared, ends = bits(shared_width(array)), Shifted(array, rng, plan)
    for cycle in range(60):
        operands, from_h = numbers(rng, array.operand_width, per_row), rng.getrandbits(per_row)
        ends.add(cycle, operands, from_h, 0, product_after(array))
        above = from_h << per_row * array.operand_width if array.separate_sums else 0
        plan.at(cycle + fetch_to_select(array) + 1, (shared, packed(operands, array.operand_width) + above))
    ports = ends.word, ends.first, ends.capture, shared, None, ends.shift_in, ends.shift_out
    shown = plan.run(clocked, dense_unit(clocked.clk, *ports, array), [ends.shift_out])
    assert min(ends.wanted) == ends.latency
    assert {cycle: shown[cycle][0] for cycle in ends.wanted} == ends.wanted
