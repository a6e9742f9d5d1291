"""What synthesis makes of a bit of each kind of logic, family by family: `coefficients.yaml`, which
`tests/bench/resources.py` fits on yosys' counts.
"""

from __future__ import annotations

from functools import lru_cache
from importlib import resources

from accel.spec import Section, checked
from accel.spec.yaml_file import read


class Fit(Section):
    """Lookup tables, and registers, that a bit of each term of `fpga.logic` takes; bits, of what is elaborated."""

    luts: dict[str, float]
    registers: dict[str, float]


class Coefficients(Section):
    """Every family, what all have in common before synthesis, and the yosys whose counts they are fitted on."""

    yosys: str
    elaborated: Fit
    ecp5: Fit
    ice40: Fit
    gowin: Fit
    xc7: Fit
    xcup: Fit


@lru_cache(maxsize=1)
def coefficients() -> Coefficients:
    """Those that come with the project."""
    with resources.as_file(resources.files("fpga").joinpath("coefficients.yaml")) as path:
        return checked(Coefficients, read(path), lambda _: iter(()))


def fit_of(family: str) -> Fit:
    """Those of a family, or of what is `elaborated`."""
    found: Fit = getattr(coefficients(), family)
    return found
