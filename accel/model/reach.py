"""What sequences can reach at all: an interval for every value of every unit, whatever the input does in its format.

Operands of one operation are taken to be independent, so an interval may be wider than what happens, never narrower: an
end that lies outside cannot be reached.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product as combinations

import numpy as np

from accel.architecture.array import Array
from accel.architecture.cells.activations import OUT, SUM
from accel.architecture.cells.level import Level
from accel.architecture.cells.operations import ASIDE, BEFORE, Narrow, Operation
from accel.architecture.cells.sizes import Size
from accel.architecture.linear import LinearArray
from accel.architecture.network import Network
from accel.architecture.residual import RESIDUAL
from accel.base.fixed import Fixed, Integers
from accel.model.golden import by_sum, cell_sizes, first_state, row_sums
from accel.model.operate import operate
from accel.model.products import product
from accel.model.weights import LayerWeights, Weights

LONGEST = 64
"""Steps that are followed one by one; what still grows then may be anything in its format."""


@dataclass(frozen=True)
class Interval:
    """Smallest and largest integer of each unit."""

    lo: Integers
    hi: Integers

    def hull(self, other: Interval) -> Interval:
        """Both."""
        return Interval(np.minimum(self.lo, other.lo), np.maximum(self.hi, other.hi))

    @property
    def twice(self) -> Interval:
        """That of a step and, behind it, of another one."""
        return Interval(np.tile(self.lo, 2), np.tile(self.hi, 2))

    @property
    def none(self) -> Interval:
        """That of no unit."""
        return Interval(self.lo[:0], self.hi[:0])

    def holds(self, other: Interval) -> bool:
        """Whether the other lies within."""
        return bool((self.lo <= other.lo).all() and (self.hi >= other.hi).all())


Sums = Callable[[Interval], list[Interval]]


@dataclass(frozen=True)
class Reach:
    """What a layer's values can be, by name, and by name and side in which step, at the earliest, one is clamped."""

    values: Mapping[str, Interval]
    earliest: Mapping[tuple[str, str], int]


def reach(net: Network, weights: Weights) -> list[Reach]:
    """Intervals of every value of every layer, and of linear ones with an activation, in the order data takes."""
    found, x = [], _entering(net, weights)
    for number, (array, layer) in enumerate(zip(net.layers, net.recurrent(weights.layers), strict=True)):
        for linear, own in zip(net.ahead[number], net.in_front(number, weights.layers), strict=True):
            found.append(_linear(net, linear, own, x))
            x = found[-1].values[OUT]
        x = x.twice if net.place(number) in net.mirrors else x
        made = _layer(net, array, layer, x, weights.threshold_at(array))
        found.append(_with_sum(net, number + 1, made, made.values[array.cell.output], x))
        x = _linked(net, number + 1, found[-1].values[array.cell.output], x)
    for linear, layer in zip(net.linear, net.behind(weights.layers), strict=False):
        found.append(_linear(net, linear, layer, x))
        x = found[-1].values[OUT]
    return found


def _linked(net: Network, number: int, h: Interval, x: Interval) -> Interval:
    """What comes to a recurrent layer from the one before, of that one's h and x; both grow with either."""
    if number in net.clips:
        ends = net.clips[number].within(net.layers[number].x)
        return Interval(np.clip(h.lo, *ends), np.clip(h.hi, *ends))
    if number in net.residuals:
        return Interval(net.residuals[number].of(h.lo, x.lo), net.residuals[number].of(h.hi, x.hi))
    return h


def _with_sum(net: Network, number: int, layer: Reach, h: Interval, x: Interval) -> Reach:
    """A layer's reach, and that of the residual sum in front of a recurrent layer, where there is one."""
    residual = net.residuals.get(number)
    if residual is None:
        return layer
    total = Interval(residual.total(h.lo, x.lo), residual.total(h.hi, x.hi))
    sides = _clipped(residual.out, RESIDUAL, total, residual.frac)
    return Reach({**layer.values, RESIDUAL: total}, {**layer.earliest, **dict.fromkeys(sides, 1)})


