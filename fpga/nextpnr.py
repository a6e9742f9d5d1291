"""nextpnr and the packers: from a netlist to a bitstream for ECP5, iCE40 and Gowin."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from accel.base.faults import Fault, Refused
from fpga.board import Board
from fpga.registers import netlist, synthesised
from fpga.reports import Timing, Utilization
from fpga.rtl import Rtl
from fpga.tool import Argv, Command, Plan

TOOL = "nextpnr"
ROUTED = "routed.json"
CONSTRAINTS = {"ecp5": "pins.lpf", "ice40": "pins.pcf", "gowin": "pins.cst"}
PLACED = {"ecp5": "routed.config", "ice40": "routed.asc", "gowin": "placed.json"}
PROGRAMS = {"ecp5": "nextpnr-ecp5", "ice40": "nextpnr-ice40", "gowin": "nextpnr-himbaechel-gowin"}
GOWIN_DELAYS = (
    "nextpnr's delays for Gowin are incomplete: no path through a multiplier is among them, so the clock that is "
    "reached is no promise"
)
PSEUDO_CELLS = ("DUMMY_CELL",)
"""Cells that nextpnr counts and no chip has."""


def plan(
    rtl: Rtl, board: Board, mhz: float, *, seed: int = 1, allow_slow: bool = False, entering_mhz: float | None = None
) -> Plan:
    """Verilog to bitstream. Ports named like a board's signals get its pins, the clock the board's; others are placed
    anywhere, as for a design that is only measured. With `allow_slow` a clock that is missed does not fail the step.

    `entering_mhz` is the clock at the port where a PLL makes `mhz` from it.
    """
    if board.family not in CONSTRAINTS:
        wanted = f"a board of the families {', '.join(CONSTRAINTS)}, which have open place and route"
        raise Refused([Fault("target.board", wanted, f"{board.name} ({board.family})")])
    constraints = CONSTRAINTS[board.family]
    lines = _constraints(board, _pins(rtl, board), entering_mhz or mhz, rtl.clock)
    first = synthesised(rtl, board)
    commands = (*first.commands, route(board, mhz, seed, allow_slow=allow_slow), _pack(board))
    return Plan(
        title=f"{rtl.top} for {board.title}",
        files={**first.files, constraints: "\n".join(lines) + "\n"},
        commands=commands,
        reports={**first.reports, "routed": ROUTED, "bitstream": commands[-1].makes[0]},
    )


def _pins(rtl: Rtl, board: Board) -> dict[str, str]:
    """Pins by port. A constraint for a port that is not there is an error, so only names the Verilog has are given."""
    words = {word for name in rtl.sources for word in re.findall(r"\w+", rtl.files[name])}
    pins = {name: pin for name, pin in board.pins.items() if name in words}
    return pins | ({rtl.clock: board.clock.pin} if board.clock.pin is not None else {})


def _constraints(board: Board, pins: Mapping[str, str], mhz: float, clock: str) -> Iterator[str]:
    if board.family == "ice40":
        yield from (f"set_io {port} {pin}" for port, pin in pins.items())
        return
    if board.family == "gowin":
        for port, pin in pins.items():
            yield f'IO_LOC "{port}" {pin};'
            yield f'IO_PORT "{port}" IO_TYPE={board.standard};'
        return
    for port, pin in pins.items():
        yield f'LOCATE COMP "{port}" SITE "{pin}";'
        yield f'IOBUF PORT "{port}" IO_TYPE={board.standard};'
    yield f'FREQUENCY PORT "{clock}" {mhz} MHZ;'


def products(board: Board) -> tuple[str, str]:
    """What place and route leaves: the placed design, and its report."""
    return PLACED[board.family], ROUTED


def route(board: Board, mhz: float, seed: int, *, allow_slow: bool, within: str = "") -> Command:
    """The step of place and route; its products lie in the folder `within`, which has to be there."""
    constraints = CONSTRAINTS[board.family]
    routed, report = (f"{within}/{name}" if within else name for name in products(board))
    if board.family == "gowin":
        chip = ["--device", board.part, "--vopt", f"family={board.device}", "--vopt", f"cst={constraints}"]
        chip += ["--write", routed]
    elif board.family == "ecp5":
        chip = [f"--{board.device}", "--package", str(board.package), "--speed", str(board.speed)]
        chip += ["--lpf", constraints, "--lpf-allow-unconstrained", "--textcfg", routed]
    else:
        chip = [f"--{board.device}", "--package", str(board.package)]
        chip += ["--pcf", constraints, "--pcf-allow-unconstrained", "--asc", routed]
    words = (*chip, "--json", netlist(board), "--freq", f"{mhz}", "--seed", f"{seed}", "--report", report)
    allowed = ("--timing-allow-fail",) if allow_slow else ()
    return Command(
        f"place_and_route_{within}" if within else "place_and_route",
        _yowasp(PROGRAMS[board.family], (*words, *allowed)),
        (netlist(board), constraints),
        (routed, report),
    )


def _pack(board: Board) -> Command:
    placed = PLACED[board.family]
    if board.family == "gowin":
        packed = (("gowin_pack", "-d", str(board.device), "-o", "top.fs", placed),)
        return Command("pack", packed, (placed,), ("top.fs",))
    if board.family == "ecp5":
        return Command("pack", _yowasp("ecppack", ("--compress", placed, "top.bit")), (placed,), ("top.bit",))
    return Command("pack", _yowasp("icepack", (placed, "top.bin")), (placed,), ("top.bin",))


def _yowasp(program: str, words: Argv) -> tuple[Argv, ...]:
    """The same program from PyPI or installed in the system."""
    return ((f"yowasp-{program}", *words), (program, *words))


def parse_routed(path: Path) -> tuple[Utilization, Timing]:
    """Read the report of place and route. Refused where the file is none."""
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
        cells = report["utilization"]
        used = {name: int(cell["used"]) for name, cell in cells.items() if cell["used"] and name not in PSEUDO_CELLS}
        available = {name: int(cells[name]["available"]) for name in used}
        return Utilization(TOOL, "routed", used, available), _timing(report)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Refused([Fault(str(path), "a report of place and route made by nextpnr", repr(error))]) from None


def _timing(report: Mapping[str, Any]) -> Timing:
    if not report["fmax"]:
        raise ValueError("no clock")
    clock, speed = min(report["fmax"].items(), key=lambda item: float(item[1]["achieved"] / item[1]["constraint"]))
    edges = f"posedge {clock}"
    paths: list[list[dict[str, Any]]] = [
        one["path"] for one in report["critical_paths"] if one["from"] == edges and one["to"] == edges
    ]
    longest = max(paths, key=lambda hops: sum(float(hop["delay"]) for hop in hops), default=[])
    nets = tuple(dict.fromkeys(hop["net"] for hop in longest if "net" in hop))
    return Timing(TOOL, "routed", clock, float(speed["constraint"]), round(float(speed["achieved"]), 2), nets)
