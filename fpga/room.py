"""Whether a board has room for a design, before anything is made, and what would have.

Multipliers and block RAMs decide, which are counted exactly (`fpga.estimate`); lookup tables and registers are
estimated, and decide nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from accel.architecture.constraints import violations
from accel.architecture.network import Network, network
from accel.spec import Spec, nonzeros_of, of_all, plain
from accel.spec.rules import structural_rules
from fpga import able
from fpga import board as boards
from fpga.board import Board
from fpga.estimate import Estimate, exact, largest_that_fits

SHARES = 200
"""Steps in which a share of zeros that fits is looked for."""


def shortages(net: Network, board: Board) -> list[Estimate]:
    """What a board has too little of for certain."""
    return [one for one in exact(net, board) if one.used > one.available]


def faults(spec: Spec, net: Network, board: Board) -> Iterator[tuple[str, str, Any]]:
    """A design that does not fit its board: (key path, what would, what the board has)."""
    short = shortages(net, board)
    if short:
        needed = " and ".join(f"{one.used:,} {_named(one)}" for one in short)
        has = " and ".join(f"{one.available:,}" for one in short)
        wanted = "; or ".join([f"a board with {needed}", *_ways(spec, net, board)])
        yield "target.board", wanted, f"{board.name} with {has}: does not fit"


def _named(one: Estimate) -> str:
    return one.resource.replace("_", " ").replace("rams", "RAMs")


def _ways(spec: Spec, net: Network, board: Board) -> Iterator[str]:
    """Other choices that fit: fewer lanes, fewer weights, other boards."""
    others = (one for one in map(boards.find, boards.names()) if one != board and not any(able.faults(net, one)))
    larger = [one.name for one in others if not shortages(net, one)]
    if larger:
        yield f"target.board: {' or '.join(larger)}"
    if _fits_shared(spec, net, board):
        yield "engine.shared_layers: true"
    units = largest_that_fits(spec, [array.nnz for array in net.layers], board)
    if units is not None:
        yield f"engine.units: {plain(units)}"
    elif not spec.skips_states and (found := _sparser(spec, board)) is not None:
        yield "engine.units: {} and sparsity that removes {:.1%} of the weights of each layer".format(*found)


def _fits_shared(spec: Spec, net: Network, board: Board) -> bool:
    """Whether there is room where one set of lanes serves all layers."""
    engine = spec.engine.model_copy(update={"shared_layers": True})
    asked = spec.model_copy(update={"engine": engine})
    if spec.engine.shared_layers or any(structural_rules(asked)):
        return False
    shared = network(asked, [array.nnz for array in net.layers])
    return not shortages(shared, board) and not any(violations(shared))


def _sparser(spec: Spec, board: Board) -> tuple[Any, float] | None:
    """Units, the spec's own or a half, a quarter ... of them, and the least share of zeros with which they fit."""
    each = spec.units
    while all(units and units % spec.engine.cells_per_cycle == 0 for units in each):
        units = of_all(each)
        engine = spec.engine.model_copy(update={"units": units})
        share = _share_that_fits(spec.model_copy(update={"engine": engine}), board)
        if share is not None:
            return plain(units), share
        each = tuple(units // 2 for units in each)
    return None


def _share_that_fits(spec: Spec, board: Board) -> float | None:
    """The least share of zeros, in steps of 1 / SHARES, with which nothing is too little; None where none is."""
    low, high = 0, SHARES
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _fits(spec, middle, board) else (middle, high)
    return high / SHARES if high < SHARES else None


def _fits(spec: Spec, step: int, board: Board) -> bool:
    share = step / SHARES
    sizes = [(max(1, nonzeros_of(share, inputs)), max(1, nonzeros_of(share, hidden))) for inputs, hidden in spec.sizes]
    net = network(spec, sizes)
    return not shortages(net, board) and not any(violations(net))
