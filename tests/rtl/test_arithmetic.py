"""Rounding and saturation in hardware equal `accel.base.fixed`, for every input; latencies are those declared."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from myhdl import block

from accel.base.fixed import Fixed
from accel.rtl.blocks.primitives.arithmetic import add_half, clamp
from accel.rtl.blocks.primitives.signals import flag, signed
from tests.rtl.runner import icarus, native

LATENCY = 2


@block
def narrow(clk: Any, i: Any, o: Any, shift: int) -> Any:
    """Round half up by `shift` bits, then saturate: what the cell stage does after each product. Latency: 2."""
    rounded = signed(len(i))
    rounding = add_half(clk, i, rounded, shift)
    saturating = clamp(clk, rounded, o)
    return rounding, saturating


CASES = [
    pytest.param(Fixed(13, 9), Fixed(8, 5), id="saturates"),
    pytest.param(Fixed(13, 9), Fixed(12, 7), id="never saturates"),
    pytest.param(Fixed(12, 8), Fixed(12, 8), id="identity"),
    pytest.param(Fixed(12, 8), Fixed(3, 0), id="to a few bits"),
]


@pytest.mark.parametrize(("source", "target"), CASES)
def test_every_input_is_narrowed_as_the_definition_says(source: Fixed, target: Fixed) -> None:
    values = range(source.lo, source.hi + 1)
    shift = source.frac - target.frac

    def make(clk: Any, i: Any, o: Any) -> Any:
        return narrow(clk, i, o, shift)

    seen = native(make, signed(source.width), signed(target.width), values, LATENCY)
    np.testing.assert_array_equal(seen, target.narrow(np.array(values), source.frac))


@pytest.mark.skipif(shutil.which("iverilog") is None, reason="iverilog is not on PATH")
@pytest.mark.parametrize(("source", "target"), CASES)
def test_every_input_is_narrowed_in_verilog_too(source: Fixed, target: Fixed, tmp_path: Path) -> None:
    i, o = signed(source.width), signed(target.width)
    made = narrow(flag(), i, o, source.frac - target.frac)
    seen = icarus(made, i, o, source.lo, source.hi + 1, LATENCY, tmp_path)
    np.testing.assert_array_equal(seen, target.narrow(np.arange(source.lo, source.hi + 1), source.frac))


def test_a_wrong_half_unit_is_caught() -> None:
    source, target = Fixed(10, 6), Fixed(8, 3)
    values = range(source.lo, source.hi + 1)
    seen = native(lambda clk, i, o: narrow(clk, i, o, 2), signed(10), signed(8), values, LATENCY)
    assert not np.array_equal(seen, target.narrow(np.array(values), source.frac))
