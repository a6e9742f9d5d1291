"""Lanes for a network: as many as a board has room for, or a modest number where no board is named."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from accel.architecture.network import network
from accel.base.faults import Fault, Refused
from accel.schedule.proposals import Proposal, for_lanes
from accel.spec import Spec
from fpga import board as boards
from fpga.board import Board
from fpga.estimate import resources

LANES = 32
"""Lanes a layer where no board is named; layers of different sizes share them out."""
LOGIC_LANE = 400
"""Lookup tables that a lane takes about on a chip without multipliers."""
FULL = 0.8
"""Share of lookup tables and registers that a design may take by the estimate, which does not know the serial line."""
CLOCKS = {"ecp5": 50.0, "ice40": 12.0, "gowin": 27.0, "xc7": 100.0, "xcup": 200.0}
"""Megahertz that designs of a family have met."""


def on_board(spec: Spec, board: Board | None) -> tuple[Spec, Proposal]:
    """The spec with the fastest lanes for which a board has room; LANES of them a layer without one.

    Refused where not even the smallest fits, with what would.
    """
    chosen, one = spec, None
    for lanes in _numbers(spec, board):
        for one in for_lanes(spec, lanes):
            chosen = with_lanes(spec, one)
            if board is None or fits(chosen, board):
                return chosen, one
    if one is None or board is None:
        raise Refused([Fault("engine", "lanes for this network", "none that are possible")])
    wanted = ", ".join(_others(chosen)) or "a larger board"
    least = f"no room for {one.memory_bits:,} bits and {one.multipliers} multipliers"
    raise Refused([Fault("--board", f"{wanted}; or more zeros (--sparsity)", f"{board.name}: {least}")])


def _others(spec: Spec) -> Iterator[str]:
    """Boards that have room for a design."""
    return (name for name in boards.names() if fits(spec, boards.find(name)))


def with_lanes(spec: Spec, one: Proposal) -> Spec:
    """The spec with the lanes of a proposal."""
    names = ("units", "lanes_per_row", "cells_per_cycle", "input_words")
    keys: dict[str, Any] = {name: getattr(one, name) for name in names}
    return spec.model_copy(update={"engine": spec.engine.model_copy(update=keys)})


def _numbers(spec: Spec, board: Board | None) -> Iterator[int]:
    """Lanes of all layers together to try, from the most that could be, each time a third fewer."""
    layers = network(spec).layers
    rows = sum(array.rows_per_unit for array in layers)
    most = LANES * len(layers) if board is None else board.resources.multipliers or board.resources.luts // LOGIC_LANE
    lanes = max(rows, min(most, sum(array.rows for array in layers)))
    while lanes > rows:
        yield lanes
        lanes = max(rows, lanes * 2 // 3)
    yield rows


def fits(spec: Spec, board: Board) -> bool:
    """Whether a board has room: for what is counted exactly, and by the estimate for the rest."""
    share = {"exact": 1.0, "estimated": FULL}
    return all(each.used <= share[each.origin] * each.available for each in resources(network(spec), board))
