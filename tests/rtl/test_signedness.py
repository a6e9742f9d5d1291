"""No unsigned constant meets a signed operand in the Verilog; MyHDL alone would write one, and compute other bits."""

from __future__ import annotations

from typing import Any

import pytest
from myhdl import always

from accel.rtl import signedness
from accel.rtl.blocks.primitives.module import module
from accel.rtl.blocks.primitives.signals import flag, signed
from accel.rtl.form import converted

HEAD = "reg signed [39:0] i;\nwire signed [32-1:0] o;\nreg [31:0] word;\n"


@pytest.mark.parametrize(
    "line",
    [
        "if ((i > 32'h7fffffff)) begin",
        "o <= ((i < (-33'h80000000)) || (word == 32'hffffffff));",
        "assign o = (i + 31'h40000000);",
        "if (($signed({1'b0, word}) > 33'h80000000)) begin",
        "if ((i > 3000000000)) begin",
        "o <= (i * 4'd7);",
    ],
)
def test_a_constant_that_turns_signs_is_found(line: str) -> None:
    assert list(signedness.faults(HEAD + line)) == [f"line 4: {line}"]


@pytest.mark.parametrize(
    "line",
    [
        "o <= 32'h7fffffff;",
        "o <= (-33'h80000000);",
        "if ((word != 33'hdeadbeef)) begin",
        "if ((i > 2047)) begin",
        "o <= (o + $signed({1'b0, i[30]}));",
        "assign o = {i[30:0], 1'b0};",
        "if ((word == 32'hffffffff) && (i > 0)) begin",
        "4'h3: o <= i;",
    ],
)
def test_a_constant_that_turns_none_is_not(line: str) -> None:
    assert list(signedness.faults(HEAD + line)) == []


@module
def clamp_by_value(clk: Any, i: Any, o: Any) -> Any:
    lo, hi = o.min, o.max - 1

    @always(clk.posedge)
    def clamping():
        if i > hi:
            o.next = hi
        elif i < lo:
            o.next = lo
        else:
            o.next = i

    return clamping


def test_conversion_stops_at_one() -> None:
    with pytest.raises(ValueError, match=r"clamp_by_value: an unsigned constant beside a signed operand: line \d+: if"):
        converted(clamp_by_value, {"clk": flag(), "i": signed(40), "o": signed(32)})
