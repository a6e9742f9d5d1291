"""What integers lose of the user's weights: what clips, what rounding does, and how far h_t goes from the float one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from accel.architecture.array import Array as LaneArray
from accel.architecture.constraints import linear_key
from accel.architecture.network import Network
from accel.base.faults import Fault, Refused
from accel.base.fixed import Fixed, LowBit
from accel.model import golden
from accel.model.sequences import Data
from accel.model.weights import LayerWeights, Weights
from accel.spec import Spec
from training.importing.network import Array, FloatNetwork, Linear, Recurrent

PARTS = ("w_x", "w_h", "bias")
"""Of a recurrent layer."""
MOST_CLIPPED = 0.001
"""Share of a matrix that may clip unless the user allows more."""


@dataclass(frozen=True)
class Matrix:
    """One matrix or bias before and after."""

    name: str
    """Where the hardware has it: `layer0.w_x`."""
    tensor: str
    """Where the file has it."""
    key: str
    """The key of the spec with its fraction bits."""
    format: Fixed
    clipped: float
    """Share of the kept weights that the format does not hold."""
    largest: float
    """Largest magnitude of the file."""
    rms_error: float
    """Of the kept weights, rounding and clipping together."""
    relative_error: float | None
    """The same against the rms of the kept weights; None where those are zeros."""
    holding: int | None
    """Fraction bits with which the same width clips nothing; None where none does, or clipping is meant."""


def matrices(network: FloatNetwork, weights: Weights, spec: Spec) -> list[Matrix]:
    """Every matrix and bias of the network against its integers."""
    net, found = weights.network(spec), list[Matrix]()
    if network.embedding is not None and weights.embedding is not None:
        rows, every = network.embedding.rows, np.ones(weights.embedding.shape, dtype=bool)
        names = ("embedding", network.embedding.tensor, "formats.input")
        found.append(_matrix(names, rows, spec.formats.input, weights.embedding, every))
    named = dict(zip((array.name for array in net.arrays), weights.layers, strict=True))
    for number, (layer, array) in enumerate(zip(network.layers, net.layers, strict=True)):
        made = named[array.name]
        keys = [_key(spec, key, number) for key in ("weights.input_frac", "weights.recurrent_frac", "formats.bias")]
        found.extend(_layer(array, made, (layer.w_x, layer.w_h, layer.bias), layer.tensors, keys))
        found.extend(_initial(array, made, layer, spec))
    around = zip((*network.feeding, *network.linear, network.head), (*net.feeding, *net.linear, net.head), strict=True)
    for one, linear in around:
        if one is not None and linear is not None:
            bias = "formats.bias" if spec.formats.head_bias is None else "formats.head_bias"
            found.extend(_linear(linear, named[linear.name], one, (_frac_key(net, linear), bias)))
    return found


def _frac_key(net: Network, array: LaneArray) -> str:
    """The key of the spec that has the fraction bits of a linear layer's weights."""
    key = linear_key(net, array)
    layer = net.spec.linear.get(key)
    return "weights.head_frac" if layer is None or layer.frac is None else f"{key}.frac"


def _linear(array: LaneArray, made: LayerWeights, layer: Linear, keys: tuple[str, str]) -> Iterator[Matrix]:
    matrix = array.w_x, made.w_x.values, made.w_x.mask
    bias = array.bias, made.bias, np.ones(made.bias.shape, dtype=bool)
    yield _matrix((f"{array.name}.w_x", layer.tensors[0], keys[0]), layer.weight, *matrix)
    yield _matrix((f"{array.name}.bias", layer.tensors[1], keys[1]), layer.bias, *bias)


def _key(spec: Spec, key: str, number: int) -> str:
    """A key of the spec, or its entry for one layer."""
    section, name = key.split(".")
    return f"{key}[{number}]" if isinstance(getattr(getattr(spec, section), name), tuple) else key


def _layer(
    array: LaneArray,
    made: LayerWeights,
    floats: tuple[Array, Array, Array],
    tensors: tuple[str, str, str],
    keys: Sequence[str],
) -> Iterator[Matrix]:
    scale = None if array.scale is None or made.scale is None else _by_row(array, array.scale.real(made.scale))
    every = np.ones(made.bias.shape, dtype=bool)
    w_x, w_h, bias = ((f"{array.name}.{part}", tensor) for part, tensor in zip(PARTS, tensors, strict=True))
    yield _matrix((*w_x, keys[0]), floats[0], array.w_x, made.w_x.values, made.w_x.mask, scale)
    yield _matrix((*w_h, keys[1]), floats[1], array.w_h, made.w_h.values, made.w_h.mask, scale)
    yield _matrix((*bias, keys[2]), floats[2], array.bias, made.bias, every)


def _by_row(array: LaneArray, scales: Array) -> Array:
    """A scale a row of the matrices, of one a sum of the cell: two sums that share a row share its scale."""
    if not array.cell.separate_sums:
        return scales
    parts = np.split(scales, array.sums_per_unit)
    by_row = {one.row: part for one, part in zip(array.cell.sums, parts, strict=True)}
    return np.concatenate([by_row[row] for row in sorted(by_row)])


def _initial(array: LaneArray, made: LayerWeights, layer: Recurrent, spec: Spec) -> Iterator[Matrix]:
    """What sequences begin with, each value in the format of its signal."""
    if layer.initial is None or made.initial is None:
        return
    parts = np.split(made.initial, len(layer.initial))
    for signal, values, integers in zip(array.cell.states, layer.initial, parts, strict=True):
        key = array.cell.signals[signal]
        names = (f"{array.name}.{signal}_0", f"what {layer.name} begins with", f"formats.{key}")
        yield _matrix(names, values, getattr(array.formats, key), integers, np.ones(values.shape, dtype=bool))


