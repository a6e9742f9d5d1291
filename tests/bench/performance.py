"""Cycles of the accelerator at the papers' sizes, measured in Verilator: writes docs/performance.md.

    python -m tests.bench.performance [NAME ...]

Each design runs 100 steps of seeded inputs (a sequence for each stream); every output bit must equal the golden model and every
step's cycles the schedule. Results are kept in build/performance.json, so the script can be stopped and continued.
"""

from __future__ import annotations

import importlib.metadata
import platform
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from accel.base.files import read_json, write_json, write_text
from accel.engines.verify import DeviceUnderTest, compare
from accel.engines.verilator import verilator
from accel.model import golden, random_weights
from accel.model.design import Design
from accel.model.samples import Samples
from accel.rtl import convert, render
from accel.schedule import load_spec
from accel.schedule.schedule import Schedule, schedule
from tests.bench.presets import changed, slug

STEPS = 100
CLOCK_MHZ = 200
ROOT = Path(__file__).resolve().parents[2]
RECORD, PAGE = ROOT / "build" / "performance.json", ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- goals: python -m tests.bench.goals -->", "<!-- end of goals -->"
"""Around the section of the page that another script writes."""

DUAL = {"input": 0.5, "recurrent": 0.931}
"""timit-1024 at the same nonzeros a row as 87.5 % of both."""


GRU = {"engine": {"cells_per_cycle": 4}, "formats": {"cell": [18, 16]}}
"""timit-1024's lanes with GRUs in place of LSTMs."""
SEEDED = {"training": {"task": "seeded"}}
DIGITS: dict[str, dict[str, Any]] = SEEDED | {"sparsity": {"search": None, "input": 0.25, "recurrent": 0.8125}}
"""digits with the ratios that its search chooses: 6 weights of W_x and 6 of W_h in a row."""
FINE = {"formats": {"cell": [16, 14]}}
HIGHWAY = {"model": {"cell": "highway", "depth": 2}, "engine": {"cells_per_cycle": 2}, **FINE}


def x_first(changes: dict[str, dict[str, Any]], **engine: Any) -> dict[str, dict[str, Any]]:
    """The same with the x of all groups before the first h (decision 043)."""
    return changes | {"engine": changes.get("engine", {}) | engine | {"order": "x_first"}}


def split(units: int, lanes: int, cells: int) -> dict[str, Any]:
    """One lane of a row for W_x, the rest for W_h."""
    return {"units": units, "lanes_per_row": lanes, "lanes": "split", "input_lanes": 1, "cells_per_cycle": cells}


CASES: dict[str, tuple[str, dict[str, dict[str, Any]]]] = {
    "timit-1024, 256 lanes": ("timit-1024", {"engine": {"units": 64, "cells_per_cycle": 1}}),
    "timit-1024, 1024 lanes": ("timit-1024", {}),
    "timit-1024, 2048 lanes": ("timit-1024", {"engine": {"units": 512, "cells_per_cycle": 8}}),
    "timit-1024, dual ratio": ("timit-1024", {"sparsity": DUAL}),
    "timit-1024, columns shared by gates": ("timit-1024", {"sparsity": {"shared_by_gates": True}}),
    "timit-1024, split lanes 1 + 1": ("timit-1024", {"engine": split(128, 2, 1)}),
    "timit-1024, split lanes 1 + 7": ("timit-1024", {"engine": split(32, 8, 2)}),
    "timit-1024, GRU, 768 lanes": ("timit-1024", {"model": {"cell": "gru"}, **GRU}),
    "timit-1024, GRU that resets first, 256 lanes": ("timit-1024", {"model": {"cell": "gru_reset_first"}, **GRU}),
    "square-1024, 1024 lanes": ("square-1024", {}),
    "ptb-1500x2, 1000 lanes a layer": ("ptb-1500x2", {}),
    "speech-128, 32 lanes": ("speech-128", {}),
    "digits, 32 lanes, two streams": ("digits", {"engine": {"streams": 2}, "training": {"task": "seeded"}}),
    "tiny, 4 lanes": ("tiny", {}),
    "tiny, x first": ("tiny", x_first({})),
    "digits, 32 lanes": ("digits", DIGITS),
    "digits, x first": ("digits", x_first(DIGITS)),
    "digits, x first, 4 cells": ("digits", x_first(SEEDED, cells_per_cycle=4)),
    "digits, GRU, x first": ("digits", x_first(DIGITS | {"model": {"cell": "gru"}})),
    "digits, GRU that resets first, x first": (
        "digits",
        x_first(DIGITS | {"model": {"cell": "gru_reset_first"}, **FINE}),
    ),
    "digits, highway of two levels, x first": ("digits", x_first(DIGITS | HIGHWAY)),
    "speech-128, x first": ("speech-128", x_first({})),
    "timit-1024, loaded weights, x first": ("timit-1024", x_first({}, memory="scratchpad")),
    "timit-1024, loaded weights, x first, 4 cells": ("timit-1024", x_first({}, memory="scratchpad", cells_per_cycle=4)),
}


