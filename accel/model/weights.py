"""The hand-over from training: integer weights, masks, formats and a digest in one `weights.npz`."""

from __future__ import annotations

import hashlib
import io
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from accel.architecture.shape import Array, ColumnArray, Kept, Network, network, row_cost
from accel.base.archives import read_arrays, require_integers
from accel.base.faults import Fault, Refused
from accel.base.files import write_bytes
from accel.base.fixed import Digits, Fixed, Integers
from accel.model.sparse import Mask, Packed, by_lane, from_lanes, largest_per_row, pack
from accel.spec import Spec, Walk, plain

VERSION = 1
THRESHOLD = "threshold"
"""Name of the threshold of states in the file; only the column dataflow has one."""


@dataclass(frozen=True)
class Matrix:
    """One weight matrix: integers [rows, columns] and the mask of the weights that are kept."""

    values: Integers
    mask: Mask

    @property
    def kept(self) -> int:
        """Weights of each row (row-balanced, so the first row speaks for all)."""
        return int(self.mask[0].sum())

    def part(self, number: int, count: int) -> Matrix:
        """Of `count` parts with as many rows each, one."""
        return Matrix(np.split(self.values, count)[number], np.split(self.mask, count)[number])

    @cached_property
    def packed(self) -> Packed:
        """Values and columns, row by row."""
        return pack(self.values, self.mask)


@dataclass(frozen=True)
class LayerWeights:
    """A recurrent layer (R rows of its cell for each of H units, row = gate * H + unit; an LSTM's are i, f, g, o), or a
    head (one row an output).

    A highway layer has 2H rows (h, t) a level: `w_x` has those of the first, `w_h` and `bias` those of all, one level
    behind the other. A GRU that resets first has H rows a level (z, r, n), in all of them. `w_h` of a head has no
    columns. `bias` is b_ih + b_hh in `formats.bias`, one a sum of the cell: of a GRU r, z, b_in, b_hn (4H for 3H rows).
    `scale`, in `formats.scale`, is what each sum is multiplied with; None where rows have no scales.
    """

    w_x: Matrix
    w_h: Matrix
    bias: Integers
    scale: Integers | None = None

    @property
    def kept(self) -> Kept:
        """Nonzeros of a row of each matrix."""
        return self.w_x.kept, self.w_h.kept

    def level(self, number: int, levels: int) -> LayerWeights:
        """What one level of several computes with: no column of x but in the first, unless W_x has rows for each."""
        if levels > 1 and len(self.w_x.values) == len(self.w_h.values):
            w_x = self.w_x.part(number, levels)
        else:
            w_x = Matrix(self.w_x.values[:, :0], self.w_x.mask[:, :0]) if number else self.w_x
        return LayerWeights(w_x, self.w_h.part(number, levels), np.split(self.bias, levels)[number], self.scale)


@dataclass(frozen=True)
class Weights:
    """All integers of a network, in the order data takes: LSTM layers, then the head where there is one."""

    layers: tuple[LayerWeights, ...]
    threshold: int = 0
    """In the recurrence of layers by columns h counts as 0 where |h| is below this integer of `formats.state`."""

    def threshold_at(self, array: Array) -> int:
        """The threshold of a layer; 0 by rows, where every h is read."""
        return self.threshold if isinstance(array, ColumnArray) else 0

    def network(self, spec: Spec) -> Network:
        """Shapes of the spec with the ratios these weights really have; beside columns they are what the spec says."""
        if spec.by_columns:
            return network(spec)
        return network(spec, [layer.kept for layer in self.layers[: len(spec.model.hidden)]])


def _arrays(weights: Weights, spec: Spec) -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = {}
    for number, layer in enumerate(weights.layers):
        for name, matrix in (("w_x", layer.w_x), ("w_h", layer.w_h)):
            found[f"{number}.{name}"] = matrix.values.astype(np.int32)
            found[f"{number}.{name}.mask"] = matrix.mask.astype(bool)
        found[f"{number}.bias"] = layer.bias.astype(np.int32)
        if layer.scale is not None:
            found[f"{number}.scale"] = layer.scale.astype(np.int32)
    if spec.by_columns:
        found[THRESHOLD] = np.array(weights.threshold, dtype=np.int32)
    return found


def _formats(spec: Spec) -> str:
    keys: dict[str, Any] = spec.weights.model_dump()
    keys |= {"bias": plain(spec.formats.bias), "scale": plain(spec.formats.scale)}
    return json.dumps(keys | {"version": VERSION}, sort_keys=True)


def _as_meant(formats: str, spec: Spec) -> dict[str, Any]:
    """Stored formats; a file from before a key came has its default."""
    try:
        stored = json.loads(formats)
    except ValueError:
        return {}
    defaults = type(spec.weights)().model_dump() | {"scale": None}
    return defaults | stored if isinstance(stored, dict) else {}


