"""Lanes shared out among layers of different sizes, so that all of them take about equally long.

By rows a layer takes as many groups as P goes into its units, each of them as long as a row takes on its lanes.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from accel.architecture.array import Array


@dataclass(frozen=True)
class Need:
    """What a layer by rows asks of its lanes."""

    units: int
    """That one group could have at most."""
    outputs: int
    """Units of both directions together, where it has two."""
    lanes: int
    """Of one unit."""
    group: int
    """Cycles that the lanes take for a group, in all levels."""
    together: int = 1
    """Units that a group has at least, and a multiple of: one of each direction that has lanes of its own."""

    @classmethod
    def of(cls, array: Array) -> Need:
        """Of an array with the lanes of a row that are wanted and any number of units."""
        units, lanes = array.outputs * array.ways // array.directions, array.multipliers // array.units
        return cls(units, array.outputs, lanes, array.depth // array.groups, array.ways)

    def fewest(self, cycles: int, multiple: int) -> int | None:
        """The least P, a multiple of a number, with which a step's groups take at most some cycles; None: none is."""
        groups = cycles // self.group
        if not groups:
            return None
        units = -(-self.outputs // groups)
        units += -units % (multiple * self.together)
        return units if units <= self.units else None

    @property
    def paces(self) -> Iterator[int]:
        """Every number of cycles that a step can take, descending."""
        units = 1
        while units <= self.units:
            groups = -(-self.outputs // units)
            yield self.group * groups
            units = self.units + 1 if groups == 1 else -(-self.outputs // (groups - 1))


def slowed(needs: Sequence[Need]) -> list[int]:
    """Every number of cycles that one of the layers can take and no other one needs more than, ascending."""
    least = max(min(one.paces) for one in needs)
    return sorted({pace for one in needs for pace in one.paces if pace >= least})


def kept(needs: Sequence[Need], cycles: int, multiple: int) -> tuple[int, ...] | None:
    """P of each layer, a multiple of a number, with which none takes more than some cycles; None: there is none."""
    each = [one.fewest(cycles, multiple) for one in needs]
    found = tuple(units for units in each if units is not None)
    return found if len(found) == len(needs) else None


def shared_out(needs: Sequence[Need], lanes: int, multiple: int) -> tuple[int, ...] | None:
    """P of each layer with which the slowest one is fastest, within a number of lanes; None where these are too few."""
    paces = slowed(needs)

    def enough(pace: int) -> bool:
        units = kept(needs, pace, multiple)
        return units is not None and sum(n * one.lanes for n, one in zip(units, needs, strict=True)) <= lanes

    at = bisect_left(paces, True, key=enough)
    return kept(needs, paces[at], multiple) if at < len(paces) else None
