"""Weights of layers that share lanes, as the lanes read them: level by level, what comes first and what comes last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from accel.architecture.array import Array
from accel.architecture.dataflows.shared import SharedArray
from accel.base.fixed import Integers
from accel.model.sparse import Mask
from accel.model.weights import LayerWeights, Matrix


@dataclass(frozen=True)
class SharedWeights(LayerWeights):
    """Those of an array that is several layers: `bias` of all units, sum by sum; the matrices are those of the first.

    In a level behind the first, `w_x` is what its rows read first, W_h, and `w_h` what they read last, W_x; both have a
    column for each unit of all layers.
    """

    levels: tuple[LayerWeights, ...] = ()

    def level(self, number: int, levels: int) -> LayerWeights:
        """Those of one layer."""
        return self.levels[number]


def shared_weights(array: SharedArray, layers: Sequence[LayerWeights]) -> SharedWeights:
    """The weights of all layers for the array that they share."""
    (first, *later), (begin, *begins) = layers, array.begins
    levels = [LayerWeights(first.w_x, _among(array, first.w_h, begin), first.bias)]
    for layer, before, own in zip(later, array.begins, begins, strict=False):
        levels.append(LayerWeights(_among(array, layer.w_h, own), _among(array, layer.w_x, before), layer.bias))
    return SharedWeights(first.w_x, levels[0].w_h, _biases(array, layers), levels=tuple(levels))


def _biases(array: Array, layers: Sequence[LayerWeights]) -> Integers:
    """Biases of all units: of each sum those of the first layer, then those of the next."""
    each = [layer.bias.reshape(array.sums_per_unit, -1) for layer in layers]
    return np.asarray(np.concatenate(each, axis=1).reshape(-1))


def _among(array: Array, matrix: Matrix, begin: int) -> Matrix:
    """A matrix whose columns are those of all units, of which it reads those of one layer."""
    values = np.zeros((len(matrix.values), array.outputs), dtype=np.int64)
    mask: Mask = np.zeros(values.shape, dtype=bool)
    own = slice(begin, begin + matrix.values.shape[1])
    values[:, own], mask[:, own] = matrix.values, matrix.mask
    return Matrix(values, mask)
