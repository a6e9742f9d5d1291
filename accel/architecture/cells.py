"""The recurrent cells that the engine has: the rows of a unit, and the signals of a step as they come about.

LSTM: rows i, f, g, o; c_t is kept from step to step, and h_t is what lanes, next layer and head read.

Recurrent highway network (arXiv 1607.03474, coupled gates): rows h, t; a step goes through its levels one after the
other, each with weights of its own. s_l is kept in `formats.cell`; what is read is s_l in `formats.state`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from accel.base.fixed import Fixed

LSTM_ROWS, HIGHWAY_ROWS = 4, 2
"""Rows of one unit in one level."""


@dataclass(frozen=True)
class Level:
    """The signals of one way through the lanes that hardware shows: activations, what is kept, what is read of it."""

    gates: tuple[str, ...]
    kept: str
    state: str

    @property
    def names(self) -> tuple[str, ...]:
        """These signals in the order they come about, pre-activations first."""
        return (*(f"{gate}_pre" for gate in self.gates), *self.gates, self.kept, self.state)


@dataclass(frozen=True)
class Cell:
    """One kind of cell. `signals` maps each signal to the key of `formats` that it is in, in the order they come about.

    `functions` are the tables that the rows of a unit pass through.
    """

    title: str
    rows: str
    """What they are, in words."""
    functions: tuple[str, ...]
    levels: tuple[Level, ...]
    signals: Mapping[str, str]

    @property
    def output(self) -> str:
        """What leaves the layer."""
        return self.levels[-1].state

    @property
    def required(self) -> tuple[str, ...]:
        """Signals without which an engine has shown nothing."""
        return tuple(name for level in self.levels for name in (level.kept, level.state))


GATES = ("i", "f", "g", "o")
"""PyTorch's gate order."""

LSTM = Cell(
    "LSTM",
    "input, forget, cell, output",
    ("sigmoid", "sigmoid", "tanh", "sigmoid"),
    (Level(GATES, "c", "h"),),
    {
        **{f"{gate}_pre": "gate" for gate in GATES},
        **dict.fromkeys(GATES, "activation"),
        **{"c": "cell", "tanh_c": "activation", "h": "state"},
    },
)


@lru_cache
def highway(depth: int) -> Cell:
    """A highway cell of so many levels: h1, t1, s1, s1_read, then those of the next level."""
    levels = tuple(Level((f"h{n}", f"t{n}"), f"s{n}", f"s{n}_read") for n in range(1, depth + 1))
    signals: dict[str, str] = {}
    for level in levels:
        signals |= dict(zip(level.names, ("gate", "gate", "activation", "activation", "cell", "state"), strict=True))
    rows = "of each level, its candidate h and its transform gate t"
    return Cell("Recurrent highway network", rows, ("tanh", "sigmoid"), levels, signals)


@dataclass(frozen=True)
class Carry:
    """Widths on the way to s_l = h t + s (1 - t), as s + t (h - s): the same integer, and one product in place of two.

    `act` is the format of h and t, `kept` that of s.
    """

    act: Fixed
    kept: Fixed

    @property
    def fine(self) -> int:
        """Fraction bits of h and s as they are subtracted."""
        return max(self.act.frac, self.kept.frac)

    @property
    def h_shift(self) -> int:
        """Left shift that aligns h."""
        return self.fine - self.act.frac

    @property
    def s_shift(self) -> int:
        """Left shift that aligns s."""
        return self.fine - self.kept.frac

    @property
    def difference(self) -> int:
        """Width of h - s."""
        return max(self.act.width + self.h_shift, self.kept.width + self.s_shift) + 1

    @property
    def product(self) -> int:
        """Width of t (h - s)."""
        return self.act.width + self.difference

    @property
    def frac(self) -> int:
        """Fraction bits of the sum."""
        return self.act.frac + self.fine

    @property
    def sum_shift(self) -> int:
        """Left shift that aligns s with the sum."""
        return self.frac - self.kept.frac

    @property
    def total(self) -> int:
        """Width of the sum."""
        return max(self.product, self.kept.width + self.sum_shift) + 1


def kept_width(act: Fixed, kept: Fixed) -> int:
    """Width of an LSTM's exact f c + i g."""
    frac = max(act.frac + kept.frac, 2 * act.frac)
    return 1 + max(act.width + kept.width + frac - act.frac - kept.frac, 2 * act.width + frac - 2 * act.frac)
