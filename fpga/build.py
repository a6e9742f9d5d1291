"""From generated Verilog to a bitstream: chooses the tools by the board, checks the fit, leaves the reports."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from accel.base.faults import Fault, Refused
from accel.base.files import write_json
from accel.model.design import Design
from accel.spec import of_layer
from fpga import able, nextpnr, seeds, vivado, yosys
from fpga.board import Board
from fpga.estimate import largest_that_fits
from fpga.fits import demand, require_fit
from fpga.host import FACTS
from fpga.nextpnr import parse_routed
from fpga.reports import Origin, Timing, Utilization, write_reports
from fpga.rtl import Rtl, generated
from fpga.tool import Plan, run, versions, write
from fpga.uart import board_rtl, facts_text, has_serial_line, host_facts, serial_of
from fpga.vivado_reports import parse_timing, parse_utilization

Told = Callable[[str, str], None]
"""Is told each step and whether it was `done` or `unchanged`."""


@dataclass(frozen=True)
class Built:
    """What a build left; `product` is the bitstream, or the routed design where the chip stands alone."""

    folder: Path
    product: Path
    utilization: Utilization
    timing: Timing


@dataclass(frozen=True)
class Wishes:
    """How to build."""

    seed: int = 1
    """Of nextpnr's placement."""
    seeds: int = 1
    """This many placements from `seed` on, in parallel; the fastest is kept and all are recorded."""
    allow_slow: bool = False
    """A clock that is missed is reported, not an error."""
    from_cpp: bool = False
    """Build the core that Vitis HLS makes of the C++, in place of the generated Verilog."""
    alone: bool = False
    """Open tools: the accelerator alone at the spec's clock, to measure it, and not with its serial line."""


def plan(design: Design, board: Board, wishes: Wishes = Wishes()) -> Plan:
    """The plan of the tools for the board's chip, from what `generate` left in the design's work folder."""
    xilinx, serial = board.family in ("xc7", "xcup"), has_serial_line(board)
    if unheld := [Fault(key, wanted, json.dumps(got)) for key, wanted, got in able.faults(design.net, board)]:
        raise Refused(unheld)
    if design.spec.engine.streams > 1 and not (wishes.alone or (xilinx and board.processor is None and not serial)):
        wanted = "1 on a board, whose host sends one sequence at a time"
        raise Refused([Fault("engine.streams", wanted, f"{design.spec.engine.streams}")])
    if design.spec.engine.state_streams and not wishes.alone:
        raise Refused([Fault("engine.state_streams", "false on a board, whose host sends no states", "true")])
    carried = ("rom", "scratchpad") if serial and board.processor is None else ("rom",)
    if design.spec.engine.memory not in carried and not wishes.alone:
        sent = "no weights" if xilinx else "none in every step"
        wanted = f"{' or '.join(carried)} on a board, whose host sends {sent}"
        raise Refused([Fault("engine.memory", wanted, design.spec.engine.memory)])
    if wishes.from_cpp:
        if not xilinx:
            raise Refused([Fault("target.board", "a Xilinx chip, for a core of Vitis HLS", f"{board.family}")])
        return vivado.plan_core(design, board, allow_slow=wishes.allow_slow)
    rtl = generated(design.spec, design.work)
    if xilinx and (wishes.alone or board.processor or not serial):
        return vivado.plan(design, rtl, board, allow_slow=wishes.allow_slow)
    if xilinx:
        return _with_facts(design, rtl, board, wishes)
    return _open_plan(design, rtl, board, wishes)


def _open_plan(design: Design, rtl: Rtl, board: Board, wishes: Wishes) -> Plan:
    """The whole chip with what its host has to know, or the accelerator alone; both at the spec's clock."""
    mhz, seed, slow = design.spec.target.clock_mhz, wishes.seed, wishes.allow_slow
    if wishes.alone:
        if board.family == "gowin":
            raise Refused([Fault("--alone", "a whole chip: nextpnr wants a pin of a Gowin for every port", "--alone")])
        return nextpnr.plan(rtl, board, mhz, seed=seed, allow_slow=slow)
    return _with_facts(design, rtl, board, wishes)