def _entering(net: Network, weights: Weights) -> Interval:
    """All that x_t may be: anything in its format, or what the rows of a table have."""
    if weights.embedding is None:
        return _whole(net.spec.formats.input, net.spec.model.inputs)
    return Interval(weights.embedding.min(axis=0), weights.embedding.max(axis=0))


def _whole(fmt: Fixed, count: int) -> Interval:
    return Interval(np.full(count, fmt.lo), np.full(count, fmt.hi))


def _zeros(count: int) -> Interval:
    return Interval(np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64))


def _layer(net: Network, array: Array, layer: LayerWeights, x: Interval, threshold: int) -> Reach:
    """Step after step, until nothing grows; what grows for too long may be anything."""
    formats, level = array.formats, array.cell.levels[-1]
    whole = (_whole(formats.cell, array.outputs), _whole(formats.state, array.outputs))
    state = _before(net, array, layer, whole)
    levels = [layer.level(number, array.levels) for number in range(array.levels)]
    sums = [_sums(array, one, x if number < array.x_levels else x.none) for number, one in enumerate(levels)]
    earliest: dict[tuple[str, str], int] = {}
    for step in range(1, LONGEST + 2):
        if step > LONGEST:
            state = whole
        values = _step(net, array, sums, state, threshold)
        for side in clamped(net, array, values):
            earliest.setdefault(side, step)
        after = values[level.carried], values[level.state]
        if all(old.holds(new) for old, new in zip(state, after, strict=True)):
            break
        state = (state[0].hull(after[0]), state[1].hull(after[1]))
    return Reach(values, earliest)


def _linear(net: Network, array: LinearArray, layer: LayerWeights, x: Interval) -> Reach:
    """A linear layer."""
    sizes = array.sizes(array.formats)
    bias = layer.bias << array.bias_shift
    lo, hi = _ends(array, layer.w_x.values, array.x_shift, "x")(x)
    values = {SUM: Interval(lo[0] + bias, hi[0] + bias)}
    for operation in array.operations.operations:
        values[operation.name] = _of(operation, values, sizes, net, array)
    narrow = array.operations.narrowing
    return Reach(values, dict.fromkeys(_sides(array, narrow, values[narrow.source], sizes[narrow.source].frac), 1))


def _before(
    net: Network, array: Array, layer: LayerWeights, whole: tuple[Interval, Interval]
) -> tuple[Interval, Interval]:
    """What the cell keeps and what is read of it before a sequence's first step."""
    if net.spec.engine.state_streams:
        return whole
    given = None if layer.initial is None else layer.initial[None]
    carried, read = (state[0] for state in first_state(net, array, given, 1))
    return Interval(carried, carried), Interval(read, read)


def _step(
    net: Network, array: Array, sums: Sequence[Sums], state: tuple[Interval, Interval], threshold: int
) -> dict[str, Interval]:
    """Every value of one step, all levels, before which states lie in these intervals."""
    values: dict[str, Interval] = {}
    (carried, read), aside = state, _zeros(array.outputs)
    for level, sums_of in zip(array.cell.levels, sums, strict=True):
        values |= _level(net, array, level, sums_of(_pruned(read, threshold)), (carried, aside))
        carried, read, aside = values[level.carried], values[level.state], values.get(level.aside, aside)
    return values


def _pruned(read: Interval, threshold: int) -> Interval:
    """Where small states count as 0."""
    return read.hull(_zeros(len(read.lo))) if threshold else read


