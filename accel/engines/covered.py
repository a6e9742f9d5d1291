"""What the verified sequences reach, and why they do not reach the rest: the part `coverage` of `verify.json`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import reduce
from operator import add
from typing import Any

import numpy as np

from accel.architecture.array import Array
from accel.architecture.cells.operations import Narrow
from accel.architecture.cells.sizes import Size
from accel.architecture.linear import LinearArray
from accel.architecture.network import Network
from accel.architecture.residual import RESIDUAL
from accel.base.fixed import Fixed
from accel.engines.script import MEETS, places
from accel.model.coverage import Clamp, Coverage, Reads, Use, measure
from accel.model.design import Design
from accel.model.directed import directed, steps_tried, table_ends, table_ranges
from accel.model.golden import cell_sizes, run
from accel.model.reach import LONGEST, Interval, Reach, source_of
from accel.model.samples import Samples, brief
from accel.schedule.schedule import schedule

ALONE = 12
"""Steps of a sequence beside which no other stream has any."""


@dataclass(frozen=True)
class Side:
    """One side of a narrowing: how many values were clipped there, by all sequences and by those of slow engines; where
    none was, why not.
    """

    layer: str
    signal: str
    side: str
    values: int
    clipped: int
    clipped_slow: int
    why: str


@dataclass(frozen=True)
class Entries:
    """A table: entries that were read, those that could be, and why an end was not read."""

    table: str
    entries: int
    reachable: int
    read: int
    read_slow: int
    why: str


@dataclass(frozen=True)
class Covered:
    """What sequences of `steps` steps reach; slow engines get `slow_steps` of them."""

    steps: int
    slow_steps: int
    clamps: tuple[Side, ...]
    tables: tuple[Entries, ...]
    weights: tuple[Use, ...]

    def plain(self) -> dict[str, Any]:
        """As JSON data."""
        return asdict(self)


@dataclass(frozen=True)
class Sequences:
    """What engines are given: corners, then `real` sequences, behind the first `early` of which `brief` ones come, then
    corners that are too long for slow engines.
    """

    corners: Samples
    real: Samples
    early: int
    brief: Samples
    longer: Samples | None

    @property
    def all(self) -> Samples:
        """In this order."""
        parts = [self.corners, *([self.real.first(self.early)] if self.early else []), self.brief]
        parts += [self.real.behind(self.early)] if self.early < len(self.real.lengths) else []
        return reduce(add, [*parts, self.longer] if self.longer else parts)


def sequences(design: Design, corners: Samples, real: Samples, reached: Sequence[Reach]) -> Sequences:
    """Corners and real sequences with those that are made for the design; slow engines get corners for half of their
    steps, and the last steps that they get are sequences of one step, which fill every place for results. Where streams
    take turns, a longer one ends these, beside which the other streams have no work.
    """
    made = directed(design.net, design.weights, reached, corners)
    left, near = design.spec.verify.slow_steps // 2 - corners.steps, [corners]
    far: list[Samples] = []
    for one in made:
        (near if one.steps <= left else far).append(one)
        left -= one.steps if near[-1] is one else 0
    corners, slow = reduce(add, near), design.spec.verify.slow_steps
    rounds = 2 if design.spec.engine.state_streams else 1
    count = max(1, min(rounds * (places(schedule(design)) + 1) + MEETS, slow // 3))
    short = brief(design.spec, count, ALONE if design.net.layers[0].streams > 1 else 1)
    early = int(np.searchsorted(np.cumsum(real.lengths), slow - corners.steps - short.steps, side="right"))
    return Sequences(corners, real, early, short, reduce(add, far) if far else None)


def cover(design: Design, given: Samples, reached: Sequence[Reach]) -> Covered:
    """What all of these sequences reach, and why not the rest."""
    slow = given.within(design.spec.verify.slow_steps)
    whole, part = (_measured(design, samples) for samples in (given, slow))
    sides = [
        side
        for all_of, slow_of in zip(whole.clamps, part.clamps, strict=True)
        for side in _sides(design.net, all_of, slow_of, reached)
    ]
    tables = [_entries(design.net, *pair, reached) for pair in zip(whole.tables, part.tables, strict=True)]
    return Covered(whole.steps, part.steps, tuple(sides), tuple(tables), whole.weights)


def _measured(design: Design, samples: Samples) -> Coverage:
    trace = run(design.net, design.weights, samples.x, samples.lengths, samples.states)
    return measure(design.net, design.weights, samples, trace)


def _sides(net: Network, whole: Clamp, slow: Clamp, reached: Sequence[Reach]) -> Iterator[Side]:
    (place,) = (number for number, array in enumerate(net.arrays) if array.name == whole.layer)
    for side in ("below", "above"):
        clipped = getattr(whole, side)
        why = "" if clipped else _why(net, net.arrays[place], reached, reached[place], whole.signal, side)
        yield Side(whole.layer, whole.signal, side, whole.values, clipped, getattr(slow, side), why)


def _why(net: Network, array: Array, every: Sequence[Reach], reached: Reach, signal: str, side: str) -> str:
    """Why a side was not clipped."""
    earliest = reached.earliest.get((signal, side))
    tried = steps_tried(every, net.spec.model.longest)
    if earliest is None:
        return f"cannot be: {_room(net, array, reached, signal, side)}"
    if earliest > LONGEST:
        return f"not within {LONGEST} steps"
    if earliest > tried:
        return f"not before step {earliest}, and {tried} were tried"
    return f"not found in sequences of {tried} steps"


def _room(net: Network, array: Array, reached: Reach, signal: str, side: str) -> str:
    """How far a value gets, and where its format ends, both in units of the value."""
    value, fmt, frac = _narrowed(net, array, reached, signal)
    end, limit = (value.lo.min(), fmt.lo) if side == "below" else (value.hi.max(), fmt.hi)
    return f"it gets to {int(end) / 2**frac:.8g} at most, and {fmt} to {fmt.real(limit):.8g}"


def _narrowed(net: Network, array: Array, reached: Reach, signal: str) -> tuple[Interval, Fixed, int]:
    """What a narrowing reads, the format that it gives, and fraction bits of what it reads."""
    if signal == RESIDUAL:
        residual = net.residuals[net.layers.index(array) + 1]
        return reached.values[RESIDUAL], residual.out, residual.frac
    narrow, sizes = _narrowing(net, array, signal)
    return source_of(array, reached.values, narrow), getattr(array.formats, narrow.format), sizes[narrow.source].frac


def _narrowing(net: Network, array: Array, signal: str) -> tuple[Narrow, Mapping[str, Size]]:
    """The narrowing of that name, and the sizes of what there is beside it."""
    if isinstance(array, LinearArray):
        return array.operations.narrowing, array.sizes(array.formats)
    level = next(level for level in array.cell.levels if signal in level.named)
    return level.narrowed(signal), cell_sizes(net, array, level)


def _entries(net: Network, whole: Reads, slow: Reads, reached: Sequence[Reach]) -> Entries:
    ranges, tried = table_ranges(net, reached)[whole.table], steps_tried(reached, net.spec.model.longest)
    reachable = len({place for lo, hi in set(ranges) for place in range(lo, hi + 1)})
    can = table_ends(net, reached)[whole.table]
    missed = [
        f"the {name} entry " + (f"not found in sequences of {tried} steps" if possible else "cannot be read")
        for name, was_read, possible in zip(("lowest", "highest"), (whole.lowest, whole.highest), can, strict=True)
        if not was_read
    ]
    return Entries(whole.table, whole.entries, reachable, whole.read, slow.read, "; ".join(missed))
