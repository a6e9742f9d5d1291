"""A number in another width is the same number, for every value, in simulation and in Verilog."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from myhdl import block

from accel.rtl.blocks.primitives.register import as_signed, follow, register
from accel.rtl.blocks.primitives.signals import bits, flag, signed, signed_list, wrapping
from accel.rtl.blocks.primitives.widths import (
    append_zeros,
    drop,
    extend,
    fit,
    fit_all,
    multiple,
    pad,
    take,
    widened,
)
from accel.rtl.blocks.primitives.words import cut_fields, flatten, unflatten
from tests.rtl.runner import icarus, native

IN, OUT, LATENCY = 5, 7, 1


@block
def padded(i: Any, o: Any) -> Any:
    """The bits of i as a number of at least one bit more."""
    word = bits(len(i))
    copying, padding = unsigned_copy(i, word), pad(word, o)
    return copying, padding


@block
def unsigned_copy(i: Any, o: Any) -> Any:
    """The bits of i."""
    word = i(len(i), 0)
    return follow(word, o)


@block
def fitted_list(i: Any, o: Any) -> Any:
    """`fit_all` of a list of one."""
    narrow, word, wide_word = signed_list(1, len(i)), bits(len(i)), bits(len(o))
    wide = widened(narrow, len(o))
    parting, fitting = unflatten(word, narrow), fit_all(narrow, wide)
    return unsigned_copy(i, word), parting, fitting, flatten(wide, wide_word), as_signed(wide_word, o)


@block
def times_six(i: Any, o: Any) -> Any:
    """Six times the bits of i, modulo 2**OUT."""
    word, product = bits(len(i)), wrapping(len(o))
    return unsigned_copy(i, word), multiple(word, product, 6), as_signed(product, o)


@block
def two_fields(i: Any, o: Any) -> Any:
    """Bits 1, 2 and, two places on, 3, 4 of i, side by side below zeros."""
    word, fields = bits(len(i)), bits(4)
    return unsigned_copy(i, word), cut_fields(word, fields, 2, 2, 1), pad(fields, o)


@block
def registered(clk: Any, i: Any, o: Any, make: Any, arguments: tuple[int, ...]) -> Any:
    """What the block `make` makes of i, a cycle later."""
    now = signed(len(o))
    making = make(i, now, *arguments)
    return making, register(clk, now, o)


def wrap(value: int, width: int) -> int:
    """A number modulo 2**width in two's complement."""
    return ((value + (1 << width - 1)) % (1 << width)) - (1 << width - 1)


def raw(value: int) -> int:
    """The bits of an input."""
    return value % (1 << IN)


CASES = {
    "extend": (extend, (), OUT, lambda v: v),
    "fit into more bits": (fit, (), OUT, lambda v: v),
    "fit into as many bits": (fit, (), IN, lambda v: v),
    "take": (take, (), 3, lambda v: wrap(v, 3)),
    "drop": (drop, (2,), IN, lambda v: v >> 2),
    "drop all": (drop, (IN + 1,), IN, lambda v: v >> IN + 1),
    "append zeros": (append_zeros, (2,), OUT, lambda v: v << 2),
    "pad": (padded, (), OUT, raw),
    "a list": (fitted_list, (), OUT, lambda v: v),
    "multiple": (times_six, (), OUT, lambda v: wrap(raw(v) * 6, OUT)),
    "multiple, cut": (times_six, (), 3, lambda v: wrap(raw(v) * 6, 3)),
    "fields": (two_fields, (), OUT, lambda v: raw(v) >> 1),
}
VALUES = range(-(1 << IN - 1), 1 << IN - 1)


@pytest.mark.parametrize(("make", "arguments", "width", "wanted"), CASES.values(), ids=CASES)
def test_every_value_is_the_same_number(
    make: Any, arguments: tuple[int, ...], width: int, wanted: Callable[[int], int]
) -> None:
    i, o = signed(IN), signed(width)
    seen = native(lambda clk, i, o: registered(clk, i, o, make, arguments), i, o, VALUES, LATENCY)
    assert seen == [wanted(value) for value in VALUES]


@pytest.mark.skipif(shutil.which("iverilog") is None, reason="iverilog is not on PATH")
@pytest.mark.parametrize(("make", "arguments", "width", "wanted"), CASES.values(), ids=CASES)
def test_every_value_is_the_same_number_in_verilog(
    make: Any, arguments: tuple[int, ...], width: int, wanted: Callable[[int], int], tmp_path: Path
) -> None:
    i, o = signed(IN), signed(width)
    made = registered(flag(), i, o, make, arguments)
    assert icarus(made, i, o, VALUES[0], VALUES[-1] + 1, LATENCY, tmp_path) == [wanted(value) for value in VALUES]