def _sums(array: Array, layer: LayerWeights, x: Interval) -> Sums:
    """From what is read of the state to the row sums of a level with their biases, one interval a sum of the cell."""
    bias, scale = by_sum(array, layer.bias << array.bias_shift), by_sum(array, layer.scale)
    of_x = _ends(array, layer.w_x.values, array.x_shift, "x")(x)
    of_h = _ends(array, layer.w_h.values, array.h_shift, "h")

    def found(h: Interval) -> list[Interval]:
        sides = [np.stack(ends) * scale for ends in (of_x, of_h(h))]
        lo, hi = (bias + sum(end(side, axis=0) for side in sides) for end in (np.min, np.max))
        return [Interval(*ends) for ends in zip(lo, hi, strict=True)]

    return found


def _ends(array: Array, matrix: Integers, shift: int, part: str) -> Callable[[Interval], tuple[Integers, Integers]]:
    """From operands to the smallest and the largest sum of each row, [S, hidden]."""
    up, down = (product(side, array.sum_width) for side in (np.maximum(matrix, 0), np.minimum(matrix, 0)))

    def found(operand: Interval) -> tuple[Integers, Integers]:
        ends = np.stack([operand.lo, operand.hi])
        rising, falling = (row_sums(array, times(ends) << shift, part) for times in (up, down))
        return rising[0] + falling[1], rising[1] + falling[0]

    return found


def _level(
    net: Network, array: Array, level: Level, sums: list[Interval], before: tuple[Interval, Interval]
) -> dict[str, Interval]:
    """Every value of a level; `before` is what was kept and what was laid aside."""
    sizes = cell_sizes(net, array, level)
    values = {row.name: interval for row, interval in zip(level.sums, sums, strict=True)}
    values |= {BEFORE: before[0], ASIDE: before[1]}
    for operation in level.operations:
        values[operation.name] = _of(operation, values, sizes, net, array)
    del values[BEFORE], values[ASIDE]
    return values


def _of(
    operation: Operation,
    values: Mapping[str, Interval],
    sizes: Mapping[str, Size],
    net: Network,
    array: Array,
) -> Interval:
    """What an operation makes of intervals: narrowing keeps ends; others, linear in each operand, end at corners."""
    operands = [values[name] for name in operation.operands]
    if isinstance(operation, Narrow):
        fmt: Fixed = getattr(array.formats, operation.format)
        frac = sizes[operation.source].frac
        return Interval(fmt.narrow(operands[0].lo, frac), fmt.narrow(operands[0].hi, frac))
    corners, tables = combinations(*((operand.lo, operand.hi) for operand in operands)), net.tables_of(array)
    results = [operate(operation, dict(zip(operation.operands, ends, strict=True)), sizes, tables) for ends in corners]
    return Interval(np.min(results, axis=0), np.max(results, axis=0))


def clamped(net: Network, array: Array, values: Mapping[str, Interval], last: bool = False) -> list[tuple[str, str]]:
    """Narrowings that may clip in any unit, or in the last one, each with its side."""
    found, units = [], slice(-1 if last else 0, None)
    for level in array.cell.levels:
        sizes = cell_sizes(net, array, level)
        for narrow in level.narrowings:
            source = source_of(array, values, narrow)
            part = Interval(source.lo[units], source.hi[units])
            found += _sides(array, narrow, part, sizes[narrow.source].frac)
    return found


def source_of(array: Array, values: Mapping[str, Interval], narrow: Narrow) -> Interval:
    """What a narrowing reads; what was kept of the step before may be all that its format holds."""
    return values.get(narrow.source, _whole(array.formats.cell, array.outputs))


def _sides(array: Array, narrow: Narrow, source: Interval, frac: int) -> list[tuple[str, str]]:
    """The sides on which a narrowing may clip."""
    return _clipped(getattr(array.formats, narrow.format), narrow.name, source, frac)


def _clipped(fmt: Fixed, name: str, source: Interval, frac: int) -> list[tuple[str, str]]:
    """The sides on which a narrowing to a format, by its name, may clip."""
    below, above = fmt.dropped(source.lo, frac) < fmt.lo, fmt.dropped(source.hi, frac) > fmt.hi
    return [(name, side) for side, clips in (("below", below), ("above", above)) if clips.any()]
