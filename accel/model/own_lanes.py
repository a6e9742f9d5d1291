"""Weights of directions with lanes of their own, in the order in which these have units, x and h (decision 053)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from accel.architecture.array import Array
from accel.architecture.network import Network
from accel.base.fixed import Integers
from accel.model.weights import LayerWeights, Matrix, Weights


def as_they_lie(net: Network, weights: Weights) -> Weights:
    """The weights as lanes have them; those of a file where no direction has lanes of its own.

    What reads the last layer without a sequence buffer between, which would put the halves apart, reads them in turn.
    """
    last, behind = net.layers[-1], net.place(len(net.layers))
    if last.ways == 1:
        return weights
    layers = [_placed(array, layer) for array, layer in zip(net.arrays, weights.layers, strict=True)]
    if behind not in net.mirrors:
        layers[behind] = replace(layers[behind], w_x=_columns(layers[behind].w_x, last.unit_order))
    return replace(weights, layers=tuple(layers))


def _placed(array: Array, layer: LayerWeights) -> LayerWeights:
    if array.ways == 1:
        return layer
    units = array.unit_order
    w_x, w_h = (_rows(matrix, units) for matrix in (layer.w_x, layer.w_h))
    scale = None if layer.scale is None else _values(layer.scale, units)
    return LayerWeights(_columns(w_x, array.input_order), _columns(w_h, units), _values(layer.bias, units), scale)


def _columns(matrix: Matrix, order: Integers) -> Matrix:
    return Matrix(matrix.values[:, order], matrix.mask[:, order])


def _rows(matrix: Matrix, units: Integers) -> Matrix:
    """Rows gate by gate, those of the units in their order."""
    rows = np.arange(len(matrix.values)).reshape(-1, len(units))[:, units].reshape(-1)
    return Matrix(matrix.values[rows], matrix.mask[rows])


def _values(values: Integers, units: Integers) -> Integers:
    return np.asarray(values.reshape(-1, len(units))[:, units].reshape(-1))
