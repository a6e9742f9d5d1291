"""What a kind of recurrent cell is, and the signals of a step as they come about."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from accel.architecture.cells.level import Level
from accel.architecture.cells.operations import ASIDE, Lookup, RowSum


@dataclass(frozen=True)
class Cell:
    """One kind of cell: `rows` of the matrices for each unit and level, and what each way through the lanes computes.

    W_h and the biases have rows for each level; so has W_x where x is read in `every_level`, not in the first alone.
    Levels are `alike` where they have the same operations under names of their own; all have as many sums and gates.
    """

    title: str
    rows: str
    """What they are, in words."""
    rows_per_unit: int
    levels: tuple[Level, ...]
    alike: bool = True
    every_level: bool = False
    multiplier_registers: bool = False
    """The factors of its products pass a register of their own: hardware alone, a cycle more for each."""

    @property
    def level(self) -> Level:
        """The first level, which stands for all where names do not matter."""
        return self.levels[0]

    @property
    def pipelines(self) -> tuple[Level, ...]:
        """Levels that want hardware of their own: the first, if it does for all."""
        return self.levels[:1] if self.alike else self.levels

    @property
    def lays_aside(self) -> bool:
        """Whether a value is kept beside what is carried on, from level to level."""
        return any(level.aside != ASIDE for level in self.levels)

    @property
    def sums(self) -> tuple[RowSum, ...]:
        """What the lanes give the cell for each unit, in a level."""
        return self.level.sums

    @property
    def separate_sums(self) -> bool:
        """Whether the x part and the h part of some row are sums of their own."""
        return any(row.part != "both" for row in self.sums)

    @cached_property
    def signals(self) -> dict[str, str]:
        """Each signal and the key of `formats` that it is in, in the order they come about."""
        return {name: key for level in self.levels for name, key in level.signals.items()}

    @property
    def tables(self) -> tuple[str, ...]:
        """Tables that the cell reads, in the order of `accel.base.tables`' users: those of gates first."""
        used = {one.table for level in self.pipelines for one in level.operations if isinstance(one, Lookup)}
        return tuple(name for name in TABLES if name in used)

    @property
    def carried(self) -> str:
        """What is carried on to the next step."""
        return self.levels[-1].carried

    @property
    def output(self) -> str:
        """What leaves the layer."""
        return self.levels[-1].state

    @property
    def states(self) -> tuple[str, ...]:
        """Signals that a sequence's state from outside consists of: h and c of an LSTM; what is kept, if h follows."""
        return (self.carried,) if self.level.state_follows else (self.output, self.carried)

    @property
    def required(self) -> tuple[str, ...]:
        """Signals without which an engine has shown nothing."""
        return tuple(name for level in self.levels for name in (level.carried, level.state))


TABLES = {"sigmoid": ("sigmoid", "gate"), "tanh": ("tanh", "gate"), "cell_tanh": ("tanh", "cell")}
"""Every table of the cell stage: its function, and the key of `formats` that its input is in."""