def _digest(arrays: Mapping[str, np.ndarray], formats: str) -> str:
    digest = hashlib.sha256(formats.encode())
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def save(path: Path, weights: Weights, spec: Spec) -> str:
    """Write `weights.npz` atomically; returns the digest of its contents."""
    faults = list(_faults(weights, spec, str(path)))
    if faults:
        raise Refused(faults)
    arrays, formats = _arrays(weights, spec), _formats(spec)
    digest = _digest(arrays, formats)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, formats=np.array(formats), digest=np.array(digest), **arrays)  # type: ignore[arg-type]
    write_bytes(path, buffer.getvalue())
    return digest


def load(path: Path, spec: Spec) -> Weights:
    """Read `weights.npz` and check digest, formats, shapes, ranges and row balance against the spec; Refused if not."""
    arrays = read_arrays(path, "a weights file made by sparrow")
    formats, digest = str(arrays.pop("formats", "")), str(arrays.pop("digest", ""))
    if _digest(arrays, formats) != digest:
        raise Refused([Fault(f"{path}: digest", digest or "a digest", "contents that do not fit it")])
    if _as_meant(formats, spec) != json.loads(_formats(spec)):
        raise Refused([Fault(f"{path}: formats", _formats(spec), formats)])
    names = set(_expected_names(spec))
    if set(arrays) != names:
        raise Refused([Fault(f"{path}: arrays", ", ".join(sorted(names)), ", ".join(sorted(arrays)))])
    require_integers(arrays, str(path))
    threshold = int(arrays.pop(THRESHOLD, np.zeros(1)).sum())
    weights = Weights(tuple(_layer(arrays, number) for number in range(len(network(spec).arrays))), threshold)
    faults = list(_faults(weights, spec, str(path)))
    if faults:
        raise Refused(faults)
    return weights


def _expected_names(spec: Spec) -> list[str]:
    found = [THRESHOLD] if spec.by_columns else []
    for number, array in enumerate(network(spec).arrays):
        parts = ("w_x", "w_x.mask", "w_h", "w_h.mask", "bias", *(("scale",) if array.scale else ()))
        found += [f"{number}.{part}" for part in parts]
    return found


def _layer(arrays: Mapping[str, np.ndarray], number: int) -> LayerWeights:
    def matrix(name: str) -> Matrix:
        return Matrix(arrays[f"{number}.{name}"].astype(np.int64), arrays[f"{number}.{name}.mask"].astype(bool))

    scale = arrays[f"{number}.scale"].astype(np.int64) if f"{number}.scale" in arrays else None
    return LayerWeights(matrix("w_x"), matrix("w_h"), arrays[f"{number}.bias"].astype(np.int64), scale)


def _faults(weights: Weights, spec: Spec, source: str) -> Any:
    """Everything about the weights that does not fit the spec."""
    plan = network(spec)
    if len(weights.layers) != len(plan.arrays):
        yield Fault(source, f"{len(plan.arrays)} layers", len(weights.layers).__str__())
        return
    yield from _threshold_faults(weights.threshold, spec, source)
    for layer, array in zip(weights.layers, plan.arrays, strict=True):
        searched = spec.sparsity.search is not None and array.recurrent
        place = f"{source}: {array.name}"
        h_columns, rows = array.outputs if array.recurrent else 0, array.levels * array.rows
        yield from _matrix_faults(
            layer.w_x, (array.x_levels * array.rows, array.inputs), array, 0, searched, f"{place}.w_x"
        )
        yield from _matrix_faults(layer.w_h, (rows, h_columns), array, 1, searched, f"{place}.w_h")
        yield from _range_faults(layer.bias, (array.levels * array.sums,), array.bias, f"{place}.bias")
        yield from _scale_faults(layer.scale, array, f"{place}.scale")
        if array.shared_by_gates:
            yield from _sharing_faults(layer, array, place)
        whole = (array.x_levels * array.rows, array.inputs), (rows, h_columns)
        if searched and (layer.w_x.mask.shape, layer.w_h.mask.shape) == whole:
            ratio = array.levels // array.x_levels
            wanted, got = (row_cost(pair, ratio) for pair in (array.kept, layer.kept))
            if abs(wanted - got) >= ratio:
                yield Fault(place, f"{wanted} nonzeros a row in both matrices", str(got))


def _scale_faults(scale: Integers | None, array: Array, place: str) -> Any:
    if array.scale is not None and scale is not None:
        yield from _range_faults(scale, (array.sums,), array.scale, place)
    elif array.scale is not None or scale is not None:
        yield Fault(place, "a scale for each row" if array.scale else "no scales", "others")


def _threshold_faults(threshold: int, spec: Spec, source: str) -> Iterator[Fault]:
    if threshold != threshold_of(spec):
        wanted = f"{threshold_of(spec)} (sparsity.threshold in {spec.formats.state})"
        yield Fault(f"{source}: threshold", wanted, str(threshold))


def threshold_of(spec: Spec) -> int:
    """The integer t of `formats.state` with |h| < sparsity.threshold exactly where the integer of h is below t."""
    return math.ceil((spec.sparsity.threshold or 0.0) * float(2**spec.formats.state.frac))


