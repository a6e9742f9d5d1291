"""The golden model: the network on numpy integers, every intermediate signal kept. Reads like the equations.

Vectorised over sequences.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from accel.architecture.array import Array
from accel.architecture.cells.activations import OUT, SUM
from accel.architecture.cells.level import Level
from accel.architecture.cells.operations import ASIDE, BEFORE
from accel.architecture.cells.sizes import Size
from accel.architecture.linear import LinearArray
from accel.architecture.network import Network
from accel.architecture.pool import Pool
from accel.base.fixed import Fixed, Integers
from accel.model.directions import through
from accel.model.operate import carried_out
from accel.model.products import product, recurrent_product
from accel.model.trace import LayerTrace, Trace
from accel.model.weights import LayerWeights, Weights

COUNTED = ("gate", "cell", "state")
"""Formats that narrowing to is counted under, in the status word of a layer."""


def kept_states(h: Integers, threshold: int) -> Integers:
    """h [sequences, hidden] where |h| >= threshold, else 0."""
    return np.where(np.abs(h) < threshold, 0, h)


def run(
    net: Network, weights: Weights, x: Integers, lengths: Integers | None = None, states: Integers | None = None
) -> Trace:
    """Run sequences x, int64 [sequences, steps, values] as `Spec.incoming` has them, each from its `states`, or from
    what the layers begin with, or from zeros.

    `states` are those of `accel.samples.Samples`. A `stateful` model begins each sequence with the state of the one
    before. Signals of bidirectional layers are those of their turns (`accel.architecture.mirror`). `lengths` gives each
    sequence's own number of steps where they differ (x is padded); the head with `when: last` then reads the last real
    step. Raises ValueError for a wrong shape, dtype or range, and for a sequence that is too long.
    """
    real = np.full(len(x), x.shape[1]) if lengths is None else np.asarray(lengths)
    _check(net, x, real)
    traces = list[LayerTrace]()
    signal, within = (joined(x, real), real.sum()[None]) if net.spec.model.stateful else (x, real)
    begun = begun_with(net, weights, states, len(x))
    signal, feeding = entered(net, weights, signal, real), list[dict[str, Integers]]()
    recurrent = net.recurrent(weights.layers)
    for number, (array, layer, state) in enumerate(zip(net.layers, recurrent, begun, strict=True)):
        signal, made = fed(net, weights, number, linked(net, number, traces[-1]) if number else signal, real)
        feeding += made
        traces.append(run_layer(net, array, layer, signal, within, state, weights.threshold_at(array)))
    if net.spec.model.stateful:
        for trace in traces:
            trace.signals = {name: parted(values, real) for name, values in trace.signals.items()}
            trace.x = parted(trace.read, real)
        feeding = [{name: parted(values, real) for name, values in signals.items()} for signals in feeding]
    return replace(with_head(net, weights, traces, real), feeding=feeding)


def fed(
    net: Network, weights: Weights, number: int, x: Integers, lengths: Integers
) -> tuple[Integers, list[dict[str, Integers]]]:
    """What a recurrent layer reads, [sequences, steps, inputs], of what comes to it, or to the linear layers in front
    of it; and every value of those, by its name.
    """
    x = straightened(net, number, x, lengths) if number else x
    found, layers = list[dict[str, Integers]](), net.in_front(number, weights.layers)
    for array, layer in zip(net.ahead[number], layers, strict=True):
        found.append(run_linear(net, array, linear_sums(array, layer, x)))
        x = found[-1][OUT]
    return given_to(net, number, x, lengths) if number or found else x, found


def entered(net: Network, weights: Weights, x: Integers, lengths: Integers) -> Integers:
    """What the first array reads, [sequences, steps, inputs], of what comes in, [sequences, steps, values]."""
    found = x if net.ahead[0] else given_to(net, 0, x, lengths)
    if weights.embedding is None:
        return found
    return np.asarray(weights.embedding[found].reshape(*found.shape[:2], -1))


def linked(net: Network, number: int, before: LayerTrace) -> Integers:
    """What comes to a recurrent layer or the linear ones in front of it, or with the number of layers to what is behind
    them, from the one `before`: [sequences, steps, hidden], sequence buffers left out.
    """
    if number in net.clips:
        return np.asarray(np.clip(before.h, *net.clips[number].within(net.layers[number].x)))
    if number in net.residuals:
        return net.residuals[number].of(before.h, before.read)
    return before.h


def straightened(net: Network, number: int, signal: Integers, lengths: Integers) -> Integers:
    """What the linear layers in front of a recurrent layer read, which is not the first, of what the one before gives,
    [sequences, steps, n]; the same where there is one direction, or no linear layer.
    """
    place = net.entrance(number)
    return through(net.mirrors[place], signal, lengths) if net.ahead[number] and place in net.mirrors else signal


def given_to(net: Network, number: int, signal: Integers, lengths: Integers) -> Integers:
    """What a recurrent layer, or with the number of layers what is behind them, reads of the vectors
    [sequences, steps, n] that are made before it; `lengths` [sequences].
    """
    place = net.place(number)
    return through(net.mirrors[place], signal, lengths) if place in net.mirrors else signal


def begun_with(net: Network, weights: Weights, states: Integers | None, sequences: int) -> Sequence[Integers | None]:
    """What each layer begins each sequence with, [sequences, values of the layer]: `states` where they are given, its
    own constants where it has some; None for zeros.
    """
    if states is not None:
        return before(net, states)
    initial = [layer.initial for layer in net.recurrent(weights.layers)]
    return [None if values is None else np.tile(values, (sequences, 1)) for values in initial]


def before(net: Network, states: Integers) -> list[Integers]:
    """The state of every layer that a sequence begins with, [sequences, values of the layer]."""
    widths = [len(array.cell.states) * array.outputs for array in net.layers]
    return np.split(states, np.cumsum(widths)[:-1], axis=1)


def joined(x: Integers, lengths: Integers) -> Integers:
    """Sequences one after the other as a single one, padding left out: [1, steps of all, ...]."""
    return np.concatenate([rows[: int(length)] for rows, length in zip(x, lengths, strict=True)])[None]


def parted(signal: Integers, lengths: Integers) -> Integers:
    """What `joined` was given, padded with zeros: [sequences, longest, ...]."""
    found = np.zeros((len(lengths), int(max(lengths)), *signal.shape[2:]), dtype=signal.dtype)
    for rows, part, length in zip(found, np.split(signal[0], np.cumsum(lengths)[:-1]), lengths, strict=True):
        rows[: int(length)] = part
    return found


def _check(net: Network, x: Integers, lengths: Integers) -> None:
    given = net.spec.incoming
    if x.ndim != 3 or x.shape[2] != given.values or not np.issubdtype(x.dtype, np.integer):
        raise ValueError(f"x: wanted integers [sequences, steps, {given.values}], got {x.dtype} {x.shape}")
    if x.size and (x.min() < given.lo or x.max() > given.hi):
        kind = "tokens" if given.tokens else given.fmt
        raise ValueError(f"x: wanted {given.lo} to {given.hi} ({kind}), got {x.min()} to {x.max()}")
    longest = net.spec.model.longest
    if longest is not None and lengths.size and lengths.max() > longest:
        raise ValueError(f"lengths: wanted at most {longest} steps (model.longest), got {lengths.max()}")


def run_layer(
    net: Network,
    array: Array,
    layer: LayerWeights,
    x: Integers,
    lengths: Integers,
    given: Integers | None = None,
    threshold: int = 0,
) -> LayerTrace:
    """One recurrent layer over sequences x [sequences, steps, inputs], of which `lengths` steps are real.

    `given` [sequences, values] is each sequence's state as `cell.states` lays it out, zeros where None. x is read in
    the first level alone, or in every one. In the recurrence h counts as 0 where |h| < threshold (Skip, arXiv
    1811.10396); whatever else reads h gets it whole.
    """
    cell, scale = array.cell, by_sum(array, layer.scale)
    carried, read = first_state(net, array, given, len(x))
    levels = [layer.level(number, array.levels) for number in range(array.levels)]
    x_parts = [_x_part(array, level, x) * scale for level in levels[: array.x_levels]]
    products = [recurrent_product(array, level.w_h, len(x)) for level in levels]
    biases = [by_sum(array, level.bias << array.bias_shift) for level in levels]
    trace = LayerTrace({}, dict.fromkeys(COUNTED, 0), cell.output, x)
    steps: list[dict[str, Integers]] = []
    for t in range(x.shape[1]):
        steps.append({})
        aside = np.zeros_like(carried)
        for number, (level, times_h, bias) in enumerate(zip(cell.levels, products, biases, strict=True)):
            sums = row_sums(array, times_h(kept_states(read, threshold)) << array.h_shift, "h") * scale + bias
            if number < len(x_parts):
                sums = sums + x_parts[number][:, t]
            steps[-1] |= run_level(net, array, level, sums, (carried, aside), t < lengths, trace.saturations)
            carried, read = steps[-1][level.carried], steps[-1][level.state]
            aside = aside if level.aside == ASIDE else steps[-1][level.aside]
    trace.signals = {name: np.stack([step[name] for step in steps], axis=1) for name in steps[0]}
    return trace


def first_state(net: Network, array: Array, given: Integers | None, sequences: int) -> tuple[Integers, Integers]:
    """What the cell kept and what is read of it before the first step, both [sequences, hidden]."""
    if given is None:
        return (np.zeros((sequences, array.outputs), dtype=np.int64),) * 2
    level, formats = array.cell.level, array.formats
    if level.state_follows:
        return given, formats.state.narrow(given, formats.cell.frac)
    read, carried = np.split(given, 2, axis=1)
    return carried, read


def _x_part(array: Array, level: LayerWeights, x: Integers) -> Integers:
    """What x adds to the sums of a level in every step, before scales: [sequences, steps, S, H]."""
    return row_sums(array, product(level.w_x.values, array.total_width)(x) << array.x_shift, "x")


def row_sums(array: Array, rows: Integers, part: str) -> Integers:
    """What one operand adds to each sum of the cell: rows [..., R H] to sums [..., S, H], 0 where a sum has no part."""
    by_row = rows.reshape(*rows.shape[:-1], array.rows_per_unit, array.outputs)
    if not array.separate_sums:
        return by_row
    parts = [by_row[..., each.row, :] * (each.part in ("both", part)) for each in array.cell.sums]
    return np.stack(parts, axis=-2)


def by_sum(array: Array, values: Integers | None) -> Integers:
    """One value a sum, [S H], as [S, H]; 1 where there are none."""
    return np.ones((1, 1), dtype=np.int64) if values is None else values.reshape(array.sums_per_unit, array.outputs)


def cell_sizes(net: Network, array: Array, level: Level | None = None) -> dict[str, Size]:
    """Width and fraction bits of every value of a level, of the first by default."""
    return (level or array.cell.level).sizes(array.formats, Size(array.sum_width, array.sum_frac))


def widths(net: Network, array: Array) -> list[int]:
    """Widths of all values of a layer's cell."""
    return [size.width for level in array.cell.pipelines for size in cell_sizes(net, array, level).values()]


