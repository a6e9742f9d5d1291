"""What a design takes of a chip, before synthesis: multipliers, block RAM and UltraRAM exact, logic by a model.

Memories are placed, and products split, by the rules of yosys (`fpga.memories`, `fpga.multipliers`); lookup tables and
registers are counted in bits of what the blocks do (`fpga.logic`), times coefficients of the family that are fitted on
yosys' counts (`fpga.coefficients`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from accel.architecture.constraints import violations
from accel.architecture.layer import Nnz
from accel.architecture.network import Network, network
from accel.spec import Spec, of_all
from accel.spec.rules import structural_rules
from fpga.board import Board
from fpga.coefficients import fit_of
from fpga.inventory import memories
from fpga.logic import lut_terms, register_terms, times
from fpga.memories import place
from fpga.multipliers import demanded


@dataclass(frozen=True)
class Estimate:
    """One resource of a board: what a design takes, what there is, and how the number is known."""

    resource: str
    used: int
    available: int
    origin: Literal["exact", "estimated"]


def exact(net: Network, board: Board) -> list[Estimate]:
    """Multipliers, block RAMs, and UltraRAMs where a design has some."""
    net, chip = net.in_hardware, board.resources
    multipliers, _ = demanded(net, board.family, chip.multipliers > 0)
    large = sum(place(memory, board.family).large_rams for _, memory in memories(net))
    return [
        Estimate("multipliers", multipliers, chip.multipliers, "exact"),
        Estimate("block_rams", block_rams(net, board.family), chip.block_rams, "exact"),
        *([Estimate("large_rams", large, chip.large_rams, "exact")] if large else []),
    ]


def resources(net: Network, board: Board) -> list[Estimate]:
    """What a design takes of a board, without its serial line."""
    net, chip = net.in_hardware, board.resources
    family, fit, weights = board.family, fit_of(board.family), fit_of("elaborated")
    luts = lut_terms(net, family, chip.multipliers > 0, weights.luts)
    registers = register_terms(net, family, chip.multipliers > 0, weights.registers)
    return [
        *exact(net, board),
        Estimate("luts", luts["held"] + times(luts, fit.luts), chip.luts, "estimated"),
        Estimate("registers", times(registers, fit.registers), chip.registers, "estimated"),
    ]


def block_rams(net: Network, family: str) -> int:
    """Block RAMs in the units of the family's boards."""
    return -int(-sum(place(memory, family).block_rams for _, memory in memories(net.in_hardware)) // 1)


def facts(net: Network, board: Board) -> dict[str, Any]:
    """For `check`: the resources as JSON data."""
    return {"board": board.name, "rows": [asdict(one) for one in resources(net, board)]}


def largest_that_fits(spec: Spec, kept: Sequence[Nnz], board: Board) -> int | tuple[int, ...] | None:
    """The most units P, below the spec's own, of which the board has enough; None where no number is known to fit.

    Where layers have each their own, these are made smaller together.
    """
    if spec.by_lane:  # what a lane keeps of a column is no number for other lanes
        return None
    largest = max(spec.units)
    most = board.resources.multipliers // network(spec, kept).layers[0].rows_per_unit or largest
    cells = spec.engine.cells_per_cycle
    for top in range(min(largest - 1, most) // cells * cells, 0, -cells):
        units = of_all(tuple(max(cells, units * top // largest // cells * cells) for units in spec.units))
        engine = spec.engine.model_copy(update={"units": units})
        asked = spec.model_copy(update={"engine": engine})
        if any(structural_rules(asked)):
            continue
        smaller = network(asked, kept)
        fits = all(one.used <= one.available for one in resources(smaller, board))
        if fits and not list(violations(smaller)):
            return units
    return None
