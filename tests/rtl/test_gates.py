"""Values whose gates have widths of their own: each is read by its own bits, as many cycles later as it should."""

from __future__ import annotations

import random
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from myhdl import always_comb, block

from accel.rtl.blocks.lanes import gates
from accel.rtl.blocks.lanes.gates import gate_weights, of_gates
from accel.rtl.blocks.lanes.pairs import weigh_pairs
from accel.rtl.blocks.lanes.weighing import weigh_words
from accel.rtl.blocks.primitives.register import register
from accel.rtl.blocks.primitives.signals import bits, flag, signed_list
from accel.rtl.blocks.primitives.words import flatten
from tests.rtl.cycles import fields, numbers, outputs, packed
from tests.rtl.runner import icarus, native
from tests.rtl.traffic import Clocked

WIDTHS, PER_ROW = (5, 2, 7, 3), 2
WIDEST, LANES = max(WIDTHS), PER_ROW * len(WIDTHS)
VALUES = PER_ROW * sum(WIDTHS)


def word_of(values: list[int]) -> int:
    """Values, those of a row side by side, each of its gate's bits."""
    word, base = 0, 0
    for gate, width in enumerate(WIDTHS):
        word |= packed(values[gate * PER_ROW : (gate + 1) * PER_ROW], width) << base
        base += PER_ROW * width
    return word


def drawn(rng: random.Random) -> list[int]:
    """Values of all lanes, the ends of each gate among them."""
    every = [number for width in WIDTHS for number in numbers(rng, width, PER_ROW)]
    ends = [rng.choice((-(1 << width - 1), (1 << width - 1) - 1)) for width in WIDTHS for _ in range(PER_ROW)]
    return rng.choice((every, ends))


@block
def shown_apart(clk: Any, i: Any, o: Any, words: tuple[int, ...]) -> Any:
    """The values of a word that is given by its number, side by side again. Latency: 1."""
    word, late, values = bits(VALUES + 3), bits(VALUES + 3), signed_list(LANES, WIDEST)

    @always_comb
    def choosing():
        word.next = words[int(i)]

    return choosing, register(clk, word, late), of_gates(late, values, WIDTHS), flatten(values, o)


def check(folder: Path | None = None) -> None:
    """Words with indices above, by their numbers, natively, or in Icarus where a folder is given."""
    rng = random.Random(3)
    given = [drawn(rng) for _ in range(40)]
    words = tuple(word_of(values) + (rng.getrandbits(3) << VALUES) for values in given)
    i, o = bits(6), bits(LANES * WIDEST)

    def make(clk: Any, i: Any, o: Any) -> Any:
        return shown_apart(clk, i, o, words)

    if folder is None:
        shown = native(make, i, o, range(len(words)), 1)
    else:
        shown = icarus(make(flag(), i, o), i, o, 0, len(words), 1, folder)
    assert [fields(one & (1 << LANES * WIDEST) - 1, WIDEST, LANES) for one in shown] == given


def test_each_value_is_read_by_its_gates_bits() -> None:
    check()


@pytest.mark.skipif(shutil.which("iverilog") is None, reason="iverilog is not on PATH")
def test_so_it_is_in_verilog(tmp_path: Path) -> None:
    check(tmp_path)


@pytest.mark.skipif(shutil.which("iverilog") is None, reason="iverilog is not on PATH")
@pytest.mark.parametrize(("old", "new"), [("*WIDTH +: WIDTH", "*WIDTH +: WIDTH-1"), ("START+", "")])
def test_a_word_read_too_narrow_or_at_its_neighbours_place_is_caught_in_verilog(
    old: str, new: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert old in gates.GATE
    monkeypatch.setattr(gates, "GATE", gates.GATE.replace(old, new))
    with pytest.raises(AssertionError):
        check(tmp_path)


def array_of(pairs: int) -> Any:
    """What the blocks ask of an array, of one unit."""
    sizes = {"weight_width": WIDEST, "packed_width": 2 * WIDEST + 5 + 1, "lanes_per_row": PER_ROW, "units": 1}
    return SimpleNamespace(
        pairs=pairs, multiplies=True, widths_differ=True, gate_widths=WIDTHS, values_width=VALUES, **sizes
    )


@pytest.mark.parametrize("waits", [0, 1, 2])
def test_values_wait_for_their_operands(waits: int) -> None:
    rng, clocked = random.Random(waits), Clocked()
    word, values = bits(VALUES + 3), signed_list(LANES, WIDEST)
    given = [drawn(rng) for _ in range(30)]
    made = gate_weights(clocked.clk, word, values, array_of(0), waits)
    shown = outputs(clocked, made, [word], [[word_of(one)] for one in given], values)
    assert shown[1 + waits :] == given[: -1 - waits]


@pytest.mark.parametrize("pairs", [0, LANES // 2])
def test_words_of_several_widths_are_weighed_whether_lanes_share_multipliers_or_not(pairs: int) -> None:
    rng, clocked = random.Random(pairs), Clocked()
    word, operand, products = bits(VALUES + 3), signed_list(PER_ROW, 5), signed_list(LANES, WIDEST + 5)
    given = [(drawn(rng), numbers(rng, 5, PER_ROW)) for _ in range(40)]
    words = [word_of(values) for values, _ in given] + [0]
    factors = [[0] * PER_ROW] + [operands for _, operands in given]
    weigh = weigh_pairs if pairs else weigh_words
    made = weigh(clocked.clk, word, operand, products, array_of(pairs), 0)
    shown = outputs(clocked, made, [word, *operand], [[w, *xs] for w, xs in zip(words, factors, strict=True)], products)
    for (values, xs), after in zip(given, shown[2:], strict=False):
        assert after == [value * xs[n % PER_ROW] for n, value in enumerate(values)]
