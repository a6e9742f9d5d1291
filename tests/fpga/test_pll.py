"""Clocks from an oscillator: the dividers, their limits, and the open tools' own calculators as second opinion."""

from __future__ import annotations

import re
import subprocess
from fractions import Fraction
from pathlib import Path

import pytest

from accel.base.faults import Refused
from accel.base.tools import Program
from fpga.board import find
from fpga.pll import LIMITS, setting, settings
from fpga.uart import board_clock


@pytest.mark.parametrize("oscillator", [8.0, 12.0, 25.0, 48.5])
def test_every_setting_keeps_the_limits_and_makes_the_clock_it_says(oscillator: float) -> None:
    for family, limits in LIMITS.items():
        for one in settings(family, Fraction(oscillator)):
            d = one.dividers
            assert one.vco in limits.oscillating
            assert one.mhz in limits.made
            if family == "ecp5":
                assert one.mhz * d["CLKI_DIV"] == Fraction(oscillator) * d["CLKFB_DIV"]
                assert one.vco == one.mhz * d["CLKOP_DIV"]
                assert all(1 <= divider <= 128 for divider in d.values())
            elif family == "gowin":
                assert one.mhz * (d["IDIV_SEL"] + 1) == Fraction(oscillator) * (d["FBDIV_SEL"] + 1)
                assert one.vco == one.mhz * d["ODIV_SEL"]
                assert max(d["IDIV_SEL"], d["FBDIV_SEL"]) < 64
            elif family == "xc7":
                assert one.vco * d["DIVCLK_DIVIDE"] == Fraction(oscillator) * Fraction(d["CLKFBOUT_MULT_F"])
                assert one.vco == one.mhz * d["CLKOUT0_DIVIDE_F"]
                assert 2 <= d["CLKFBOUT_MULT_F"] <= 64
            else:
                assert one.vco * (d["DIVR"] + 1) == Fraction(oscillator) * (d["DIVF"] + 1)
                assert one.vco == one.mhz * 2 ** d["DIVQ"]


def test_a_clock_that_cannot_be_made_is_refused_with_the_nearest() -> None:
    with pytest.raises(Refused, match=r"target.clock_mhz: .* the PLL of icebreaker .* nearest is 100.5, got 100"):
        setting(find("icebreaker"), 100.0)
    with pytest.raises(Refused, match=r"the PLL of ulx3s-85f makes; the nearest is 400, got 1000"):
        setting(find("ulx3s-85f"), 1000.0)
    with pytest.raises(Refused, match=r"nearest is 12, got 13"):
        setting(find("icebreaker"), 13.0)
    with pytest.raises(Refused, match=r"the PLL of tang-nano-20k makes; the nearest is 47.25, got 47.3"):
        setting(find("tang-nano-20k"), 47.3)
    with pytest.raises(Refused, match=r"target.clock_mhz: wanted 125, the oscillator of zcu104, got 50"):
        setting(find("zcu104"), 50.0)
    with pytest.raises(Refused, match=r"the PLL of arty-a7-100 makes; the nearest is 83.[0-9]+, got 83.3"):
        setting(find("arty-a7-100"), 83.3)


def test_the_oscillators_own_clock_needs_no_pll() -> None:
    assert setting(find("ulx3s-85f"), 25.0) is None
    assert "assign clk = oscillator;" in board_clock(find("ulx3s-85f"), 25.0)


def _asked(name: str, words: list[str]) -> str:
    path = Program(name, "", (name, f"yowasp-{name}")).path()
    if not path:
        pytest.skip(f"{name} not found; it is the second opinion")
    return subprocess.run([path, *words], capture_output=True, text=True, check=True).stdout


def test_ecppll_chooses_the_same_dividers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    _asked("ecppll", ["-i", "25", "-o", "120", "-f", "pll.v"])
    theirs = (tmp_path / "pll.v").read_text()
    ours = board_clock(find("ulx3s-85f"), 120.0)
    for name in ("CLKI_DIV", "CLKFB_DIV", "CLKOP_DIV", "CLKOP_CPHASE", "FEEDBK_PATH", "OUTDIVIDER_MUXA"):
        assert re.findall(rf"\.{name}\((.*?)\)", theirs) == re.findall(rf"\.{name}\((.*?)\)", ours)


def test_icepll_chooses_the_same_dividers() -> None:
    theirs = _asked("icepll", ["-i", "12", "-o", "30"])
    found = setting(find("icebreaker"), 30.0)
    assert found is not None
    for name, divider in found.dividers.items():
        assert re.search(rf"{name}:\s+{divider}\b", theirs)


def test_gowin_pll_makes_the_same_clock(tmp_path: Path) -> None:
    theirs = tmp_path / "pll.v"
    _asked("gowin_pll", ["-i", "27", "-o", "54", "-d", "GW2AR-LV18QN88C8/I7", "-f", str(theirs)])
    ours = board_clock(find("tang-nano-20k"), 54.0)
    ratios = []
    for text in (theirs.read_text(), ours):
        found = {name: int(re.search(rf"\.{name}\((\d+)\)", text)[1]) for name in ("IDIV_SEL", "FBDIV_SEL")}
        ratios.append(Fraction(found["FBDIV_SEL"] + 1, found["IDIV_SEL"] + 1))
    assert ratios == [2, 2]
    assert '.FCLKIN("27")' in ours


def test_a_clock_whose_pin_is_not_the_plls_gets_to_it_through_the_fabric() -> None:
    assert "SB_PLL40_CORE #(" in board_clock(find("ice40-hx8k"), 24.0)
    assert ".REFERENCECLK(oscillator)," in board_clock(find("ice40-hx8k"), 24.0)
    assert ".PACKAGEPIN(oscillator)," in board_clock(find("icebreaker"), 24.0)