def _matrix_faults(
    matrix: Matrix, shape: tuple[int, int], array: Array, of_h: int, searched: bool, place: str
) -> Iterator[Fault]:
    """`of_h` is 0 for W_x and 1 for W_h."""
    fmt = (array.w_x, array.w_h)[of_h]
    yield from _range_faults(matrix.values, shape, fmt, place)
    if matrix.mask.shape != shape:
        yield Fault(f"{place}.mask", f"shape {shape}", str(matrix.mask.shape))
    if matrix.mask.shape != shape or matrix.values.shape != shape or 0 in shape:
        return
    if isinstance(array, ColumnArray) and array.walks[of_h] == "column":
        yield from _column_faults(matrix, array.kept[of_h], array, place)
    else:
        yield from _row_faults(matrix, array.kept[of_h], searched, place)
    if np.any(matrix.values[~matrix.mask]):
        yield Fault(place, "zero outside the mask", "other weights")
    if isinstance(fmt, Digits) and fmt.width == 1 and not np.all(matrix.values[matrix.mask]):
        yield Fault(place, "-1 or 1 (binary)", "0 within the mask")


def _column_faults(matrix: Matrix, kept: int, array: ColumnArray, place: str) -> Iterator[Fault]:
    counts = by_lane(matrix.mask, array.units, array.rows_per_unit).sum(axis=3)
    if counts.min() != kept or counts.max() != kept:
        wanted = f"{kept} of the {array.groups} rows of each of {array.multipliers} lanes in each column"
        yield Fault(place, wanted, f"{counts.min()} to {counts.max()}")


def _row_faults(matrix: Matrix, kept: int, searched: bool, place: str) -> Iterator[Fault]:
    counts = matrix.mask.sum(axis=1)
    if counts.min() != counts.max():
        yield Fault(place, "the same number of nonzeros in each row", f"{counts.min()} to {counts.max()}")
    elif counts[0] < 1:
        yield Fault(place, "at least one nonzero a row", "none")
    elif not searched and counts[0] != kept:
        yield Fault(place, f"{kept} nonzeros a row", str(counts[0]))


def _sharing_faults(layer: LayerWeights, array: Array, place: str) -> Any:
    for name, matrix in (("w_x", layer.w_x), ("w_h", layer.w_h)):
        shared = np.tile(matrix.mask[: array.outputs], (array.rows_per_unit, 1))
        if len(matrix.mask) == array.rows and np.any(matrix.mask != shared):
            yield Fault(f"{place}.{name}", "the same columns in all rows of a unit (shared_by_gates)", "others")


def _range_faults(values: Integers, shape: tuple[int, ...], fmt: Fixed, place: str) -> Any:
    if values.shape != shape:
        yield Fault(place, f"shape {shape}", str(values.shape))
    elif values.size and (values.min() < fmt.lo or values.max() > fmt.hi):
        yield Fault(place, f"{fmt.lo} to {fmt.hi} ({fmt})", f"{values.min()} to {values.max()}")


def seeded(spec: Spec) -> Weights:
    """Random balanced weights of the spec's shape: the same for the same seed, trained on nothing."""
    rng = np.random.default_rng(spec.training.seed)
    layers = tuple(_seeded_layer(array, rng, spec) for array in network(spec).arrays)
    return Weights(layers, threshold_of(spec))


def _seeded_layer(array: Array, rng: np.random.Generator, spec: Spec) -> LayerWeights:
    def matrix(columns: int, fmt: Fixed, kept: int, walk: Walk, levels: int = 1) -> Matrix:
        a_row = array.nonzeros // (array.rows * array.levels)
        real = rng.normal(0.0, 1.5 / max(1, a_row) ** 0.5, (levels * array.rows, columns))
        mask = _seeded_columns(array, rng, columns, kept) if walk == "column" else rows(len(real), columns, kept)
        return Matrix(np.where(mask, fmt.quantize(real), 0), mask)

    def rows(count: int, columns: int, kept: int) -> Mask:
        patterns = array.outputs if array.shared_by_gates else count
        return np.tile(largest_per_row(rng.random((patterns, columns)), kept), (count // patterns, 1))

    w_x = matrix(array.inputs, array.w_x, array.kept[0], array.walks[0], array.x_levels)
    h_columns = array.outputs if array.recurrent else 0
    w_h = matrix(h_columns, array.w_h, array.kept[1], array.walks[1], array.levels)
    bias = array.bias.quantize(rng.normal(0.0, 0.5, array.levels * array.sums)) * spec.model.bias
    scale = None if array.scale is None else array.scale.quantize(rng.normal(0.0, 0.5, array.sums))
    return LayerWeights(w_x, w_h, bias, scale)


def _seeded_columns(array: Array, rng: np.random.Generator, columns: int, kept: int) -> Mask:
    lanes = (array.rows_per_unit, array.units, columns, array.groups)
    chosen = largest_per_row(rng.random(lanes).reshape(-1, array.groups), kept)
    return from_lanes(chosen.reshape(lanes))
