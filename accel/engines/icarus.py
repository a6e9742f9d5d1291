"""Engine `icarus`: the converted Verilog in Icarus, driven by the MyHDL bench through `Cosimulation`.

Icarus knows unknown values, which native MyHDL and Verilator do not; one that reaches a port makes the engine fail.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import shutil
from pathlib import Path
from typing import Any

from myhdl import Cosimulation, CosimulationError

from accel.base.files import write_bytes, write_text
from accel.base.templates import render
from accel.engines.cosimulation import simulate
from accel.engines.engine import EngineFailed, Observed, ProgramFailed, ToolMissing, converted
from accel.engines.observe import observe
from accel.engines.ports import STATUS, listed, ports
from accel.engines.program import product
from accel.engines.script import script
from accel.model.design import Design
from accel.model.samples import Samples
from accel.rtl.blocks.primitives.signals import flag
from accel.rtl.convert import load_top, top_signals

PROGRAMS = ("iverilog", "vvp", "iverilog-vpi")


def icarus(design: Design, samples: Samples) -> Observed:
    """Run samples through the Verilog in the work folder, which `generate` has converted."""
    for program in PROGRAMS:
        _path(program)
    signals = top_signals(load_top(design.work, design.spec.identifier))
    driven = script(design, samples)
    folder = (design.work / "icarus").resolve()
    command = ["vvp", "-M", str(_vpi(folder)), "-m", "myhdl", str(_compile(design, signals, folder))]
    unknown = flag()
    connected = {name: signals[name] for name in ("clk", "reset")} | ports(signals) | {"unknown": unknown}
    with contextlib.chdir(design.work / "rtl"):  # where $readmemh finds its files
        try:
            verilog = Cosimulation(command, **connected)
            layers = tuple(array.name for array in design.in_hardware.net.layers)
            record = simulate(verilog, signals, layers, driven, unknown)
        except CosimulationError as error:
            raise ProgramFailed(f"vvp: {error}") from error
    if record.unknown:
        raise EngineFailed("an unknown value (x) reached a port")
    return observe(design, driven, record)


def _compile(design: Design, signals: dict[str, Any], folder: Path) -> Path:
    source = converted(design).resolve()
    inputs, outputs = listed(signals)
    flags = [port.name for port in outputs if port.name.endswith(("valid", "tready", "begin"))]
    flags += [port.name for port in outputs if port.name.startswith(STATUS)]
    names = {port.name for port in outputs}
    guarded = [(name, name.removesuffix("_valid")) for name in flags if name.removesuffix("_valid") in names]
    text = render(
        "hls_templates",
        "verilog/cosimulation.v.j2",
        top=design.spec.identifier,
        inputs=inputs,
        outputs=outputs,
        flags=flags,
        guarded=[*guarded, ("m_axis_tvalid", "m_axis_tdata")],
    )
    write_text(folder / "cosimulation.v", text)
    program, reads = folder / "cosimulation.vvp", (folder / "cosimulation.v", source)
    return product([_path("iverilog"), "-g2005", "-o", str(program), *map(str, reads)], folder, program, reads)


def _vpi(folder: Path) -> Path:
    """MyHDL's VPI module, built once from the sources in its own package."""
    for file in importlib.metadata.files("myhdl") or ():
        if file.match("cosimulation/icarus/myhdl*.c") and not file.match("*2003*"):
            write_bytes(folder / file.name, Path(str(file.locate())).read_bytes())
    sources = "myhdl.c", "myhdl_table.c"
    command = [_path("iverilog-vpi"), *sources]
    product(command, folder, folder / "myhdl.vpi", [folder / name for name in sources], [_path("iverilog")])
    return folder


def _path(program: str) -> str:
    """Where a program is. Raises ToolMissing."""
    found = shutil.which(program)
    if found is None:
        raise ToolMissing(f"{program} is not on PATH; Debian's package iverilog has it")
    return found