def design(name: str) -> Design:
    """A case with its seeded weights, rendered and converted into build/performance."""
    built = seeded(name)
    for path, text in render.render(built).items():
        write_text(built.work / path, text)
    write_text(built.work / "rtl" / f"{built.spec.identifier}.v", convert.convert(built))
    return built


def seeded(name: str) -> Design:
    """A case with its seeded weights."""
    base, changes = CASES[name]
    made = load_spec.parse(changed(base, changes))
    return Design(made, random_weights.seeded(made), ROOT / "build" / "performance" / slug(name))


def inputs(made: Design) -> Samples:
    """A sequence of seeded x_t for each stream."""
    fmt, rng, streams = made.spec.formats.input, np.random.default_rng(1), made.spec.engine.streams
    x = rng.integers(fmt.lo, fmt.hi + 1, (streams, STEPS, made.spec.model.inputs))
    return Samples(x, np.full(streams, STEPS), np.full(streams, -1))


def measure(name: str) -> dict[str, Any]:
    """One row of the table. Raises SystemExit where a bit or a cycle differs."""
    start = time.perf_counter()
    made = design(name)
    generated = time.perf_counter() - start
    timing, samples = schedule(made), inputs(made)
    result = compare(name, DeviceUnderTest(verilator, clocked=True), made, samples, timing)
    if result.status != "equal":
        raise SystemExit(f"{name}: {result.status}: {result.reason}")
    again = time.perf_counter()
    verilator(made, samples)
    run = time.perf_counter() - again
    again = time.process_time()
    golden.run(made.net, made.weights, samples.x)
    reference = time.process_time() - again
    return facts(made, timing, result.cycles_per_step) | {
        "generate_s": round(generated, 1),
        "build_s": round(max(0.0, result.seconds - run), 1),
        "run_s": round(run, 1),
        "golden_steps_per_s": round(STEPS * made.spec.engine.streams / reference),
    }


def facts(made: Design, timing: Schedule, cycles: int | None) -> dict[str, Any]:
    """What follows from the design and its measured cycles."""
    layers = made.net.layers
    nonzeros, lanes = sum(a.nonzeros for a in layers), sum(a.multipliers for a in layers)
    operations = sum(2 * a.rows * (a.x_levels * a.inputs + a.levels * a.outputs) for a in layers)
    bits, streams = [a.memory_bits for a in layers], made.spec.engine.streams
    assert cycles is not None
    return {
        "shape": " -> ".join(str(n) for n in (made.spec.model.inputs, *made.spec.model.hidden)),
        "kept": " ".join(f"{a.nnz[0]}+{a.nnz[1]}" for a in layers),
        "lanes": lanes,
        "nonzeros": nonzeros,
        "gap": timing.gap,
        "cycles": cycles,
        "utilisation": nonzeros / (lanes * cycles),
        "whole": streams * STEPS * nonzeros / (lanes * (timing.finish([STEPS] * streams) + 1)),
        "values": sum(b["values"] for b in bits),
        "indices": sum(b["indices"] for b in bits),
        "vectors": sum(b["x copies"] + b["h copies"] for b in bits),
        "latency_us": timing.latency / CLOCK_MHZ,
        "step_us": cycles / CLOCK_MHZ,
        "operations_per_cycle": operations / cycles,
    }


