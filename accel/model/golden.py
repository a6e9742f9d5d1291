"""The golden model: the network on numpy integers, every intermediate signal kept. Reads like the equations.

Vectorised over sequences; a matrix product runs in float64 where its worst case stays below 2**53, which is exact, and
in int64 beyond.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from accel.architecture.cells import LSTM, Level
from accel.architecture.shape import Array, ColumnArray, Network
from accel.base.fixed import Integers
from accel.model.samples import state_slices
from accel.model.sparse import Packed
from accel.model.weights import LayerWeights, Matrix, Weights

SPARSE_COST = 4
"""A weight read by its index costs about as much as this many in a dense product."""


@dataclass
class LayerTrace:
    """Every signal of one recurrent layer over a batch of sequences.

    Each entry of `signals` is int64 [sequences, steps, hidden], by its name in `accel.architecture.cells`.
    `saturations` counts what narrowing clipped in real steps, by signal. `output` is the signal that leaves the layer.
    """

    signals: dict[str, Integers]
    saturations: dict[str, int] = field(default_factory=dict)
    output: str = "h"

    @property
    def h(self) -> Integers:
        """What leaves the layer after every step."""
        return self.signals[self.output]


@dataclass
class Trace:
    """Every signal of a network over a batch of sequences.

    `logits` is int64 [sequences, steps or 1, outputs] in the head's exact accumulator; `outputs` is what leaves the
    accelerator, one row a result: h_t (no head), logits, or the arg max.
    """

    layers: list[LayerTrace]
    logits: Integers | None
    outputs: Integers

    @property
    def h(self) -> Integers:
        """h_t of the last recurrent layer, [sequences, steps, hidden]."""
        return self.layers[-1].h


def product(w: Integers, width: int) -> Callable[[Integers], Integers]:
    """x -> x @ w.T, exact; `width` bounds the accumulator. The matrix is prepared once for many steps."""
    if width > 54:
        return lambda x: np.asarray(x @ w.T)
    real = np.ascontiguousarray(w.T, dtype=np.float64)
    return lambda x: np.asarray((x.astype(np.float64) @ real).astype(np.int64))


def sparse_product(packed: Packed, width: int) -> Callable[[Integers], Integers]:
    """`product` of a row-balanced matrix and a few vectors [n, columns]: reads the kept weights only."""
    kind = np.float64 if width <= 54 else np.int64
    values, columns = packed.values.astype(kind), packed.columns
    return lambda x: np.einsum("rk,nrk->nr", values, np.take(x.astype(kind), columns, axis=1)).astype(np.int64)


def kept_states(h: Integers, threshold: int) -> Integers:
    """h where |h| >= threshold, else 0."""
    return np.where(np.abs(h) < threshold, 0, h)


def recurrent_product(array: Array, matrix: Matrix, sequences: int) -> Callable[[Integers], Integers]:
    """The faster of the two for so many sequences at once; balanced rows alone can be read by their indices."""
    width = array.sum_width
    if not isinstance(array, ColumnArray) and sequences * matrix.kept * SPARSE_COST < matrix.values.shape[1]:
        return sparse_product(matrix.packed, width)
    return product(matrix.values, width)


def run(
    net: Network, weights: Weights, x: Integers, lengths: Integers | None = None, states: Integers | None = None
) -> Trace:
    """Run sequences x, int64 [sequences, steps, inputs] in `formats.input`, each from its `states`, or h = c = 0.

    `states` are those of `accel.model.samples.Samples`. A `stateful` model begins each sequence with the h and c of
    the one before. `lengths` gives each sequence's own number of steps where they differ (x is padded); the head with
    `when: last` then reads the last real step. Raises ValueError for a wrong shape, dtype or range.
    """
    _check(net, x)
    real = np.full(len(x), x.shape[1]) if lengths is None else np.asarray(lengths)
    traces = []
    signal, within = (joined(x, real), real.sum()[None]) if net.spec.model.stateful else (x, real)
    begun = before(net, states, len(signal))
    for array, layer, state in zip(net.layers, weights.layers, begun, strict=False):
        if array.highway:
            traces.append(run_highway(net, array, layer, signal, within))
        else:
            traces.append(run_layer(net, array, layer, signal, within, state, weights.threshold_at(array)))
        signal = traces[-1].h
    if net.spec.model.stateful:
        for trace in traces:
            trace.signals = {name: parted(values, real) for name, values in trace.signals.items()}
    return _head(net, weights, traces, real)


def before(net: Network, states: Integers | None, sequences: int) -> list[tuple[Integers, Integers]]:
    """h_0 and c_0 of every layer, each [sequences, hidden]."""
    hidden = net.spec.model.hidden
    if states is None:
        return [(np.zeros((sequences, size), dtype=np.int64),) * 2 for size in hidden]
    return [(states[:, h], states[:, c]) for h, c in state_slices(hidden)]


def joined(x: Integers, lengths: Integers) -> Integers:
    """Sequences one after the other as a single one, padding left out: [1, steps of all, ...]."""
    return np.concatenate([rows[: int(length)] for rows, length in zip(x, lengths, strict=True)])[None]


def parted(signal: Integers, lengths: Integers) -> Integers:
    """What `joined` was given, padded with zeros: [sequences, longest, ...]."""
    found = np.zeros((len(lengths), int(max(lengths)), *signal.shape[2:]), dtype=signal.dtype)
    for rows, part, length in zip(found, np.split(signal[0], np.cumsum(lengths)[:-1]), lengths, strict=True):
        rows[: int(length)] = part
    return found


def _check(net: Network, x: Integers) -> None:
    fmt, inputs = net.spec.formats.input, net.spec.model.inputs
    if x.ndim != 3 or x.shape[2] != inputs or not np.issubdtype(x.dtype, np.integer):
        raise ValueError(f"x: wanted integers [sequences, steps, {inputs}], got {x.dtype} {x.shape}")
    if x.size and (x.min() < fmt.lo or x.max() > fmt.hi):
        raise ValueError(f"x: wanted {fmt.lo} to {fmt.hi} ({fmt}), got {x.min()} to {x.max()}")


def run_layer(
    net: Network,
    array: Array,
    layer: LayerWeights,
    x: Integers,
    lengths: Integers,
    state: tuple[Integers, Integers],
    threshold: int = 0,
) -> LayerTrace:
    """One LSTM layer over sequences x [sequences, steps, inputs], of which `lengths` steps are real, from h_0, c_0.

    In the recurrence h counts as 0 where |h| < threshold (Skip, arXiv 1811.10396); whatever else reads h gets it whole.
    """
    h, c = state
    scale = np.int64(1) if layer.scale is None else layer.scale
    x_part = (product(layer.w_x.values, array.total_width)(x) << array.x_shift) * scale
    x_part = x_part + (layer.bias << array.bias_shift)
    trace = LayerTrace({}, dict.fromkeys(("gate", "cell", "state"), 0))
    steps: list[dict[str, Integers]] = []
    h_product = recurrent_product(array, layer.w_h, len(x))
    for t in range(x.shape[1]):
        pre = x_part[:, t] + (h_product(kept_states(h, threshold)) << array.h_shift) * scale
        steps.append(cell(net, array, pre, c, t < lengths, trace.saturations))
        h, c = steps[-1]["h"], steps[-1]["c"]
    trace.signals = {name: np.stack([step[name] for step in steps], axis=1) for name in steps[0]}
    return trace


def cell(
    net: Network, array: Array, pre: Integers, c: Integers, real: npt.NDArray[np.bool_], saturations: dict[str, int]
) -> dict[str, Integers]:
    """One step of the cell: exact pre-activations [sequences, 4H] and c_{t-1} to every signal of the step.

    Saturations are counted in `real` sequences, those that are not at their end yet.
    """
    formats, tables = net.spec.formats, net.tables
    act = formats.activation
    saturations["gate"] += formats.gate.saturations(pre[real], array.sum_frac)
    gates = np.split(formats.gate.narrow(pre, array.sum_frac), 4, axis=1)
    i, f, o = (tables["sigmoid"](gates[n]) for n in (0, 1, 3))
    g = tables["tanh"](gates[2])

    frac = max(act.frac + formats.cell.frac, 2 * act.frac)
    total = (f * c << frac - act.frac - formats.cell.frac) + (i * g << frac - 2 * act.frac)
    saturations["cell"] += formats.cell.saturations(total[real], frac)
    c_t = formats.cell.narrow(total, frac)

    tanh_c = tables["cell_tanh"](c_t)
    product = o * tanh_c
    saturations["state"] += formats.state.saturations(product[real], 2 * act.frac)
    h_t = formats.state.narrow(product, 2 * act.frac)
    return dict(zip(LSTM.signals, (*gates, i, f, g, o, c_t, tanh_c, h_t), strict=True))


def run_highway(net: Network, array: Array, layer: LayerWeights, x: Integers, lengths: Integers) -> LayerTrace:
    """One recurrent highway layer (arXiv 1607.03474) over sequences x [sequences, steps, inputs] from s = 0.

    s_0 of a step is s of the step before; x is read in the first level alone.
    """
    s = read = np.zeros((len(x), array.outputs), dtype=np.int64)
    x_part = product(layer.w_x.values, array.total_width)(x) << array.x_shift
    levels = [layer.level(number) for number in range(array.levels)]
    products = [recurrent_product(array, level.w_h, len(x)) for level in levels]
    biases = [level.bias << array.bias_shift for level in levels]
    trace = LayerTrace({}, dict.fromkeys(("gate", "cell", "state"), 0), array.cell.output)
    steps: list[dict[str, Integers]] = []
    for t in range(x.shape[1]):
        steps.append({})
        part = x_part[:, t]
        for level, times_s, bias in zip(array.cell.levels, products, biases, strict=True):
            pre, part = part + (times_s(read) << array.h_shift) + bias, np.zeros_like(part)
            steps[-1] |= carry(net, array, level, pre, s, t < lengths, trace.saturations)
            s, read = steps[-1][level.kept], steps[-1][level.state]
    trace.signals = {name: np.stack([step[name] for step in steps], axis=1) for name in steps[0]}
    return trace


def carry(
    net: Network,
    array: Array,
    level: Level,
    pre: Integers,
    s: Integers,
    real: npt.NDArray[np.bool_],
    saturations: dict[str, int],
) -> dict[str, Integers]:
    """One level of the highway cell: exact pre-activations [sequences, 2H] and s_{l-1} to s_l = h t + s_{l-1} (1 - t).

    The coupled carry is exact: 1 is 2**frac of `activation`. s_l is narrowed to `cell`, in which it is carried on, and
    from there to `state`, in which it is read.
    """
    formats, tables = net.spec.formats, net.tables
    act, kept = formats.activation, formats.cell
    saturations["gate"] += formats.gate.saturations(pre[real], array.sum_frac)
    h_pre, t_pre = np.split(formats.gate.narrow(pre, array.sum_frac), 2, axis=1)
    h, t = tables["tanh"](h_pre), tables["sigmoid"](t_pre)

    frac, one = act.frac + max(act.frac, kept.frac), 1 << act.frac
    total = (h * t << frac - 2 * act.frac) + (s * (one - t) << frac - act.frac - kept.frac)
    saturations["cell"] += kept.saturations(total[real], frac)
    s_l = kept.narrow(total, frac)
    saturations["state"] += formats.state.saturations(s_l[real], kept.frac)
    read = formats.state.narrow(s_l, kept.frac)
    return dict(zip(level.names, (h_pre, t_pre, h, t, s_l, read), strict=True))


def _head(net: Network, weights: Weights, traces: list[LayerTrace], lengths: Integers) -> Trace:
    h, head = traces[-1].h, net.spec.model.head
    if head is None:
        return Trace(traces, None, h)
    assert net.head is not None
    if head.when == "last":
        h = h[np.arange(len(h)), lengths - 1][:, None]
    layer = weights.layers[-1]
    logits = product(layer.w_x.values, net.head.sum_width)(h) + (layer.bias << net.head.bias_shift)
    outputs = logits if head.kind == "logits" else np.argmax(logits, axis=2)[:, :, None]
    return Trace(traces, logits, outputs)
