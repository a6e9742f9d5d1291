"""Cycles of a step on the spec's lanes, from the very pattern that pruning leaves: depth of the lanes and gap.

By columns, the depth alone: cycles of a step without zeros.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from torch import Tensor

from accel.architecture.array import Array
from accel.architecture.layer import Nnz
from accel.architecture.network import network
from accel.architecture.plan import planned
from accel.model.weights import LayerWeights, Matrix
from accel.schedule.dataflows import stage_of
from accel.spec import Spec
from training.model import LSTM
from training.prune import choices, largest, masks

Cycles = Callable[[int, Nnz], int]
"""Cycles from step to step of layer `number`, were it pruned to K_x and K_h weights a row."""


def if_pruned(spec: Spec, dense: LSTM) -> Cycles:
    """`Cycles` of a dense model."""

    def cycles(number: int, nnz: Nnz) -> int:
        allocations = list(planned(spec))
        allocations[number] = nnz
        chosen = largest(dense.layers[number], nnz, choose=choices(spec)[number])
        return _interval(network(spec, allocations).layers[number], chosen)

    return cycles


def intervals(spec: Spec, nnz: tuple[Nnz, ...], pruned: LSTM) -> list[int]:
    """Cycles from step to step of every layer of a pruned model."""
    arrays = network(spec, nnz).layers
    return [_interval(array, masks(layer)) for array, layer in zip(arrays, pruned.layers, strict=True)]


def _interval(array: Array, pattern: tuple[Tensor, Tensor]) -> int:
    w_x, w_h = (Matrix(np.zeros(mask.shape, dtype=np.int64), mask.cpu().numpy()) for mask in pattern)
    return stage_of(array).of_pattern(
        array, LayerWeights(w_x, w_h, np.zeros(array.levels * array.rows, dtype=np.int64))
    )