def run_level(
    net: Network,
    array: Array,
    level: Level,
    sums: Integers,
    before: tuple[Integers, Integers],
    real: npt.NDArray[np.bool_],
    saturations: dict[str, int],
) -> dict[str, Integers]:
    """One level of the cell: exact sums [sequences, S, hidden] to every signal of the level.

    `before` is what was kept and what was laid aside before. Saturations are counted in `real` sequences, those that
    are not at their end yet.
    """
    values, sizes = level_values(net, array, level, sums, before), cell_sizes(net, array, level)
    for narrow in level.narrowings:
        fmt: Fixed = getattr(array.formats, narrow.format)
        saturations[narrow.format] += fmt.saturations(values[narrow.source][real], sizes[narrow.source].frac)
    return {name: values[name] for name in level.signals}


def level_values(
    net: Network, array: Array, level: Level, sums: Integers, before: tuple[Integers, Integers]
) -> dict[str, Integers]:
    """Every value of a level by its name, exact ones too: from exact sums [n, S, hidden] and what was kept, and laid
    aside, before.
    """
    sizes = cell_sizes(net, array, level)
    values = {row.name: sums[:, number] for number, row in enumerate(level.sums)}
    values |= {BEFORE: before[0], ASIDE: before[1]}
    return carried_out(level.operations, values, sizes, array.formats, net.tables_of(array))


