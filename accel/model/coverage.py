"""What a set of sequences reaches: clamps on both sides, entries of tables, weights whose change would show.

Everything follows from the golden model's trace and from the cell's list of operations, by the names of its signals.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from accel.architecture.array import Array
from accel.architecture.cells.activations import OUT
from accel.architecture.cells.level import Level
from accel.architecture.cells.operations import ASIDE, Lookup, Narrow, Operation
from accel.architecture.cells.sizes import Size
from accel.architecture.linear import LinearArray
from accel.architecture.network import Network
from accel.architecture.residual import RESIDUAL
from accel.base.fixed import Fixed, Integers
from accel.model.golden import (
    begun_with,
    by_sum,
    cell_sizes,
    entered,
    first_state,
    kept_states,
    level_values,
    linked,
    read_by_linear,
    row_sums,
    straightened,
)
from accel.model.products import product
from accel.model.samples import Samples
from accel.model.sparse import Mask
from accel.model.trace import LayerTrace, Trace
from accel.model.weights import LayerWeights, Weights

EVALUATIONS = 10_000_000
"""Weights times steps that are tried for what a change would do; beyond, steps are left out evenly."""


@dataclass(frozen=True)
class Clamp:
    """One narrowing: of all its values, how many were clipped from below and from above."""

    layer: str
    signal: str
    below: int
    above: int
    values: int


@dataclass(frozen=True)
class Reads:
    """One table: how many of its entries were read, and whether the two ends were, where the index is clamped."""

    table: str
    entries: int
    read: int
    lowest: bool
    highest: bool


@dataclass(frozen=True)
class Use:
    """Kept weights of one matrix: how many were multiplied by something else than 0, and how many would show.

    A weight would show where one unit more or less changes what the row's sum is narrowed to, all else equal, in one
    of `steps` steps (of a linear layer, whose sums all engines show: where it is multiplied by something else than 0).
    """

    layer: str
    matrix: str
    kept: int
    met: int
    shown: int
    steps: int


@dataclass(frozen=True)
class Coverage:
    """What `steps` steps reach."""

    steps: int
    clamps: tuple[Clamp, ...]
    tables: tuple[Reads, ...]
    weights: tuple[Use, ...]


@dataclass(frozen=True)
class Steps:
    """All real steps of one level at once: operands [n, columns], and every value [n, hidden] by its name."""

    level: Level
    number: int
    x: Integers
    read: Integers
    values: Mapping[str, Integers]


def measure(net: Network, weights: Weights, samples: Samples, trace: Trace) -> Coverage:
    """What samples reach, whose trace this is."""
    levels = levels_of(net, weights, samples, trace)
    clamps = [clamp for array, _, steps in levels for one in steps for clamp in _clamps(net, array, one)]
    uses = [use for array, layer, steps in levels for one in steps for use in _uses(net, array, layer, one)]
    for array, layer, read, values in linear_of(net, weights, samples, trace):
        uses.append(_linear_use(array, layer, read))
        if isinstance(array, LinearArray):
            sizes = array.sizes(array.formats)
            clamps.append(_clamp(array, array.operations.narrowing, sizes, values))
    clamps += residual_clamps(net, trace.layers, samples.lengths)
    looked_up = [(array, one.level.operations, one.values) for array, _, steps in levels for one in steps]
    behind = linear_of(net, weights, samples, trace)
    looked_up += [(a, a.operations.operations, values) for a, _, _, values in behind if isinstance(a, LinearArray)]
    reads = [_reads(net, name, looked_up) for name in net.tables]
    return Coverage(samples.steps, tuple(clamps), tuple(reads), tuple(uses))


def levels_of(
    net: Network, weights: Weights, samples: Samples, trace: Trace
) -> list[tuple[Array, LayerWeights, list[Steps]]]:
    """Every layer with its weights and its levels, all real steps at once."""
    return [
        (array, layer, list(_levels(net, weights, number, samples, trace)))
        for number, (array, layer) in enumerate(zip(net.layers, net.recurrent(weights.layers), strict=True))
    ]


def linear_of(
    net: Network, weights: Weights, samples: Samples, trace: Trace
) -> Iterator[tuple[Array, LayerWeights, Integers, Mapping[str, Integers]]]:
    """Every linear layer with its weights, what it reads [n, inputs], and every value [n, outputs] by its name."""
    lengths, every = samples.lengths, iter(trace.feeding)
    for number, chain in enumerate(net.ahead):
        if number:
            came = straightened(net, number, linked(net, number, trace.layers[number - 1]), lengths)
        else:
            came = entered(net, weights, samples.x, lengths)
        read = _real(came, lengths)
        for array, layer in zip(chain, net.in_front(number, weights.layers), strict=True):
            flat = {name: _real(value, lengths) for name, value in next(every).items()}
            yield array, layer, read, flat
            read = flat[OUT]
    if net.head is None or trace.logits is None:
        return
    once = net.spec.model.head is not None and net.spec.model.head.when == "last"
    read = read_by_linear(net, trace.layers[-1], samples.lengths)
    read = read[:, 0] if once else _real(read, samples.lengths)
    layers = net.behind(weights.layers)
    for array, layer, values in zip(net.linear, layers, trace.linear, strict=False):
        flat = {name: value[:, 0] if once else _real(value, samples.lengths) for name, value in values.items()}
        yield array, layer, read, flat
        read = flat[OUT]
    yield net.head, layers[-1], read, {}


def _real(values: Integers, lengths: Integers) -> Integers:
    """[sequences, steps, ...] to [n, ...], padding left out."""
    return values[np.arange(values.shape[1]) < lengths[:, None]]


def _levels(net: Network, weights: Weights, number: int, samples: Samples, trace: Trace) -> Iterator[Steps]:
    """Every level of a layer, its values computed anew from the operands of all steps at once."""
    array, layer, own = net.layers[number], net.recurrent(weights.layers)[number], trace.layers[number]
    cell, threshold = array.cell, weights.threshold_at(array)
    x = _real(own.read, samples.lengths)
    given = begun_with(net, weights, samples.states, len(samples.lengths))[number]
    carried, read = _begun(net, array, own, given, samples)
    aside = np.zeros_like(carried)
    for place, level in enumerate(cell.levels):
        part = layer.level(place, array.levels)
        operand, pruned = x[:, : part.w_x.values.shape[1]], kept_states(read, threshold)
        sums = exact_sums(array, part, operand, pruned)
        yield Steps(level, place, operand, pruned, level_values(net, array, level, sums, (carried, aside)))
        carried, read = (_real(own.signals[name], samples.lengths) for name in (level.carried, level.state))
        aside = aside if level.aside == ASIDE else _real(own.signals[level.aside], samples.lengths)


def exact_sums(array: Array, layer: LayerWeights, x: Integers, read: Integers) -> Integers:
    """Sums of a level with their biases, [n, S, hidden], of operands [n, columns]."""
    scale = by_sum(array, layer.scale)
    parts = ((layer.w_x, x, array.x_shift, "x"), (layer.w_h, read, array.h_shift, "h"))
    sums = [row_sums(array, product(w.values, array.sum_width)(v) << shift, side) for w, v, shift, side in parts]
    return np.asarray((sums[0] + sums[1]) * scale + by_sum(array, layer.bias << array.bias_shift))


def _begun(
    net: Network, array: Array, own: LayerTrace, given: Integers | None, samples: Samples
) -> tuple[Integers, Integers]:
    """What the cell kept and what was read of it before each real step, both [n, hidden]; `given` before the first."""
    firsts = first_state(net, array, given, len(samples.lengths))
    level, found = array.cell.levels[-1], []
    for first, name in zip(firsts, (level.carried, level.state), strict=True):
        after = own.signals[name]
        if net.spec.model.stateful:
            ends = after[np.arange(len(after)), samples.lengths - 1]
            first = np.concatenate([first[:1], ends[:-1]])
        found.append(_real(np.concatenate([first[:, None], after[:, :-1]], axis=1), samples.lengths))
    return found[0], found[1]


def _clamps(net: Network, array: Array, steps: Steps) -> Iterator[Clamp]:
    sizes = cell_sizes(net, array, steps.level)
    for narrow in steps.level.narrowings:
        yield _clamp(array, narrow, sizes, steps.values)


def _clamp(array: Array, narrow: Narrow, sizes: Mapping[str, Size], values: Mapping[str, Integers]) -> Clamp:
    fmt: Fixed = getattr(array.formats, narrow.format)
    dropped = fmt.dropped(values[narrow.source], sizes[narrow.source].frac)
    below, above = (int(np.count_nonzero(side)) for side in (dropped < fmt.lo, dropped > fmt.hi))
    return Clamp(array.name, narrow.name, below, above, dropped.size)


def residual_clamps(net: Network, layers: Sequence[LayerTrace], lengths: Integers) -> Iterator[Clamp]:
    """The narrowing of every residual sum, in real steps of `lengths` [sequences]; it has the name of the layer in
    front of it.
    """
    for number, residual in net.residuals.items():
        own, fmt = layers[number - 1], residual.out
        dropped = fmt.dropped(_real(residual.total(own.h, own.read), lengths), residual.frac)
        below, above = (int(np.count_nonzero(side)) for side in (dropped < fmt.lo, dropped > fmt.hi))
        yield Clamp(net.layers[number - 1].name, RESIDUAL, below, above, dropped.size)


def _reads(
    net: Network, name: str, lists: Sequence[tuple[Array, Sequence[Operation], Mapping[str, Integers]]]
) -> Reads:
    """`lists` are operations of an array with the values of all steps."""
    table, half = net.tables[name], 1 << (net.tables[name].address - 1)
    read = np.zeros(2 * half, dtype=bool)
    for array, operations, values in lists:
        for operation in operations:
            if isinstance(operation, Lookup) and net.table(array, operation.table) == name:
                read[table.index(values[operation.source]) + half] = True
    return Reads(name, len(read), int(read.sum()), bool(read[0]), bool(read[-1]))


def _uses(net: Network, array: Array, layer: LayerWeights, steps: Steps) -> Iterator[Use]:
    weights = layer.level(steps.number, array.levels)
    suffix = f" {steps.number + 1}" if array.levels > 1 else ""
    of_x = ("W_x", "x", weights.w_x.mask, steps.x, array.x_shift)
    of_h = ("W_h", "h", weights.w_h.mask, steps.read, array.h_shift)
    for matrix, part, mask, operand, shift in (of_x, of_h):
        if not mask.size:
            continue
        met = int((mask & (operand != 0).any(axis=0)).sum())
        shown, tried = _shown(net, array, weights, steps, mask, operand << shift, part)
        yield Use(array.name, matrix + suffix, int(mask.sum()), met, shown, tried)


def _shown(
    net: Network, array: Array, weights: LayerWeights, steps: Steps, mask: Mask, operand: Integers, part: str
) -> tuple[int, int]:
    """How many kept weights are such that one unit more or less changes the narrowed sum; in how many steps tried."""
    stride = -(-mask.sum() * len(operand) // EVALUATIONS)
    scale, frac, shown = by_sum(array, weights.scale), array.sum_frac, 0
    fmt, numbers = array.formats.gate, range(0, len(operand), max(1, int(stride)))
    for place, row in enumerate(steps.level.sums):
        if row.part not in ("both", part):
            continue
        units, columns = np.nonzero(mask[row.row * array.outputs : (row.row + 1) * array.outputs])
        factor = np.broadcast_to(scale, (len(steps.level.sums), array.outputs))[place]
        sums, waiting = steps.values[row.name], np.arange(len(units))
        for n in numbers:
            if not len(waiting):
                break
            u, change = units[waiting], operand[n, columns[waiting]] * factor[units[waiting]]
            as_is = fmt.narrow(sums[n, u], frac)
            same = (fmt.narrow(sums[n, u] + change, frac) == as_is) & (fmt.narrow(sums[n, u] - change, frac) == as_is)
            waiting = waiting[same]
        shown += len(units) - len(waiting)
    return shown, len(numbers)


def _linear_use(array: Array, layer: LayerWeights, read: Integers) -> Use:
    mask = layer.w_x.mask
    met = int((mask & (read != 0).any(axis=0)).sum())
    return Use(array.name, "W_x", int(mask.sum()), met, met, len(read))
