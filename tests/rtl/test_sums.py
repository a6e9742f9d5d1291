"""What lanes do with a word: its weights, their products, sums of a row, and how totals are handed on."""

from __future__ import annotations

import random
from types import SimpleNamespace
from typing import Any

import pytest

from accel.architecture.dataflows.rows import tree_levels
from accel.rtl.blocks.lanes.fetch import carry, weights
from accel.rtl.blocks.lanes.products import weigh
from accel.rtl.blocks.lanes.totals import accumulate, accumulate_parts, add_rows, shift_register
from accel.rtl.blocks.primitives.signals import bits, flag, signed_list
from tests.rtl.cycles import fields, numbers, outputs, packed
from tests.rtl.traffic import Clocked


@pytest.mark.parametrize(
    ("multiplies", "width", "factor"),
    [(True, 6, int), (False, 1, lambda code: -1 if code else 1), (False, 2, lambda code: code)],
    ids=["multiplier", "binary", "ternary"],
)
@pytest.mark.parametrize("rows", [1, 3])
def test_a_weight_times_an_operand_comes_a_cycle_later(multiplies: bool, width: int, factor: Any, rows: int) -> None:
    rng, clocked, lanes = random.Random(rows), Clocked(), 2
    weight, operand = signed_list(rows * lanes, width), signed_list(lanes, 7)
    products = signed_list(rows * lanes, 7 + (width if multiplies else 1))
    codes = (-1, 0, 1) if width == 2 else (-1, 0)
    given = [
        (
            numbers(rng, width, rows * lanes) if multiplies else rng.choices(codes, k=rows * lanes),
            numbers(rng, 7, lanes),
        )
        for _ in range(60)
    ]
    made = weigh(clocked.clk, weight, operand, products, SimpleNamespace(multiplies=multiplies, weight_width=width))
    shown = outputs(clocked, made, [*weight, *operand], [[*ws, *xs] for ws, xs in given], products)
    for (ws, xs), after in zip(given, shown[1:], strict=False):
        assert after == [factor(w) * xs[n % lanes] for n, w in enumerate(ws)]


def test_products_add_up_from_the_first_one_on() -> None:
    rng, clocked, first = random.Random(1), Clocked(), flag()
    products, totals = signed_list(3, 6), signed_list(3, 12)
    given = [[rng.random() < 0.2, *numbers(rng, 6, 3)] for _ in range(80)]
    shown = outputs(clocked, accumulate(clocked.clk, first, products, totals), [first, *products], given, totals)
    sums = [0, 0, 0]
    for (anew, *values), after in zip(given, shown[1:], strict=False):
        sums = [value + (0 if anew else before) for value, before in zip(values, sums, strict=True)]
        assert after == sums


def test_the_last_row_has_a_sum_of_its_products_with_x_and_one_of_those_with_h() -> None:
    rng, clocked, first, of_h = random.Random(2), Clocked(), flag(), bits(2)
    products, totals = signed_list(4, 6), signed_list(6, 12)  # two rows of two lanes; the second has two sums
    given = [[rng.random() < 0.2, rng.randrange(4), *numbers(rng, 6, 4)] for _ in range(120)]
    made = accumulate_parts(clocked.clk, first, of_h, products, totals)
    shown = outputs(clocked, made, [first, of_h, *products], given, totals)
    sums = [0] * 6
    for (anew, from_h, *values), after in zip(given, shown[1:], strict=False):
        parted = [*values[:2], *(0 if from_h >> m & 1 else values[2 + m] for m in range(2))]
        parted += [values[2 + m] if from_h >> m & 1 else 0 for m in range(2)]
        sums = [value + (0 if anew else before) for value, before in zip(parted, sums, strict=True)]
        assert after == sums


@pytest.mark.parametrize("per_row", [2, 3, 5, 8])
def test_the_lanes_of_a_row_are_added_in_as_many_cycles_as_the_tree_has_levels(per_row: int) -> None:
    rng, clocked, rows = random.Random(per_row), Clocked(), 2
    i, o = signed_list(rows * per_row, 12), signed_list(rows, 12)
    given = [[rng.randint(-200, 200) for _ in i] for _ in range(40)]
    shown = outputs(clocked, add_rows(clocked.clk, i, o, rows), i, given, o)
    for values, after in zip(given, shown[tree_levels(per_row) :], strict=False):
        assert after == [sum(values[:per_row]), sum(values[per_row:])]


def test_totals_are_captured_side_by_side_or_the_neighbours_shift_on() -> None:
    rng, clocked, capture = random.Random(4), Clocked(), flag()
    totals, shift_in, shift_out = signed_list(3, 7), bits(21), bits(21)
    given = [[rng.random() < 0.3, rng.getrandbits(21), *numbers(rng, 7, 3)] for _ in range(60)]
    made = shift_register(clocked.clk, capture, totals, shift_in, shift_out)
    shown = outputs(clocked, made, [capture, shift_in, *totals], given, [shift_out])
    for (captured, before, *values), (after,) in zip(given, shown[1:], strict=False):
        assert after == (packed(values, 7) if captured else before)


def test_the_values_of_a_word_come_a_cycle_later_and_wait_another() -> None:
    rng, clocked, word = random.Random(5), Clocked(), bits(24)
    values, late = signed_list(4, 5), signed_list(4, 5)
    given = [[rng.getrandbits(24)] for _ in range(30)]
    made = [weights(clocked.clk, word, values, 6), carry(clocked.clk, values, late)]
    shown = outputs(clocked, made, [word], given, [*values, *late])
    for number, (one,) in enumerate(given[:-2]):
        wanted = [fields(one >> 6 * n, 5, 1)[0] for n in range(4)]
        assert (shown[number + 1][:4], shown[number + 2][4:]) == (wanted, wanted)
