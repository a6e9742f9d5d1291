"""Layers that share lanes: one after the other in each step, by rows, on the same multipliers (decision 051).

The lanes see one layer whose levels are the layers of the network. Its units are those of all layers, so that weights,
biases, c and h lie one behind the other; each level works on its own. A level reads first what is there already and
last what has just been made: the first one x_t, then its h_{t-1}; each later one its own h_{t-1}, then h_t of the layer
in front, both from the memory of h.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from itertools import accumulate

from accel.architecture.array import Array, Term
from accel.architecture.dataflows.rows import RowArray
from accel.base.fixed import accumulator

NAME = "shared"
"""Name of the layer that the lanes see."""


@dataclass(frozen=True)
class SharedArray(RowArray):
    """All recurrent layers on one set of lanes; `nnz`, `inputs`, `x` and `w_x` are those of the first one."""

    dataflow, chosen = "shared", "row"

    stack: tuple[RowArray, ...] = ()
    """What the lanes do in each level, as if it were a layer by itself: `nnz` are the weights of a row that are read
    first and those that are read last, and behind the first layer x is all that the memory of h holds."""

    @cached_property
    def by_level(self) -> tuple[RowArray, ...]:
        """Every layer, in its order."""
        return self.stack

    @cached_property
    def begins(self) -> tuple[int, ...]:
        """The first unit of each layer among those of all."""
        return tuple(accumulate((one.outputs for one in self.stack[:-1]), initial=0))

    @property
    def unit_levels(self) -> int:
        """As `Layer`: each layer has units of its own."""
        return 1

    @property
    def cycles_per_group(self) -> int:
        """T of the layer with the longest rows."""
        return max(level.cycles_per_group for level in self.stack)

    @property
    def cycles_ahead(self) -> int:
        """Nothing comes ahead of its group."""
        return 0

    @property
    def dense(self) -> bool:
        """Every weight has an index, since layers lie at places of their own in the memory of h."""
        return False

    @property
    def depth(self) -> int:
        """Words of one unit's weight memory, those of all layers."""
        return sum(level.depth for level in self.stack)

    @property
    def matrix_nonzeros(self) -> tuple[int, int]:
        """Weights that all W_x and all W_h keep."""
        first, *later = self.stack
        (k_x, k_h), swapped = first.nnz, [(one.rows, *one.nnz) for one in later]
        of_x = first.rows * k_x + sum(rows * last for rows, _, last in swapped)
        return of_x, first.rows * k_h + sum(rows * early for rows, early, _ in swapped)

    @property
    def total_width(self) -> int:
        """Width of the exact sum of a row of any layer."""
        return max(accumulator(terms, None, 0) for terms in self._terms_by_level)

    @property
    def sum_width(self) -> int:
        """The same with its bias."""
        return max(accumulator(terms, self.bias, self.bias_shift) for terms in self._terms_by_level)

    @property
    def _terms_by_level(self) -> list[tuple[Term, Term]]:
        """What rows of each layer add, aligned as one accumulator has it."""
        first, *later = self.stack
        h = self.h, self.h_shift
        found = [((first.nnz[0], self.w_x, self.x, self.x_shift), (first.nnz[1], self.w_h, *h))]
        return found + [((one.nnz[0], self.w_h, *h), (one.nnz[1], self.w_h, *h)) for one in later]


def shared(layers: Sequence[Array]) -> SharedArray:
    """The layers of a network on one set of lanes; they have the same P, M, E and formats, and P divides the units of
    all but the last. Raises TypeError for layers that are not by rows.
    """
    rows = [layer for layer in layers if type(layer) is RowArray]
    if len(rows) < len(layers):
        raise TypeError("layers that share lanes are by rows")
    first, total = rows[0], sum(layer.outputs for layer in rows)
    stack = (first, *(_behind(layer, total) for layer in rows[1:]))
    own = {one.name: getattr(first, one.name) for one in fields(first)}
    return SharedArray(**own | {"name": NAME, "outputs": total, "levels": len(rows)}, stack=stack)


def _behind(layer: RowArray, total: int) -> RowArray:
    """A layer behind the first as the lanes have it: both operands are in the memory of h, its own come first."""
    k_x, k_h = layer.nnz
    return replace(layer, inputs=total, input_words=layer.cells, nnz=(k_h, k_x))
