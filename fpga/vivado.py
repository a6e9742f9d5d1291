"""Vivado, non-project: the generated Verilog to a bitstream, a phase a script.

On a board with a processing system the accelerator gets its data by DMA, and PYNQ runs it. On a chip alone it is
implemented out of context, for its numbers.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from accel.base.faults import Fault, Refused
from accel.base.templates import read, render
from accel.engines.ports import Port
from accel.hls.beats import input_beat, output_beat, result_values
from accel.hls.process import container
from accel.hls.render import top_name, top_ports
from accel.hls.top import REGISTER
from accel.model.design import Design
from fpga import vitis_hls
from fpga.board import Board
from fpga.rtl import Rtl
from fpga.tool import Argv, Command, Plan

WIDEST, NARROWEST_MEMORY = 1024, 32
"""Bits of the widest stream of the DMA engine, whose streams have a power of two of bytes (PG021), and the fewest bits
of its memory side, which is as wide as its stream at least.
"""

FIXED_IO = {
    "zynq7": {
        "DDR_addr": 15,
        "DDR_ba": 3,
        "DDR_cas_n": 1,
        "DDR_ck_n": 1,
        "DDR_ck_p": 1,
        "DDR_cke": 1,
        "DDR_cs_n": 1,
        "DDR_dm": 4,
        "DDR_dq": 32,
        "DDR_dqs_n": 4,
        "DDR_dqs_p": 4,
        "DDR_odt": 1,
        "DDR_ras_n": 1,
        "DDR_reset_n": 1,
        "DDR_we_n": 1,
        "FIXED_IO_ddr_vrn": 1,
        "FIXED_IO_ddr_vrp": 1,
        "FIXED_IO_mio": 54,
        "FIXED_IO_ps_clk": 1,
        "FIXED_IO_ps_porb": 1,
        "FIXED_IO_ps_srstb": 1,
    },
    "zynqmp": {},
}
"""Widths of the pins that the processing system has through the programmable logic."""

SERIAL = ("uart_rx", "uart_tx", "led")
"""Pins of a whole chip with a serial line, beside its oscillator's."""

CORE = "vitis_hls/ip.zip"
"""The archive that Vitis HLS exports."""

CONTROL, START = 0x00, 0x81
"""A core's control register, and what starts it, and again whenever it is through."""


