"""The accelerator of a package behind AXI4-Lite: registers in place of its status ports, an interrupt, resets."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from accel.base.templates import read, render
from accel.engines.bench import RESET_CYCLES
from accel.engines.ports import STATUS, Port
from accel.model.design import Design
from accel.package import registers
from accel.package.bench import Bench
from accel.package.ipxact import BUS, Ports
from accel.package.registers import WIDTH
from accel.schedule.schedule import schedule

PARTS = ("held_reset.v", "rise.v")
"""Modules that are the same in every package."""
PLACED = ("steps", "cycles")
"""Counters of the status word that have a place of their own in every map."""
NO_FAULT = ("loaded",)
"""Flags of the status word that tell of no fault."""
CHANNELS = dict.fromkeys(
    (
        *("awvalid", "awaddr", "awprot", "wvalid", "wdata", "wstrb", "bready"),
        *("arvalid", "araddr", "arprot", "rready"),
    ),
    "in",
) | dict.fromkeys(("awready", "wready", "bvalid", "bresp", "arready", "rvalid", "rdata", "rresp"), "out")
"""Signals of AXI4-Lite, and which way they go at the registers."""
THRESHOLD = "states_threshold"


@dataclass(frozen=True)
class Part:
    """A part of the status word: its name in the registers, its port, what it tells."""

    name: str
    port: Port
    carries: str


def files(
    design: Design, run: Bench, ports: Ports, version: str, core: Mapping[str, str], memories: bool
) -> tuple[dict[str, str], Ports]:
    """Text of every file of the folder `axi_lite`, by path, and the ports of its module; `core` are the files of the
    accelerator itself, and `memories` tells whether its top has the parameter for their folder.

    Raises Refused where PeakRDL is not installed.
    """
    top = design.spec.identifier
    name, parts = f"{top}_registers", [_part(port, carries) for port, _, carries in ports if _is_status(port)]
    flags = [part for part in parts if part.port.width == 1]
    counters = [part for part in parts if part.port.width > 1 and part.name not in PLACED]
    facts = {
        "top": top,
        "version": [int(number) for number in re.findall(r"\d+", version)[:3]],
        "digest": words(digest(core)),
        "flags": flags,
        "counters": counters,
        "threshold": _threshold(design, run, ports),
        "reset_cycles": RESET_CYCLES,
    }
    made, address = registers.exported(name, registers.described(name, facts), top)
    status = {f"status_{part.name}": part.port.name for part in flags}
    status |= {f"{part}_value": f"{STATUS}{part}" for part in PLACED}
    status |= {f"{part.name}_value": part.port.name for part in counters}
    faults = [part.port.name for part in flags if part.name not in NO_FAULT]
    made[f"{top}_axi_lite.v"] = _wrapper(name, top, address, ports, status, faults, memories)
    made |= {part: read("accel", f"package/axi_lite/{part}") for part in PARTS}
    made[f"test_{top}_axi_lite.py"] = _client(design, run, facts)
    return {f"axi_lite/{file}": text for file, text in made.items()}, _outer(ports, address)


def _outer(ports: Ports, address: int) -> Ports:
    """Ports of the module: those of the accelerator that pass through it, and its own."""
    kept = [one for one in ports if one[0].name in ("clk", "reset") or _is_stream(one[0])]
    widths = {"addr": address, "prot": 3, "data": WIDTH, "strb": WIDTH // 8, "resp": 2}
    bus = [(Port(f"{BUS}_{name}", widths.get(name[-4:], 1)), end, "registers") for name, end in CHANNELS.items()]
    in_reset = (Port("in_reset", 1), "out", "the accelerator is in reset: both ends of its streams begin anew")
    return [*kept, *bus, in_reset, (Port("interrupt", 1), "out", "something is pending that is enabled")]


def digest(files: Mapping[str, str]) -> str:
    """SHA-256 over `rtl/` and `memory/` of a package's files, text by path: which design it is."""
    whole = hashlib.sha256()
    for name in sorted(files):
        if name.startswith(("rtl/", "memory/")):
            whole.update(f"{name}\0{len(files[name])}\0{files[name]}".encode())
    return whole.hexdigest()


def words(digest: str) -> list[int]:
    """The first 128 bits of a digest as four registers, the last eight digits of them first."""
    return [int(digest[start : start + 8], 16) for start in (24, 16, 8, 0)]


def _is_stream(port: Port) -> bool:
    return re.fullmatch(r"[sm]_\w+_t(data|valid|ready|last|user)", port.name) is not None


def _is_status(port: Port) -> bool:
    return port.name.startswith(STATUS)


def _part(port: Port, carries: str) -> Part:
    return Part(port.name.removeprefix(STATUS), port, f"{carries[0].upper()}{carries[1:]}.")


def _threshold(design: Design, run: Bench, ports: Ports) -> dict[str, int] | None:
    """Bits of the threshold of states, and the trained one; None where no layer skips states."""
    found = [port.width for port, _, _ in ports if port.name == THRESHOLD]
    return {"width": found[0], "trained": run.tied[THRESHOLD]} if found else None


def _wrapper(
    name: str,
    top: str,
    address: int,
    ports: Ports,
    status: Mapping[str, str],
    faults: list[str],
    memories: bool,
) -> str:
    """The Verilog that holds accelerator and registers."""
    streams = [(port, end) for port, end, _ in ports if _is_stream(port)]
    gated = [p.name for p, end in streams if end == "out" and p.name.endswith(("_tready", "_tvalid"))]
    inner = [port for port, _, _ in ports if _is_status(port) or port.name == THRESHOLD]
    connected = {port.name: f"{port.name}_inside" if port.name in gated else port.name for port, _ in streams}
    connected |= {port.name: port.name for port in inner}
    known = {*connected, "clk", "reset"}
    connected |= {port.name: "" for port, _, _ in ports if port.name not in known}
    text: str = render(
        "accel",
        "package/axi_lite/axi_lite.v.j2",
        top=top,
        name=name,
        outer=_outer(ports, address),
        inner=inner,
        gated=gated,
        connected=connected,
        status=status,
        faults=faults,
        channels=CHANNELS,
        threshold=any(port.name == THRESHOLD for port in inner),
        memories=memories,
        reset_cycles=RESET_CYCLES,
    )
    return text


def _client(design: Design, run: Bench, facts: Mapping[str, Any]) -> str:
    """The module of tests in cocotb, beside the streams' one, which it takes sequences and answers from."""
    text: str = render(
        "accel",
        "package/axi_lite/client.py.j2",
        top=design.spec.identifier,
        digest=facts["digest"],
        version=facts["version"],
        threshold=facts["threshold"],
        counted={name.removeprefix(STATUS): value for name, value in run.status.items()},
        steps=run.steps,
        step=schedule(design).cycles_per_step,
        reset_cycles=RESET_CYCLES,
    )
    return text