def _with_facts(design: Design, rtl: Rtl, board: Board, wishes: Wishes) -> Plan:
    """The whole chip with its serial line, and what its host has to know."""
    mhz, slow, serial = design.spec.target.clock_mhz, wishes.allow_slow, serial_of(board)
    whole = board_rtl(rtl, board, mhz, serial)
    if board.family == "xc7":
        made = vivado.plan_serial(whole, board, mhz, allow_slow=slow)
    else:
        made = nextpnr.plan(whole, board, mhz, seed=wishes.seed, allow_slow=slow, entering_mhz=board.clock.mhz)
    return replace(made, files={**made.files, FACTS: facts_text(host_facts(design, rtl, serial))})


def folder_of(design: Design, board: Board) -> Path:
    """Where a design is built for a board."""
    return design.work / "fpga" / board.name


def write_plan(design: Design, board: Board, wishes: Wishes = Wishes()) -> Path:
    """Only write the plan: a folder that builds itself (`build.sh`) on a machine that has the tools."""
    if wishes.seeds > 1:
        raise Refused([Fault("--seeds", "1 for a plan, whose script places once", f"{wishes.seeds}")])
    folder = folder_of(design, board)
    write(plan(design, board, wishes), folder)
    return folder


def build(design: Design, board: Board, told: Told, wishes: Wishes = Wishes()) -> Built:
    """Run every step that is due; leaves `utilization.json` and `timing.json` in the work folder, with open tools also
    `versions.json`, and `seeds.json` where several were tried.

    Raises ToolMissing, ToolFailed, or Refused where the design does not fit the chip.
    """
    _require_seeds(board, wishes)
    folder, planned = folder_of(design, board), plan(design, board, wishes)
    if board.family in nextpnr.CONSTRAINTS:
        for step, how in run(planned.before("place_and_route"), folder):
            told(step, how)
            if step == "synthesis":
                _require_fit(design, board, demand(yosys.parse_cells(folder / planned.reports["cells"]), board))
        write_json(design.work / "versions.json", versions(planned))
    if wishes.seeds > 1:
        tried, record = range(wishes.seed, wishes.seed + wishes.seeds), design.work / seeds.RECORD
        mhz, slow = design.spec.target.clock_mhz, wishes.allow_slow
        seeds.best_of(board, mhz, tried, folder, record=record, allow_slow=slow)
        told("place_and_route", "done")
        planned = planned.without("place_and_route")
    for step, how in run(planned, folder):
        told(step, how)
    utilization, timing = _reports(planned, folder, board)
    write_reports(design.work, utilization, timing)
    return Built(folder, folder / planned.commands[-1].makes[-1], utilization, timing)


def _require_fit(design: Design, board: Board, needed: Utilization) -> None:
    if not needed.over:
        return
    kept = [layer.nnz_per_row for layer in design.net.recurrent(design.weights.layers)]
    units = largest_that_fits(design.spec, kept, board)
    each = [of_layer(units or 0, number) for number in range(len(kept))]
    rows = design.net.layers[0].rows_per_unit
    together = max(each) if design.spec.engine.shared_layers else sum(each)
    require_fit(needed, board, units, rows * design.spec.engine.lanes_per_row * together)


def _require_seeds(board: Board, wishes: Wishes) -> None:
    if wishes.seeds > 1 and board.family not in nextpnr.CONSTRAINTS:
        wanted = f"1 for {board.name}: seeds are those of nextpnr, which places for {' and '.join(nextpnr.CONSTRAINTS)}"
        raise Refused([Fault("--seeds", wanted, f"{wishes.seeds}")])


def estimate(design: Design, board: Board) -> Utilization:
    """The resources a design takes on a board, counted by yosys; `estimated` where place and route is the vendor's."""
    folder = folder_of(design, board) / "estimate"
    planned = yosys.estimate(generated(design.spec, design.work), board)
    for _ in run(planned, folder):
        pass
    origin: Origin = "synthesised" if board.family in nextpnr.CONSTRAINTS else "estimated"
    return demand(yosys.parse_cells(folder / planned.reports["cells"], origin), board)


def _reports(planned: Plan, folder: Path, board: Board) -> tuple[Utilization, Timing]:
    if board.family in nextpnr.CONSTRAINTS:
        utilization, timing = parse_routed(folder / planned.reports["routed"])
        return utilization, replace(timing, note=nextpnr.GOWIN_DELAYS) if board.family == "gowin" else timing
    return (
        parse_utilization(folder / planned.reports["utilization"], "routed"),
        parse_timing(folder / planned.reports["timing"], "routed"),
    )
