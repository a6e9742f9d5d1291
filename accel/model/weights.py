"""Integer weights and masks: what training hands over, and what every engine computes with."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from accel.architecture.array import Array
from accel.architecture.layer import Nnz
from accel.architecture.network import Network, network
from accel.base.fixed import Integers
from accel.model.sparse import Mask, Packed, pack
from accel.spec import Spec, of_layer

THRESHOLD = "threshold"
"""Name of the threshold of states in the file; only the column dataflow has one."""


@dataclass(frozen=True)
class Matrix:
    """One weight matrix: integers [rows, columns] and the mask of the weights that are kept."""

    values: Integers
    mask: Mask

    @property
    def nnz_per_row(self) -> int:
        """Weights of each row (row-balanced, so the first row speaks for all)."""
        return int(self.mask[0].sum())

    def part(self, number: int, count: int) -> Matrix:
        """Of `count` parts with as many rows each, one."""
        if count == 1:
            return self
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
    `scale`, in `formats.scale`, is what each sum is multiplied with; None where rows have no scales. `initial` is what
    every sequence begins with, as `cell.states` lays it out (h_0, then c_0; of a GRU h_0 as it is carried on); None
    where it is zeros or given from outside.
    """

    w_x: Matrix
    w_h: Matrix
    bias: Integers
    scale: Integers | None = None
    initial: Integers | None = None

    @property
    def nnz_per_row(self) -> Nnz:
        """Nonzeros of a row of each matrix."""
        return self.w_x.nnz_per_row, self.w_h.nnz_per_row

    def level(self, number: int, levels: int) -> LayerWeights:
        """What one level of several computes with: no column of x but in the first, unless W_x has rows for each."""
        if levels > 1 and len(self.w_x.values) == len(self.w_h.values):
            w_x = self.w_x.part(number, levels)
        else:
            w_x = Matrix(self.w_x.values[:, :0], self.w_x.mask[:, :0]) if number else self.w_x
        return LayerWeights(w_x, self.w_h.part(number, levels), np.split(self.bias, levels)[number], self.scale)


@dataclass(frozen=True)
class Weights:
    """All integers of a network, in the order data takes, as `Network.arrays`."""

    layers: tuple[LayerWeights, ...]
    threshold: int = 0
    """In the recurrence of layers by columns h counts as 0 where |h| is below this integer of `formats.state`."""
    embedding: Integers | None = None
    """Rows of the table in front of the first layer, [vocabulary, inputs] in `formats.input`; None without one."""

    def threshold_at(self, array: Array) -> int:
        """The threshold of a layer; 0 where every h is read."""
        return self.threshold if array.skips_states else 0

    def network(self, spec: Spec) -> Network:
        """Shapes of the spec with the ratios these weights really have; beside columns they are what the spec says."""
        if spec.skips_states:
            return network(spec)
        recurrent = network(spec).recurrent(self.layers)
        return network(spec, [layer.nnz_per_row for layer in recurrent])


def threshold_of(spec: Spec) -> int:
    """The integer t of `formats.state` with |h| < sparsity.threshold exactly where the integer of h is below t."""
    return math.ceil((spec.sparsity.threshold or 0.0) * float(2 ** of_layer(spec.formats.state, 0).frac))
