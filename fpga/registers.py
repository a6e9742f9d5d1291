"""From Verilog to the netlist that is placed: synthesis, and for ECP5 registers within its memories and multipliers."""

from __future__ import annotations

from accel.base.templates import read
from fpga.board import Board
from fpga.rtl import Rtl
from fpga.tool import Command, Plan
from fpga.yosys import NETLIST, REPORT, synthesis

SCRIPT = "absorb.py"
REGISTERED = "registered.json"


def netlist(board: Board) -> str:
    """The file that is placed."""
    return REGISTERED if board.family == "ecp5" else NETLIST


def synthesised(rtl: Rtl, board: Board) -> Plan:
    """The plan up to the netlist, which its reports name."""
    made, title = synthesis(rtl, board), f"{rtl.top} in cells of {board.title}"
    reports = {"cells": REPORT, "netlist": netlist(board)}
    if board.family != "ecp5":
        return Plan(title, rtl.files, (made,), reports)
    words = (SCRIPT, NETLIST, REGISTERED)
    moved = Command("registers", (("python3", *words), ("python", *words)), (NETLIST, SCRIPT), (REGISTERED,))
    files = {**rtl.files, SCRIPT: read("fpga", SCRIPT)}
    return Plan(title, files, (made, moved), reports)
