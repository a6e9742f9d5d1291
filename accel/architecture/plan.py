"""Nonzeros of every row, as the spec gives them; with a search, its starting point."""

from __future__ import annotations

from accel.architecture.layer import Nnz
from accel.spec import BALANCES, Flow, Spec, nonzeros_of


def even_allocation(total: float, inputs: int, hidden: int, levels: int = 1) -> Nnz:
    """Nonzeros of W_x and W_h per row at the same ratio, with the row's total fixed; each keeps at least one.

    The rows of W_h in several levels share what W_x leaves; less than one each may be left over.
    """
    nonzeros = nonzeros_of(total, inputs + levels * hidden)
    k_x = min(max(1, nonzeros_of(total, inputs), nonzeros - levels * hidden), nonzeros - levels, inputs)
    return k_x, (nonzeros - k_x) // levels


def row_cost(pair: Nnz, levels: int) -> int:
    """Nonzeros of a row in all levels."""
    k_x, k_h = pair
    return k_x + levels * k_h


def planned(spec: Spec) -> tuple[Nnz, ...]:
    """Nonzeros per row of each layer as the spec gives them; with a search, its starting point."""
    layers = zip(spec.flows, spec.units, spec.sizes, strict=True)
    return tuple(_planned(spec, flow, units, *sizes) for flow, units, sizes in layers)


def _planned(spec: Spec, flow: Flow, units: int, inputs: int, hidden: int) -> Nnz:
    sparsity, rows = spec.sparsity, hidden // units
    of_x, of_h = (BALANCES[traversal] for traversal in flow.traversals)
    full = of_x.among(inputs, rows), of_h.among(hidden, rows)
    if sparsity.pattern == "dense":
        return full
    if sparsity.search is not None:
        return even_allocation(sparsity.search.total, inputs, hidden, spec.model.depth or 1)
    assert sparsity.input is not None
    assert sparsity.recurrent is not None
    banks = of_x.banks(spec.engine.lanes_per_row), of_h.banks(spec.engine.lanes_per_row)
    return nonzeros_of(sparsity.input, full[0], banks[0]), nonzeros_of(sparsity.recurrent, full[1], banks[1])