def read_by_linear(net: Network, last: LayerTrace, lengths: Integers) -> Integers:
    """What the first linear layer reads, [sequences, steps or 1, hidden], of the last recurrent layer."""
    count = len(net.layers)
    head, h = net.spec.model.head, given_to(net, count, linked(net, count, last), lengths)
    if net.pool is not None:
        return pooled(net.pool, h, lengths)[:, None]
    if head is not None and head.when == "last":
        return np.asarray(h[np.arange(len(h)), lengths - 1][:, None])
    return h


def pooled(pool: Pool, h: Integers, lengths: Integers) -> Integers:
    """The largest value or the mean of each unit over the real steps of each sequence, [sequences, hidden]."""
    counted = np.minimum(lengths, pool.longest) if pool.mean else lengths
    real = (np.arange(h.shape[1]) < counted[:, None])[..., None]
    if not pool.mean:
        return np.asarray(np.where(real, h, pool.state.lo).max(axis=1))
    factors = np.array(pool.factors, dtype=np.int64)[counted - 1]
    total = np.where(real, h, 0).sum(axis=1) * factors[:, None]
    return np.asarray(pool.state.narrow(total, pool.state.frac + pool.frac))


def with_head(net: Network, weights: Weights, traces: list[LayerTrace], lengths: Integers) -> Trace:
    """The traces of all recurrent layers, and what linear layers make of the last one's h_t; `lengths` [sequences]."""
    h, head = traces[-1].h, net.spec.model.head
    if head is None:
        return Trace(traces, None, given_to(net, len(net.layers), h, lengths))
    assert net.head is not None
    h = read_by_linear(net, traces[-1], lengths)
    linear, read = [], h
    for array, layer in zip(net.linear, net.behind(weights.layers), strict=False):
        linear.append(run_linear(net, array, linear_sums(array, layer, read)))
        read = linear[-1][OUT]
    logits = linear_sums(net.head, weights.layers[-1], read)
    outputs = logits if head.kind == "logits" else np.argmax(logits, axis=2)[:, :, None]
    return Trace(traces, logits, outputs, linear)


def linear_sums(array: Array, layer: LayerWeights, read: Integers) -> Integers:
    """Exact sums of a linear layer with their biases, [..., outputs], of what it reads [..., inputs]."""
    return product(layer.w_x.values, array.sum_width)(read) + (layer.bias << array.bias_shift)


def run_linear(net: Network, array: LinearArray, sums: Integers) -> dict[str, Integers]:
    """Every value of a linear layer with an activation, by its name, from exact sums of any shape."""
    sizes = array.sizes(array.formats)
    values = {SUM: sums}
    return carried_out(array.operations.operations, values, sizes, array.formats, net.tables_of(array))
