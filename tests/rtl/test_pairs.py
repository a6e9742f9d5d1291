"""Two products of one multiplier: every small weight and operand, and the corners of wide ones."""

from __future__ import annotations

import itertools
import random
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from myhdl import always_comb, block

from accel.rtl.blocks.lanes import pairs
from accel.rtl.blocks.lanes.pairs import weigh_pairs
from accel.rtl.blocks.lanes.weighing import weigh_words
from accel.rtl.blocks.primitives.register import register
from accel.rtl.blocks.primitives.signals import bits, flag, signed_list
from accel.rtl.blocks.primitives.words import bits_above, flatten, unflatten
from tests.rtl.cycles import fields, numbers, outputs, packed
from tests.rtl.runner import icarus, native
from tests.rtl.traffic import Clocked

SMALL = [(2, 2), (2, 3), (3, 2), (4, 4)]
"""Bits of a weight and of an operand, of which every value is tried."""
WIDE = [(8, 10), (8, 8), (5, 7), (12, 2), (2, 18)]
"""Those of which the ends are tried, what is beside them, and what is around zero."""


def values(width: int) -> list[int]:
    most = 1 << width - 1
    return list(range(-most, most)) if width <= 4 else sorted({-most, 1 - most, -1, 0, 1, most - 1})


def array_of(weight: int, operand: int, rows: int, per_row: int, packs: bool = True) -> Any:
    """What the block asks of an array, of one unit."""
    sizes = {
        "weight_width": weight,
        "packed_width": 2 * weight + operand + 1,
        "lanes_per_row": per_row,
    }
    return SimpleNamespace(units=1, multiplies=True, widths_differ=False, pairs=rows // 2 * per_row * packs, **sizes)


@block
def weighed(clk: Any, i: Any, o: Any, given: tuple[int, ...], array: Any, rows: int, width: int) -> Any:
    """The products of a column's weights and an operand, which are given by their number. Latency: 2."""
    weights_end = rows * array.weight_width
    word, shared, late = bits(weights_end + width), bits(width), bits(width)
    operand, products = signed_list(1, width), signed_list(rows, array.weight_width + width)

    @always_comb
    def choosing():
        word.next = given[int(i)]

    taking, waiting, parting = (
        bits_above(word, shared, weights_end),
        register(clk, shared, late),
        unflatten(late, operand),
    )
    return choosing, taking, waiting, parting, weigh_pairs(clk, word, operand, products, array, 0), flatten(products, o)


def check(weight: int, operand: int, rows: int, folder: Path | None = None) -> None:
    """Natively, or in Icarus where a folder is given."""
    columns = list(itertools.product(*[values(weight)] * rows, values(operand)))
    words = tuple(packed(ws, weight) + (packed([s], operand) << rows * weight) for *ws, s in columns)
    array, product = array_of(weight, operand, rows, 1), weight + operand
    i, o = bits(len(words).bit_length()), bits(rows * product)

    def make(clk: Any, i: Any, o: Any) -> Any:
        return weighed(clk, i, o, words, array, rows, operand)

    if folder is None:
        shown = native(make, i, o, range(len(words)), 2)
    else:
        shown = icarus(make(flag(), i, o), i, o, 0, len(words), 2, folder)
    assert [fields(one, product, rows) for one in shown] == [[w * s for w in ws] for *ws, s in columns]


@pytest.mark.parametrize(("weight", "operand"), [*SMALL, *WIDE])
def test_both_products_of_a_multiplier_are_exact(weight: int, operand: int) -> None:
    check(weight, operand, 2)


@pytest.mark.skipif(shutil.which("iverilog") is None, reason="iverilog is not on PATH")
@pytest.mark.parametrize(("weight", "operand"), [*SMALL, *WIDE])
def test_they_are_in_verilog_too(weight: int, operand: int, tmp_path: Path) -> None:
    check(weight, operand, 2, tmp_path)


@pytest.mark.skipif(shutil.which("iverilog") is None, reason="iverilog is not on PATH")
def test_a_row_that_is_left_over_has_a_multiplier_of_its_own(tmp_path: Path) -> None:
    check(2, 3, 3)
    check(2, 3, 3, tmp_path)


@pytest.mark.skipif(shutil.which("iverilog") is None, reason="iverilog is not on PATH")
def test_a_borrow_that_is_left_out_of_the_verilog_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without = pairs.PARTED.replace(" + {{$below{1'b0}}, $both[${both}_lane][$width-1]}", "")
    assert without != pairs.PARTED
    monkeypatch.setattr(pairs, "PARTED", without)
    with pytest.raises(AssertionError):
        check(2, 2, 2, tmp_path)


def require_products(weigh: Any, array: Any, rows: int, waits: int) -> None:
    """Words and operands that come `waits` and a cycle behind them leave as the products of all lanes."""
    rng, clocked, per_row, weight, width = random.Random(rows), Clocked(), 3, 4, 5
    lanes = rows * per_row
    word, operand, products = bits(lanes * weight + 7), signed_list(per_row, width), signed_list(lanes, weight + width)
    given = [(numbers(rng, weight, lanes), numbers(rng, width, per_row)) for _ in range(60)]
    beyond = 1 + waits
    words = [packed(ws, weight) + (rng.getrandbits(7) << lanes * weight) for ws, _ in given] + [0] * beyond
    factors = [[0] * per_row] * beyond + [xs for _, xs in given]
    made = weigh(clocked.clk, word, operand, products, array, waits)
    shown = outputs(clocked, made, [word, *operand], [[w, *xs] for w, xs in zip(words, factors, strict=True)], products)
    for (ws, xs), after in zip(given, shown[1 + beyond :], strict=False):
        assert after == [w * xs[n % per_row] for n, w in enumerate(ws)]


@pytest.mark.parametrize("rows", [2, 3, 4])
@pytest.mark.parametrize("waits", [0, 1, 2])
def test_lanes_at_the_same_place_of_two_rows_share_a_multiplier(rows: int, waits: int) -> None:
    require_products(weigh_pairs, array_of(4, 5, rows, 3), rows, waits)


@pytest.mark.parametrize("waits", [0, 1, 2])
@pytest.mark.parametrize("packs", [False, True])
def test_words_are_weighed_whether_lanes_share_multipliers_or_not(packs: bool, waits: int) -> None:
    require_products(weigh_words, array_of(4, 5, 4, 3, packs), 4, waits)
