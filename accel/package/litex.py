"""The accelerator of a package in LiteX: a module, a system on chip around it, and a host that predicts with it."""

from __future__ import annotations

from accel.base.templates import render
from accel.engines.bench import RESET_CYCLES
from accel.engines.ports import STATUS
from accel.model.design import Design
from accel.package.bench import Bench
from accel.package.ipxact import Ports

FOLDER = "litex"
"""Of the package, where the files are."""
LOOK = 20
"""Cycles between two looks of the host."""
FILES = ("accelerator.py", "soc.py", "test_soc.py")


def files(design: Design, run: Bench, ports: Ports, memories: bool) -> dict[str, str]:
    """Text of every file by its path; `memories` tells whether the top has the parameter for their folder."""
    facts = {
        "top": design.spec.identifier,
        "folder": FOLDER,
        "sources": {one.name: (one.width, one.marked) for one in run.sources},
        "sinks": {one.name: one.width for one in run.sinks},
        "tied": run.tied,
        "status": {port.name: port.width for port, _, _ in ports if port.name.startswith(STATUS)},
        "reset_cycles": RESET_CYCLES,
        "memories": memories,
        "hertz": round(design.spec.target.clock_mhz * 1e6),
        "patience": run.limit // LOOK + 1000,
        "look": LOOK,
    }
    return {f"{FOLDER}/{name}": render("accel", f"package/litex_soc/{name}.j2", **facts) for name in FILES}
