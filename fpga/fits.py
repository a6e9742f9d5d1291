"""Does a design fit a chip? Counted after synthesis, before hours of place and route."""

from __future__ import annotations

import re
from collections.abc import Mapping

from accel.base.faults import Fault, Refused
from accel.spec import plain
from fpga.board import Board
from fpga.reports import Utilization

CELLS: Mapping[str, Mapping[str, Mapping[str, float]]] = {
    "ecp5": {
        "luts": {"LUT4": 1, "CCU2C": 2, "TRELLIS_DPR16X4": 4},
        "registers": {"TRELLIS_FF": 1},
        "block_rams": {"DP16KD": 1},
        "multipliers": {"MULT18X18D": 1},
    },
    "ice40": {
        "luts": {"SB_LUT4": 1},
        "registers": {r"SB_DFF\w*": 1},
        "block_rams": {r"SB_RAM40_4K\w*": 1},
        "multipliers": {"SB_MAC16": 1},
    },
    "gowin": {
        "luts": {r"LUT[1-4]": 1, "ALU": 1, r"RAM16SDP[124]": 4},
        "registers": {r"DFF\w*": 1},
        "block_rams": {r"(DPX9B|DPB|SDPB|SDPX9B|SPX9|SP|pROM|pROMX9)": 1},
        "multipliers": {"MULT36X36": 4, "MULT18X18": 1, "MULT9X9": 0.5},
    },
    "xc7": {
        "luts": {r"LUT[1-6]": 1, r"RAM(32M|64M|128X1D)": 4, r"SRL(16E|C32E)": 1},
        "registers": {r"FD[RSCP]E": 1},
        "block_rams": {"RAMB36E1": 1, "RAMB18E1": 0.5},
        "multipliers": {"DSP48E1": 1},
    },
    "xcup": {
        "luts": {r"LUT[1-6]": 1, r"RAM(32M16|64M8|256X1D)": 8, "RAM128X1D": 4, r"SRL(16E|C32E)": 1},
        "registers": {r"FD[RSCP]E": 1},
        "block_rams": {"RAMB36E2": 1, "RAMB18E2": 0.5},
        "multipliers": {"DSP48E2": 1},
        "large_rams": {"URAM288": 1},
    },
}
"""What one cell of a netlist takes of each resource; cells by pattern. LUT counts are before packing."""


def demand(cells: Utilization, board: Board) -> Utilization:
    """Cells of a netlist as the chip's resources."""
    used = {
        resource: sum(_weight(name, weights) * count for name, count in cells.used.items())
        for resource, weights in CELLS[board.family].items()
    }
    rounded = {resource: -int(-amount // 1) for resource, amount in used.items()}
    available = {resource: int(getattr(board.resources, resource)) for resource in used}
    return Utilization(cells.tool, cells.origin, rounded, available)


def _weight(name: str, weights: Mapping[str, float]) -> float:
    return next((weight for pattern, weight in weights.items() if re.fullmatch(pattern, name)), 0)


def require_fit(needed: Utilization, board: Board, units: int | tuple[int, ...] | None = None, lanes: int = 0) -> None:
    """Refused, with every resource of which the board has too few, and the number of units that would fit if known."""
    faults = [
        Fault(
            f"{board.name}: {resource}",
            f"at most {needed.available[resource]}",
            f"{needed.used[resource]} ({over} over)",
        )
        for resource, over in needed.over.items()
    ]
    if faults and units is not None:
        faults.append(Fault("engine.units", f"at most {plain(units)} ({lanes} lanes), which fit by estimate", "more"))
    if faults:
        raise Refused(faults)
