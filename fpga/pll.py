"""The PLL of each family: the dividers that make a clock from the board's oscillator, by search within its limits.

    ECP5 (EHXPLLL, feedback from CLKOP):   out = in * feedback / reference,         vco = out * output
    iCE40 (SB_PLL40, simple feedback):     vco = in * (divf + 1) / (divr + 1),      out = vco / 2**divq
    Gowin (rPLL, feedback from CLKOUT):    out = in * (fbdiv_sel + 1) / (idiv_sel + 1),   vco = out * odiv_sel
    7 series (MMCME2_BASE):                vco = in * mult / divclk, mult in eighths,     out = vco / divide

Limits are those of the vendor's data sheets and of the open tools' own calculators (ecppll, icepll, gowin_pll); for
Gowin those of GW2A-18 and GW2AR-18 at speed C8/I7, for the 7 series those of an Artix-7 at speed -1 (DS181).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from accel.base.faults import Fault, Refused
from fpga.board import Board

EXACT = Fraction(1, 1_000_000)
"""Relative difference up to which a clock counts as the one that was asked for."""
ECP5_CALM_VCO = Fraction(600)
"""Of equal settings the one whose oscillator is nearest to the middle of its range."""
ICE40_FILTERS = (17, 26, 44, 66, 101)
"""Comparison frequencies from which the next FILTER_RANGE holds."""
GOWIN_OUTPUTS = (2, 4, 8, 16, 32, 48, 64, 80, 96, 112, 128)
"""What ODIV_SEL can be."""
GOWIN_CALM_VCO = Fraction(875)
XC7_DIVIDERS = 5
"""The largest divider of the oscillator that is tried."""


@dataclass(frozen=True)
class Range:
    """Frequencies in MHz, both ends included."""

    lowest: Fraction
    highest: Fraction

    def __contains__(self, mhz: Fraction) -> bool:
        return self.lowest <= mhz <= self.highest


@dataclass(frozen=True)
class Limits:
    """What a PLL takes, compares, oscillates at and gives."""

    given: Range
    compared: Range
    oscillating: Range
    made: Range


def _range(lowest: str, highest: str) -> Range:
    return Range(Fraction(lowest), Fraction(highest))


LIMITS: Mapping[str, Limits] = {
    "ecp5": Limits(_range("8", "400"), _range("3.125", "400"), _range("400", "800"), _range("10", "400")),
    "ice40": Limits(_range("10", "133"), _range("10", "133"), _range("533", "1066"), _range("16", "275")),
    "gowin": Limits(_range("3", "500"), _range("3", "500"), _range("500", "1250"), _range("3.90625", "625")),
    "xc7": Limits(_range("10", "800"), _range("10", "450"), _range("600", "1200"), _range("4.69", "800")),
}


@dataclass(frozen=True)
class Pll:
    """One setting: its dividers by the primitive's own names, and the clock that it makes."""

    family: str
    dividers: Mapping[str, int | float]
    mhz: Fraction
    vco: Fraction


def setting(board: Board, mhz: float) -> Pll | None:
    """The setting that makes a clock on a board; None where it is the oscillator's own.

    Refused with the nearest possible clock where the PLL cannot make it.
    """
    given, wanted = _exact(board.clock.mhz), _exact(mhz)
    if wanted == given:
        return None
    if board.family not in LIMITS:
        raise Refused([Fault("target.clock_mhz", f"{board.clock.mhz:g}, the oscillator of {board.name}", f"{mhz:g}")])
    found = list(settings(board.family, given))
    nearest = min((abs(one.mhz - wanted) for one in found), default=None)
    if nearest is None or nearest > wanted * EXACT:
        clocks = sorted({float(one.mhz) for one in found if abs(one.mhz - wanted) == nearest} | {board.clock.mhz})
        near = min(clocks, key=lambda clock: abs(clock - mhz))
        possible = f"a clock that the PLL of {board.name} makes; the nearest is {near:g}"
        raise Refused([Fault("target.clock_mhz", possible, f"{mhz:g}")])
    return min((one for one in found if abs(one.mhz - wanted) == nearest), key=_unrest)


def _exact(mhz: float) -> Fraction:
    """The decimal number that was written, as a fraction."""
    return Fraction(str(mhz))


def _unrest(one: Pll) -> tuple[Fraction, ...]:
    """Small where a setting is good: compared often, and (ECP5, Gowin) in the middle of the oscillator's range."""
    if one.family == "ecp5":
        return Fraction(one.dividers["CLKI_DIV"]), abs(one.vco - ECP5_CALM_VCO)
    if one.family == "gowin":
        return Fraction(one.dividers["IDIV_SEL"]), abs(one.vco - GOWIN_CALM_VCO)
    if one.family == "xc7":
        return Fraction(one.dividers["DIVCLK_DIVIDE"]), -one.vco  # a fast oscillator is a quiet one
    return Fraction(one.dividers["DIVR"]), one.vco


def settings(family: str, given: Fraction) -> Iterator[Pll]:
    """Every setting within the limits for an oscillator of a frequency in MHz."""
    limits = LIMITS[family]
    if given in limits.given:
        yield from {"ecp5": _ecp5, "ice40": _ice40, "gowin": _gowin, "xc7": _xc7}[family](given, limits)


def _ecp5(given: Fraction, limits: Limits) -> Iterator[Pll]:
    for reference in range(1, 129):
        compared = given / reference
        if compared not in limits.compared:
            continue
        for feedback in range(1, 81):
            made = compared * feedback
            if made not in limits.made:
                continue
            fastest = min(128, int(limits.oscillating.highest / made))
            for output in range(-int(-limits.oscillating.lowest // made), fastest + 1):
                dividers = {"CLKI_DIV": reference, "CLKFB_DIV": feedback, "CLKOP_DIV": output}
                yield Pll("ecp5", dividers, made, made * output)


def _ice40(given: Fraction, limits: Limits) -> Iterator[Pll]:
    for reference in range(16):
        compared = given / (reference + 1)
        if compared not in limits.compared:
            continue
        filter_range = 1 + sum(compared >= bound for bound in ICE40_FILTERS)
        for feedback in range(128):
            vco = compared * (feedback + 1)
            for halvings in range(1, 7):
                made = vco / 2**halvings
                if vco in limits.oscillating and made in limits.made:
                    dividers = {"DIVR": reference, "DIVF": feedback, "DIVQ": halvings, "FILTER_RANGE": filter_range}
                    yield Pll("ice40", dividers, made, vco)


def _gowin(given: Fraction, limits: Limits) -> Iterator[Pll]:
    for reference in range(64):
        compared = given / (reference + 1)
        for feedback in range(64):
            made = compared * (feedback + 1)
            if compared not in limits.compared or made not in limits.made:
                continue
            for output in GOWIN_OUTPUTS:
                if made * output in limits.oscillating:
                    dividers = {"IDIV_SEL": reference, "FBDIV_SEL": feedback, "ODIV_SEL": output}
                    yield Pll("gowin", dividers, made, made * output)


def _xc7(given: Fraction, limits: Limits) -> Iterator[Pll]:
    for reference in range(1, XC7_DIVIDERS + 1):
        compared = given / reference
        if compared not in limits.compared:
            continue
        for eighths in range(16, 513):
            vco = compared * eighths / 8
            if vco not in limits.oscillating:
                continue
            for output in range(1, 129):
                if (made := vco / output) in limits.made:
                    dividers = {"DIVCLK_DIVIDE": reference, "CLKFBOUT_MULT_F": eighths / 8, "CLKOUT0_DIVIDE_F": output}
                    yield Pll("xc7", dividers, made, vco)
