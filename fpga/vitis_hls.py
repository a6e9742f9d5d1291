"""Vitis HLS: C simulation, synthesis, co-simulation and export of the generated C++, as a plan."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from accel.base.faults import Fault, Refused
from accel.base.fixed import Integers
from accel.base.templates import read, render
from accel.engines.engine import reference
from accel.engines.hls import gives_result
from accel.engines.hls_script import inputs_text
from accel.hls.render import SOURCES, render_hls, top_name
from accel.memory.load_frame import frame
from accel.model import samples
from accel.model.design import Design
from accel.model.samples import Samples
from accel.schedule.turns import all_turns, in_order
from fpga.tool import Argv, Command, Plan

PHASES = ("csim", "csynth", "cosim", "export")
FLAGS = "-std=c++14 -DSPARROW_VITIS"
"""Macro of `platform.h`: vendor integers, streams and packets in every phase."""

VECTORS = ("inputs.txt", "expected.txt")
ARGUMENTS = "inputs.txt outputs.txt - expected.txt"
"""What the bench is started with; the tool runs it in a folder of its own, where the bench files are copied to."""

REPORT = "project/solution/syn/report/{top}_csynth.xml"
COSIM_REPORT = "project/solution/sim/report/{top}_cosim.rpt"
RESOURCES = ("BRAM_18K", "DSP", "FF", "LUT", "URAM")


def plan(design: Design) -> Plan:
    """Everything that Vitis HLS needs for a design, in one folder: C++, test vectors with results, a script a phase."""
    top = top_name(design)
    sources = {Path(path).name: text for path, text in render_hls(design).items()}
    vectors = dict(zip(VECTORS, _vectors(design), strict=True))
    bench = [SOURCES[1], *vectors]
    settings = render(
        "fpga",
        "templates/vitis_hls/settings.tcl.j2",
        top=top,
        part=design.spec.target.part,
        period_ns=f"{1000.0 / design.spec.target.clock_mhz:.3f}",
        design_files=[SOURCES[0]],
        bench_files=bench,
        bench_arguments=ARGUMENTS,
        flags=FLAGS,
    )
    scripts = {f"{name}.tcl": read("fpga", f"templates/vitis_hls/{name}.tcl") for name in ("project", *PHASES)}
    scripts["phase.tcl"] = read("fpga", "templates/phase.tcl")
    return Plan(
        title=f"Vitis HLS, {design.spec.name}",
        files={**sources, **vectors, "settings.tcl": settings, **scripts},
        commands=tuple(_commands(top, [*sources, *vectors])),
        reports={"synthesis": REPORT.format(top=top), "cosimulation": COSIM_REPORT.format(top=top)},
    )


def _commands(top: str, inputs: list[str]) -> list[Command]:
    needs = (*inputs, "settings.tcl", "phase.tcl", "project.tcl")
    synthesis = REPORT.format(top=top)
    return [
        Command("csim", _script("csim"), (*needs, "csim.tcl"), ("csim.done",)),
        Command("csynth", _script("csynth"), (*needs, "csynth.tcl"), ("csynth.done", synthesis)),
        Command("cosim", _script("cosim"), ("csynth.done", "cosim.tcl"), ("cosim.done",)),
        Command("export", _script("export"), ("csynth.done", "export.tcl"), ("export.done", "ip.zip")),
    ]


def _script(phase: str) -> tuple[Argv, ...]:
    """`vitis-run` replaced `vitis_hls`; both read the same Tcl."""
    return (("vitis-run", "--mode", "hls", "--tcl", f"{phase}.tcl"), ("vitis_hls", "-f", f"{phase}.tcl"))


def _vectors(design: Design) -> tuple[str, str]:
    """Inputs and expected results of a few steps: RTL is simulated slowly.

    All sequences are equally long and each stream has as many, so no turn is without a sequence.
    """
    streams = design.spec.engine.streams
    some = samples.seeded(design.spec, 2, 2) + samples.corners(design.spec, 2)
    count = len(some.x) * streams
    chosen = Samples(np.tile(some.x, (streams, 1, 1)), np.full(count, 2), np.full(count, -1))
    chosen = samples.with_states(chosen, design.spec)
    order = all_turns(chosen.lengths.tolist(), streams, design.net.layers[0].initial_state)
    taken = [turn for turn in order if turn.is_step]
    answered = [turn for turn in taken if gives_result(design, turn)]
    results = reference(design, chosen).outputs
    ordered = np.empty_like(results)
    ordered[in_order(answered)] = results
    frames = {0: [frame(design)]} if design.spec.engine.memory == "scratchpad" else None
    return inputs_text(design, chosen, order, frames), _results_text(ordered)


def _results_text(outputs: Integers) -> str:
    return "".join(" ".join(map(str, row)) + "\n" for row in outputs.tolist())


@dataclass(frozen=True)
class Synthesis:
    """What Vitis HLS says of a design: its own estimates, made before place and route."""

    top: str
    part: str
    version: str
    target_ns: float
    estimated_ns: float
    interval_cycles: tuple[int, int] | None
    """Cycles from step to step, least and most; None where the tool does not bound them."""
    resources: dict[str, int]
    available: dict[str, int]

    @property
    def slack_ns(self) -> float:
        """Negative where the estimated clock misses the target."""
        return round(self.target_ns - self.estimated_ns, 3)


def parse_synthesis(path: Path) -> Synthesis:
    """Read the XML report of csynth. Refused where it is none."""
    try:
        root = ElementTree.fromstring(path.read_text(encoding="utf-8"))
        return Synthesis(
            top=_text(root, "UserAssignments/TopModelName"),
            part=_text(root, "UserAssignments/Part"),
            version=_text(root, "ReportVersion/Version"),
            target_ns=float(_text(root, "UserAssignments/TargetClockPeriod")),
            estimated_ns=float(_text(root, "PerformanceEstimates/SummaryOfTimingAnalysis/EstimatedClockPeriod")),
            interval_cycles=_interval(root),
            resources={name: int(_text(root, f"AreaEstimates/Resources/{name}")) for name in RESOURCES},
            available={name: int(_text(root, f"AreaEstimates/AvailableResources/{name}")) for name in RESOURCES},
        )
    except (OSError, ElementTree.ParseError, ValueError) as error:
        raise Refused([Fault(str(path), "a synthesis report of Vitis HLS", str(error))]) from None


def _interval(root: ElementTree.Element) -> tuple[int, int] | None:
    ends = [_text(root, f"PerformanceEstimates/SummaryOfOverallLatency/Interval-{end}") for end in ("min", "max")]
    return (int(ends[0]), int(ends[1])) if all(end.isdecimal() for end in ends) else None


def _text(root: ElementTree.Element, path: str) -> str:
    found = root.findtext(path)
    if found is None:
        raise ValueError(f"no {path}")
    return found.strip()
