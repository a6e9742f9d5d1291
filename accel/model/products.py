"""Exact matrix products of the golden model: in float64 where the worst case stays below 2**53, in int64 beyond."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from accel.architecture.array import Array
from accel.base.fixed import Integers
from accel.model.dataflows import BALANCED
from accel.model.sparse import Packed
from accel.model.weights import Matrix

SPARSE_COST = 4
"""A weight read by its index costs about as much as this many in a dense product."""


def product(w: Integers, width: int) -> Callable[[Integers], Integers]:
    """x [sequences, columns] -> x @ w.T [sequences, rows], exact; `width` bounds the accumulator in bits. The matrix is
    prepared once for many steps.
    """
    if width > 54:
        return lambda x: np.asarray(x @ w.T)
    real = np.ascontiguousarray(w.T, dtype=np.float64)
    return lambda x: np.asarray((x.astype(np.float64) @ real).astype(np.int64))


def sparse_product(packed: Packed, width: int) -> Callable[[Integers], Integers]:
    """`product` of a row-balanced matrix and a few vectors [n, columns]: reads the kept weights only."""
    kind = np.float64 if width <= 54 else np.int64
    values, columns = packed.values.astype(kind), packed.columns
    return lambda x: np.einsum("rk,nrk->nr", values, np.take(x.astype(kind), columns, axis=1)).astype(np.int64)


def recurrent_product(array: Array, matrix: Matrix, sequences: int) -> Callable[[Integers], Integers]:
    """h [sequences, hidden] -> h @ w.T, by the faster of the two; balanced rows alone can be read by their indices."""
    width = array.total_width
    if BALANCED[array.traversals[1]].by_index and sequences * matrix.nnz_per_row * SPARSE_COST < matrix.values.shape[1]:
        return sparse_product(matrix.packed, width)
    return product(matrix.values, width)
