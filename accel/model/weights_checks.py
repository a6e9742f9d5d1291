"""Whether weights fit a spec: shapes, ranges, and the pattern that the lanes rely on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from accel.architecture.array import Array
from accel.architecture.network import network
from accel.architecture.plan import row_cost
from accel.base.faults import Fault
from accel.base.fixed import Fixed, Integers, LowBit
from accel.model.dataflows import BALANCED
from accel.model.directions import own_places
from accel.model.weights import LayerWeights, Matrix, Weights, threshold_of
from accel.spec import Spec


def faults_of(weights: Weights, spec: Spec, source: str) -> Any:
    """Everything about the weights that does not fit the spec."""
    plan = network(spec)
    if len(weights.layers) != len(plan.arrays):
        yield Fault(source, f"{len(plan.arrays)} layers", len(weights.layers).__str__())
        return
    yield from _threshold_faults(weights.threshold, spec, source)
    yield from _table_faults(weights.embedding, spec, f"{source}: embedding")
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
        yield from _initial_faults(layer.initial, array, spec, f"{place}.initial")
        if array.shared_by_gates:
            yield from _sharing_faults(layer, array, place)
        whole = (array.x_levels * array.rows, array.inputs), (rows, h_columns)
        if searched and (layer.w_x.mask.shape, layer.w_h.mask.shape) == whole:
            ratio = array.levels // array.x_levels
            wanted, got = (row_cost(pair, ratio) for pair in (array.nnz, layer.nnz_per_row))
            if abs(wanted - got) >= ratio:
                yield Fault(place, f"{wanted} nonzeros a row in both matrices", str(got))


def _scale_faults(scale: Integers | None, array: Array, place: str) -> Any:
    if array.scale is not None and scale is not None:
        yield from _range_faults(scale, (array.sums,), array.scale, place)
    elif array.scale is not None or scale is not None:
        yield Fault(place, "a scale for each row" if array.scale else "no scales", "others")


def _initial_faults(initial: Integers | None, array: Array, spec: Spec, place: str) -> Iterator[Fault]:
    formats = array.state_formats if spec.initial_states and array.kind is not None else []
    if not formats or initial is None:
        if formats or initial is not None:
            yield Fault(place, "h_0 and c_0 (model.initial: constant)" if formats else "none", "others")
    elif initial.shape != (len(formats) * array.outputs,):
        yield Fault(place, f"shape {(len(formats) * array.outputs,)}", str(initial.shape))
    else:
        for part, fmt in zip(np.split(initial, len(formats)), formats, strict=True):
            yield from _range_faults(part, part.shape, fmt, place)


def _table_faults(table: Integers | None, spec: Spec, place: str) -> Iterator[Fault]:
    vocabulary = spec.model.vocabulary
    if vocabulary is not None and table is not None:
        yield from _range_faults(table, (vocabulary, spec.model.inputs), spec.formats.input, place)
    elif vocabulary is not None or table is not None:
        yield Fault(place, "a table (model.vocabulary)" if vocabulary else "none", "another")


def _threshold_faults(threshold: int, spec: Spec, source: str) -> Iterator[Fault]:
    if threshold != threshold_of(spec):
        wanted = f"{threshold_of(spec)} (sparsity.threshold in {spec.formats.state})"
        yield Fault(f"{source}: threshold", wanted, str(threshold))


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
    yield from BALANCED[array.traversals[of_h]].faults(matrix.mask, array.nnz[of_h], array, searched, place)
    if np.any(matrix.mask & ~own_places(array, *shape)):
        yield Fault(f"{place}.mask", "each direction's weights in its own half of the columns", "others")
    if np.any(matrix.values[~matrix.mask]):
        yield Fault(place, "zero outside the mask", "other weights")
    if isinstance(fmt, LowBit) and fmt.width == 1 and not np.all(matrix.values[matrix.mask]):
        yield Fault(place, "-1 or 1 (binary)", "0 within the mask")


def _sharing_faults(layer: LayerWeights, array: Array, place: str) -> Any:
    for name, matrix in (("w_x", layer.w_x), ("w_h", layer.w_h)):
        shared = np.tile(matrix.mask[: array.outputs], (array.rows_per_unit, 1))
        if len(matrix.mask) == array.rows and np.any(matrix.mask != shared):
            yield Fault(f"{place}.{name}", "the same columns in all rows of a unit (shared_by_gates)", "others")


def _range_faults(values: Integers, shape: tuple[int, ...], fmt: Fixed, place: str) -> Any:
    if values.shape != shape:
        yield Fault(place, f"shape {shape}", str(values.shape))
        return
    lo, hi = fmt.limits(len(values))
    if np.any((values < lo) | (values > hi)):
        ends = f"{fmt.lo} to {fmt.hi}" if np.isscalar(lo) else "what each gate holds"
        yield Fault(place, f"{ends} ({fmt})", f"{values.min()} to {values.max()}")