@dataclass(frozen=True)
class Stream:
    """Values of a stream: `inner` bits each at the accelerator, `outer` bits each at the DMA engine."""

    words: int
    inner: int
    signed: bool

    @property
    def outer(self) -> int:
        """A size that a processor knows."""
        return container(self.inner)

    @property
    def bytes(self) -> int:
        """Bytes of a beat at the DMA engine, a power of two."""
        return int(1 << (self.words * self.outer // 8 - 1).bit_length())

    @property
    def lanes(self) -> int:
        """Values that a beat has room for; those behind `words` do not count."""
        return 8 * self.bytes // self.outer

    @property
    def memory_bits(self) -> int:
        """Bits of the DMA engine's memory side."""
        return max(NARROWEST_MEMORY, 8 * self.bytes)


def plan(design: Design, rtl: Rtl, board: Board, *, allow_slow: bool = False, core: str = "") -> Plan:
    """Verilog to bitstream and deploy folder, or (on a chip alone) to the reports of place and route.

    `core` names a core of Vitis HLS that the Verilog instantiates; its archive then lies in the folder `vitis_hls`.
    """
    if board.family not in ("xc7", "xcup"):
        raise Refused([Fault("target.board", "a board with a Xilinx chip", f"{board.name} ({board.family})")])
    streams = _streams(design, rtl)
    whole = board.processor is not None
    settings = {"mhz": design.spec.target.clock_mhz, "allow_slow": allow_slow, "core": core, "whole": whole, **streams}
    files = {**rtl.files, **dict(_scripts(board, whole)), **dict(_rendered(rtl, board, settings))}
    if board.processor:
        files |= _deployed(design, rtl, streams)
    return Plan(
        title=f"{rtl.top} for {board.title}",
        files=files,
        commands=tuple(_commands(rtl, board, (*files, *([CORE] if core else [])), whole)),
        reports={"utilization": "routed_utilization.rpt", "timing": "routed_timing.rpt"},
    )


def plan_serial(rtl: Rtl, board: Board, mhz: float, *, allow_slow: bool = False) -> Plan:
    """The whole chip of a board with a serial line (`fpga.uart.board_rtl`) to a bitstream."""
    settings = {"mhz": mhz, "allow_slow": allow_slow, "core": "", "whole": True, "input": None, "output": None}
    files = {**rtl.files, **dict(_scripts(board, whole=True)), **dict(_rendered(rtl, board, settings))}
    return Plan(
        title=f"{rtl.top} for {board.title}",
        files=files,
        commands=tuple(_commands(rtl, board, tuple(files), whole=True)),
        reports={"utilization": "routed_utilization.rpt", "timing": "routed_timing.rpt"},
    )


def plan_core(design: Design, board: Board, *, allow_slow: bool = False) -> Plan:
    """As `plan`, but for the generated C++: Vitis HLS makes the core first."""
    first = vitis_hls.plan(design).within("vitis_hls")
    return first.then(plan(design, adapter(design), board, allow_slow=allow_slow, core=top_name(design)))


def adapter(design: Design) -> Rtl:
    """The core of Vitis HLS under the name and the ports of the generated Verilog. Its threshold of
    states, if any, is written to a register; then it is started for good.
    """
    shapes = {"input": input_beat(design.net), "output": output_beat(design.net)}
    name = design.spec.identifier
    registers = {port.name: port.offset for port in top_ports(design) if port.offset is not None}
    thresholds = [(registers["states_threshold"], design.weights.threshold)] if design.spec.skips_states else []
    text = render(
        "fpga",
        "templates/vivado/adapter.v.j2",
        top=name,
        writes=[*thresholds, (CONTROL, START)],
        address_bits=(max(registers.values()) + REGISTER - 1).bit_length(),
        fillers=design.spec.engine.streams > 1,
        **shapes,
    )
    return Rtl(name, "clk", {f"{name}.v": text, "core_start.v": read("fpga", "templates/vivado/core_start.v")})


def _streams(design: Design, rtl: Rtl) -> dict[str, Stream]:
    head, last = design.spec.model.head, design.net.arrays[-1]
    words = {"input": design.spec.incoming.words, "output": last.cells}
    argmax = head is not None and head.kind == "argmax"
    inner = {"input": rtl.width("s_axis_tdata"), "output": rtl.width("m_axis_tdata")}
    streams = {
        side: Stream(words[side], inner[side] // words[side], not (side == "output" and argmax)) for side in words
    }
    wide = [(side, stream) for side, stream in streams.items() if 8 * stream.bytes > WIDEST]
    if wide:
        raise Refused([Fault(side, f"a stream of at most {WIDEST} bits", f"{8 * s.bytes}") for side, s in wide])
    return streams


def _rendered(rtl: Rtl, board: Board, settings: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Files that differ between designs and boards."""
    beside = ["board_top.v"] if board.processor else []
    serial = settings["whole"] and not board.processor
    for name in ["settings.tcl", "clock.xdc", *beside]:
        yield (
            name,
            render(
                "fpga",
                f"templates/vivado/{name}.j2",
                top=rtl.top,
                tied=rtl.tied,
                board=board,
                sources=[*rtl.sources, *beside],
                serial=serial,
                pins={"oscillator": board.clock.pin, **{name: board.pins.get(name) for name in SERIAL}},
                contents=[file for file in rtl.files if file not in rtl.sources],
                fixed_io=[Port(name, width) for name, width in FIXED_IO.get(board.processor or "", {}).items()],
                **settings,
            ),
        )


def _scripts(board: Board, whole: bool) -> Iterator[tuple[str, str]]:
    names = ["sources", "synthesis", "implementation", *(["bitstream", "program"] if whole else [])]
    names += ["block_design"] if board.processor else []
    yield "phase.tcl", read("fpga", "templates/phase.tcl")
    for name in names:
        yield f"{name}.tcl", read("fpga", f"templates/vivado/{name}.tcl")
    if board.processor:
        yield "processor.tcl", read("fpga", f"templates/vivado/{board.processor}.tcl")


def _results(design: Design) -> list[int]:
    """The lowest and the highest value that a result can have."""
    head, kind = design.net.head, design.spec.model.head and design.spec.model.head.kind
    if head is None:
        return [design.net.layers[-1].h.lo, design.net.layers[-1].h.hi]
    highest = head.outputs - 1 if kind == "argmax" else (1 << head.sum_width - 1) - 1
    return [0 if kind == "argmax" else -highest - 1, highest]


def _deployed(design: Design, rtl: Rtl, streams: dict[str, Stream]) -> dict[str, str]:
    """What lies beside the bitstream on the board."""
    given = design.spec.incoming
    facts = {
        "name": design.spec.name,
        "bitstream": f"{rtl.top}.bit",
        "inputs": given.values,
        "input": {
            "words": given.words,
            "lanes": streams["input"].lanes,
            "bits": streams["input"].outer,
            "format": [given.fmt.width, given.fmt.frac],
        },
        "vocabulary": design.spec.model.vocabulary,
        "window": None if (window := design.spec.model.window) is None else [*window.numbers],
        "values": result_values(design.net),
        "output": {
            "words": streams["output"].words,
            "lanes": streams["output"].lanes,
            "bits": streams["output"].outer,
            "signed": streams["output"].signed,
            "range": _results(design),
        },
        "every_step": design.spec.model.head is None or design.spec.model.head.when == "step",
        "longest": design.spec.model.longest,
    }
    return {
        "deploy/accelerator.json": json.dumps(facts, indent=2) + "\n",
        "deploy/driver.py": read("fpga", "pynq/driver.py"),
    }


def _commands(rtl: Rtl, board: Board, files: tuple[str, ...], whole: bool) -> Iterator[Command]:
    described = [("system.hwh", f"deploy/{rtl.top}.hwh")] if board.processor else []
    archive = [f"deploy/{rtl.top}.xsa"] if board.processor == "zynqmp" else []
    synthesised = ("synthesis.done", "synthesised.dcp", "synthesised_utilization.rpt", "synthesised_timing.rpt")
    routed = ("implementation.done", "routed.dcp", "routed_utilization.rpt", "routed_timing.rpt")
    later = {"implementation.tcl", "bitstream.tcl", "program.tcl"}
    reads = tuple(name for name in files if name not in later and not name.startswith("deploy/"))
    yield Command("synthesis", _batch("synthesis"), reads, (*synthesised, *(made for made, _ in described)))
    yield Command("implementation", _batch("implementation"), ("synthesised.dcp", "implementation.tcl"), routed)
    if whole:
        reads = ("routed.dcp", *(made for made, _ in described), "bitstream.tcl")
        made = ("bitstream.done", *(copied for _, copied in described), *archive, f"deploy/{rtl.top}.bit")
        yield Command("bitstream", _batch("bitstream"), reads, made)


def _batch(phase: str) -> tuple[Argv, ...]:
    return (("vivado", "-mode", "batch", "-nojournal", "-log", f"{phase}.vivado.log", "-source", f"{phase}.tcl"),)


def programming(rtl: Rtl) -> Command:
    """The step that loads the bitstream into a connected board: never part of a plan, always asked for."""
    return Command("program", _batch("program"), (f"deploy/{rtl.top}.bit", "program.tcl"), ("program.done",))