COLUMNS = (
    ("shape", "shape", "{}"),
    ("K_x+K_h", "kept", "{}"),
    ("lanes", "lanes", "{}"),
    ("gap", "gap", "{}"),
    ("cycles/step", "cycles", "{}"),
    ("utilisation", "utilisation", "{:.2%}"),
    ("over 100 steps", "whole", "{:.2%}"),
    ("values, Mbit", "values", "{:.2f}"),
    ("indices, Mbit", "indices", "{:.2f}"),
    ("vector copies, Mbit", "vectors", "{:.2f}"),
    ("step, us", "step_us", "{:.2f}"),
    ("latency, us", "latency_us", "{:.2f}"),
    ("effective op/cycle", "operations_per_cycle", "{:.0f}"),
    ("generate, s", "generate_s", "{}"),
    ("Verilator build, s", "build_s", "{}"),
    ("100 steps, s", "run_s", "{}"),
    ("golden, steps/CPU s", "golden_steps_per_s", "{}"),
)

TEXT = """# Performance

Made by `python -m tests.bench.performance`; do not edit. {where}

Cycles are **measured in Verilator** over 100 steps of seeded inputs, and equal the schedule's prediction step by step;
every bit of c_t and h_t equals the golden model. Utilisation = nonzeros / (lanes x cycles) in steady state; "over 100
steps" counts from the first input beat to the last output. Memory bits are exact. Times assume a clock of {clock} MHz,
which is **not** a routed result. "Effective" counts the dense network's operations, 8 H (I + H) a layer of LSTMs and step,
6 H (I + H) of GRUs.
Seconds are single runs on a shared machine.

{table}

## What was wanted

{goals}

## Beside published figures

Figures of papers with the mark of their source: [V] in the primary source, [S] in a secondary one, [D] derived. The
workloads and clocks differ; ours are simulated cycles at an assumed clock, theirs are whole systems.

| work | what is published | ours, timit-1024 at 1024 lanes |
|---|---|---|
| ESE (FPGA'17), 200 MHz | 282 GOPS on the sparse network = 2.52 TOPS dense-equivalent [V] | {sparse:.0f} = {dense:.2f} |
| BBS (FPGA'19), Arria 10 | 750.9 GOPS on the sparse network at batch 1 [V] | {sparse:.0f} GOPS at batch 1 |
| Spartus (TNNLS'22), 1024 units | 1 us a step, 9.4 TOp/s effective, weights and states sparse [V] | {step:.2f} us, weights alone |
| CSB-RNN (ICS'20) | 0.79 to 6.58 us [V] | {step:.2f} us a step |
"""


def table(rows: dict[str, dict[str, Any]]) -> str:
    """The rows as Markdown."""
    lines = ["| case | " + " | ".join(title for title, _, _ in COLUMNS) + " |", "|---" * (len(COLUMNS) + 1) + "|"]
    for name, row in rows.items():
        shown = row | {key: row[key] / 1e6 for key in ("values", "indices", "vectors")}
        lines.append(f"| {name} | " + " | ".join(form.format(shown[key]) for _, key, form in COLUMNS) + " |")
    return "\n".join(lines)


def page(rows: dict[str, dict[str, Any]]) -> str:
    """docs/performance.md."""
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("myhdl", "verilator", "numpy"))
    where = f"{platform.machine()}, Python {platform.python_version()}, {versions}."
    main = rows["timit-1024, 1024 lanes"]
    per_second = CLOCK_MHZ * 1e6 / main["cycles"]
    return TEXT.format(
        where=where,
        clock=CLOCK_MHZ,
        table=table(rows),
        goals=goals(PAGE.read_text(encoding="utf-8")),
        sparse=2 * main["nonzeros"] * per_second / 1e9,
        dense=main["operations_per_cycle"] * CLOCK_MHZ / 1e6,
        step=main["step_us"],
    )


def goals(text: str) -> str:
    """The section of a page between its marks, these with it."""
    return BEGIN + text.split(BEGIN)[1].split(END)[0] + END


def main(names: list[str]) -> None:
    """Measure what is asked for, or what is missing; then write the page."""
    rows = read_json(RECORD) if RECORD.is_file() else {}
    for name in names or [case for case in CASES if case not in rows]:
        print(name, flush=True)
        rows[name] = measure(name)
        write_json(RECORD, rows)
        print("   ", rows[name], flush=True)
    rows = {name: rows[name] for name in CASES if name in rows}
    write_text(PAGE, page(rows))


if __name__ == "__main__":
    main(sys.argv[1:])
