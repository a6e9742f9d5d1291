"""Random weights of the right shape and pattern, for hardware without a training."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from accel.architecture.array import Array
from accel.architecture.network import network
from accel.base.fixed import Fixed, Integers
from accel.model.dataflows import BALANCED
from accel.model.directions import joined_matrices
from accel.model.sparse import Mask
from accel.model.weights import LayerWeights, Matrix, Weights, threshold_of
from accel.spec import Spec, Traversal


def seeded(spec: Spec) -> Weights:
    """Random balanced weights of the spec's shape: the same for the same seed, trained on nothing."""
    rng = np.random.default_rng(spec.training.seed)
    layers = tuple(_seeded_layer(array, rng, spec) for array in network(spec).arrays)
    return Weights(layers, threshold_of(spec), _seeded_table(rng, spec))


def _seeded_table(rng: np.random.Generator, spec: Spec) -> Integers | None:
    if spec.model.vocabulary is None:
        return None
    fmt = spec.formats.input
    return rng.integers(fmt.lo, fmt.hi + 1, (spec.model.vocabulary, spec.model.inputs))


def _seeded_layer(array: Array, rng: np.random.Generator, spec: Spec) -> LayerWeights:
    def matrix(columns: int, fmt: Fixed, nnz: int, traversal: Traversal, levels: int = 1) -> Matrix:
        a_row, shape = array.nonzeros // (array.rows * array.levels), (levels * array.rows, columns)
        real = rng.normal(0.0, 1.5 / max(1, a_row) ** 0.5, shape)
        mask = _seeded_mask(array, rng, shape, nnz, traversal)
        return Matrix(np.where(mask, fmt.quantize(real), 0), mask)

    w_x = matrix(array.inputs, array.w_x, array.nnz[0], array.traversals[0], array.x_levels)
    h_columns = array.outputs if array.recurrent else 0
    w_h = matrix(h_columns, array.w_h, array.nnz[1], array.traversals[1], array.levels)
    bias = array.bias.quantize(rng.normal(0.0, 0.5, array.levels * array.sums)) * spec.model.bias
    scale = None if array.scale is None else array.scale.quantize(rng.normal(0.0, 0.5, array.sums))
    return LayerWeights(w_x, w_h, bias, scale, _seeded_states(array, rng, spec))


def _seeded_mask(
    array: Array, rng: np.random.Generator, shape: tuple[int, int], nnz: int, traversal: Traversal
) -> Mask:
    """A random mask, of two directions each its own."""
    if array.directions == 1:
        return BALANCED[traversal].seeded(array, rng, shape, nnz)
    one = replace(array, inputs=array.inputs // 2, outputs=array.outputs // 2, directions=1)
    each = [BALANCED[traversal].seeded(one, rng, (shape[0] // 2, shape[1] // 2), nnz) for _ in range(2)]
    return joined_matrices(each[0], each[1], one.outputs)


def _seeded_states(array: Array, rng: np.random.Generator, spec: Spec) -> Integers | None:
    if not spec.initial_states or array.kind is None:
        return None
    parts = [rng.integers(fmt.lo, fmt.hi + 1, array.outputs) for fmt in array.state_formats]
    return np.concatenate(parts)
