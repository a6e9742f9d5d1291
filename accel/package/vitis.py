"""The accelerator of a package as a kernel for Vitis: wrapper, scripts, movers between memory and streams, and a host.

Its registers are its own (`user_managed`, UG1393), since they do not begin with the control word of XRT: the host
reaches them as an `ip`, and movers, which are kernels in C++, are started by XRT.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from accel.base.templates import render
from accel.model.design import Design
from accel.package.axi_lite import CHANNELS
from accel.package.bench import Bench
from accel.package.ipxact import BUS, Ports

FOLDER = "vitis"
"""Of the package, where the files are."""
CONTROL = "s_axi_control"
"""The name that the linker wants of a kernel's AXI4-Lite port."""
SMALLEST, WIDEST = 8, 512
"""Bits of a word of memory: a power of two, as wide as a bank of memory at most."""


@dataclass(frozen=True)
class Mover:
    """A kernel that moves a stream: bits of `tdata`, whether it has `tuser`, whether it reads memory."""

    stream: str
    width: int
    marked: bool
    reads: bool

    @property
    def name(self) -> str:
        """The kernel's name."""
        return f"{'from' if self.reads else 'to'}_memory_{self.stream}"

    @property
    def word(self) -> int:
        """Bits of a word of memory: `tdata`, above it `tlast`, above it `tuser`."""
        return max(SMALLEST, 1 << (self.width + self.marked).bit_length())


def movers(run: Bench) -> list[Mover]:
    """One for each stream that the bench uses."""
    into = [Mover(one.name, one.width, one.marked, reads=True) for one in run.sources]
    return into + [Mover(one.name, one.width, one.marked, reads=False) for one in run.sinks]


def fits(run: Bench) -> bool:
    """Whether a beat of every stream, with what goes with it, fits a word of memory."""
    return all(one.word <= WIDEST for one in movers(run))


def files(design: Design, run: Bench, outer: Ports, digest: list[int]) -> dict[str, str]:
    """Text of every file by its path; `outer` are the ports of the accelerator with registers.

    No file where a beat is wider than a word of memory can be.
    """
    top, moved = design.spec.identifier, movers(run)
    if not fits(run):
        return {}
    names = {f"{BUS}_{channel}": f"{CONTROL}_{channel}" for channel in CHANNELS}
    passed = [(port, end, names.get(port.name, port.name)) for port, end, _ in outer if port.name not in OWN]
    facts: dict[str, Any] = {"top": top, "movers": moved, "passed": passed, "digest": digest, "control": CONTROL}
    facts["objects"] = [f"build/{one.name}.xo" for one in moved]
    facts["mhz"] = int(design.spec.target.clock_mhz)
    rendered = ("kernel.v", "package.tcl", "movers.cpp", "link.cfg", "build.sh", "host.cpp")
    return {f"{FOLDER}/{name}": render("accel", f"package/vitis_kernel/{name}.j2", **facts) for name in rendered}


OWN = ("clk", "reset", "in_reset", "interrupt")
"""Ports that the kernel connects itself."""