def _matrix(
    names: tuple[str, str, str], values: Array, fmt: Fixed, integers: Array, kept: Array, scale: Array | None = None
) -> Matrix:
    """`scale` is what each row is multiplied with; rows that are scaled clip where that is nearest to them."""
    real = fmt.real(integers) * (1.0 if scale is None else scale[:, None])
    error, size = rms((real - values)[kept]), rms(values[kept])
    meant = isinstance(fmt, LowBit) or scale is not None
    beyond = 0.0 if meant else clipped(values, fmt, kept)
    largest = float(np.abs(values).max(initial=0.0))
    holding = None if meant else _holding(values, fmt, kept)
    return Matrix(*names, fmt, beyond, largest, error, error / size if size else None, holding)


def rms(values: Array) -> float:
    """Root of the mean square; 0 of no values."""
    return float(np.sqrt(np.mean(np.square(values)))) if values.size else 0.0


def clipped(values: Array, fmt: Fixed, kept: Array | bool = True) -> float:
    """Share of the values that are kept which lie beyond a format once they are rounded."""
    rounded = np.floor(values * 2.0**fmt.frac + 0.5)
    lo, hi = fmt.limits(len(values))
    beyond = ((rounded < lo) | (rounded > hi))[kept]
    return float(np.mean(beyond)) if beyond.size else 0.0


def _holding(values: Array, fmt: Fixed, kept: Array) -> int | None:
    fracs = (frac for frac in range(fmt.frac, -1, -1) if not clipped(values, replace(fmt, frac=frac), kept))
    return next(fracs, None)


def check(found: list[Matrix], place: str) -> None:
    """Refuse more than MOST_CLIPPED of a matrix beyond its format, with a format that would hold it."""
    needed: dict[str, list[int | None]] = {}
    for matrix in found:
        needed.setdefault(matrix.key, []).append(matrix.holding)
    faults = []
    for matrix in found:
        if matrix.clipped > MOST_CLIPPED:
            remedy = _remedy(matrix, needed[matrix.key])
            wanted = f"at most {MOST_CLIPPED:.1%} of it clipped in {matrix.format} ({remedy})"
            got = f"{matrix.clipped:.1%}, the largest weight {matrix.largest:.4g}"
            faults.append(Fault(f"{place}: {matrix.tensor} ({matrix.name})", wanted, got))
    if faults:
        raise Refused(faults)


def _remedy(matrix: Matrix, needed: list[int | None]) -> str:
    fracs, of_signal = [frac for frac in needed if frac is not None], matrix.key.startswith("formats")
    if len(fracs) < len(needed):
        key = matrix.key if of_signal else "weights.width"
        return f"it takes more bits, {key}, or --allow-clipping"
    value = f"[{matrix.format.width}, {min(fracs)}]" if of_signal else min(fracs)
    return f"{matrix.key}: {value} holds it; or --allow-clipping"


def compare(
    network: FloatNetwork, weights: Weights, spec: Spec, data: Data
) -> tuple[list[dict[str, Any]], dict[str, int] | None]:
    """The golden model against the file's own network: relative error (rms) of h_t of each layer and of the logits, and
    how many answers are decided otherwise.

    The golden model reads x in `formats.input`, the float network as it is. Everything between counts: pruning,
    clipping, rounding, tables. An answer is the largest logit, or, of a single one, its sign; None where there is no
    head, or sequences go on from each other.
    """
    net, x, lengths = weights.network(spec), data.x, data.lengths
    if spec.model.stateful:
        x = np.concatenate([rows[:length] for rows, length in zip(x, lengths, strict=True)])[None]
        lengths = np.array([x.shape[1]])
    trace = golden.run(net, weights, spec.incoming.integers(x), lengths)
    states = network.states(x, lengths=lengths)
    real = np.arange(x.shape[1]) < lengths[:, None]
    found = [
        {"name": array.name, "relative_error": _relative(array.h.real(one.h)[real], h[real])}
        for array, one, h in zip(net.layers, trace.layers, states[: len(net.layers)], strict=True)
    ]
    if network.head is None or net.head is None or trace.logits is None:
        return found, None
    got, last = trace.logits / 2.0**net.head.frac, (np.arange(len(x)), lengths - 1)
    if network.pool != "none":
        got, h = got[:, 0], network.over_steps(states[-1], lengths)[:, 0]
    else:
        head = spec.model.head
        read = states[-1] if head is not None and head.last == "states" else network.over_steps(states[-1], lengths)
        got, h = (got[real], read[real]) if got.shape[1] == x.shape[1] else (got[:, 0], read[last])
    wanted = network.logits(h)
    found.append({"name": net.head.name, "relative_error": _relative(got, wanted)})
    return found, None if spec.model.stateful else _decisions(got, wanted)


def _decisions(got: Array, wanted: Array) -> dict[str, int]:
    single = wanted.shape[1] == 1
    mine, theirs = (one[:, 0] > 0 if single else one.argmax(axis=1) for one in (got, wanted))
    return {"answers": len(mine), "differ": int((mine != theirs).sum())}


def _relative(got: Array, wanted: Array) -> float | None:
    size = rms(wanted)
    return rms(got - wanted) / size if size else None


def plain(
    found: list[Matrix], states: list[dict[str, Any]], decisions: dict[str, int] | None, data: Data
) -> dict[str, Any]:
    """What the record says of it."""
    return {
        "inputs": data.origin,
        "sequences": len(data.x),
        "steps": int(data.lengths.sum()),
        "matrices": [asdict(matrix) | {"format": str(matrix.format)} for matrix in found],
        "layers": states,
        "decisions": decisions,
    }
