"""What skipping zeros brings, measured in Verilator on the column dataflow: writes docs/skipping.md.

    python tests/bench/skipping.py [NAME=WORK ...]

NAME=WORK measures the trained network in a work folder (`sparrow train specs/NAME.yaml --work WORK`), NAME/STUDY=WORK
what a study that removes units left in its `compact/STUDY`; without any, the seeded case is measured where it is
missing. Each design is built once and runs its samples at several thresholds: every output bit must equal the golden
model, and every step's cycles the schedule. Results are kept in docs/skipping.json.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from accel.architecture.shape import network
from accel.base.files import read_json, write_json, write_text
from accel.engines.verify import Contender, judge
from accel.engines.verilator import verilator
from accel.model import golden, samples, weights
from accel.model.design import Design
from accel.model.samples import Samples
from accel.rtl import convert, render
from accel.schedule import load_spec
from accel.schedule.schedule import Schedule, schedule
from accel.spec import Spec
from sparrow import flow

ROOT = Path(__file__).resolve().parents[2]
RECORD = ROOT / "docs" / "skipping.json"
SHARED = (1, 2, 4, 8)
"""Sequences that skip together: a column is left out where the state is zero in all (Skip, arXiv 1811.10396)."""
SEEDED = "seeded: 50 -> 1000 one-hot, dense weights, 100 lanes"
STEPS = 40


def seeded(share: float = 0.19) -> tuple[Design, Samples]:
    """The paper's size: one-hot inputs, 1000 units; random weights, a threshold that leaves such a share of states."""
    data = yaml.safe_load((ROOT / "specs" / "ptb-chars-1000.yaml").read_text(encoding="utf-8"))
    data["model"] |= {"hidden": [1000], "head": None}
    data |= {"sparsity": {"pattern": "dense"}, "training": {"task": "seeded"}, "name": "chars-by-columns"}
    data["engine"] = {"dataflow": "column", "units": 25}
    given = load_spec.parse(data)
    x = np.zeros((1, STEPS, given.model.inputs), dtype=np.int64)
    x[0, np.arange(STEPS), np.random.default_rng(1).integers(0, given.model.inputs, STEPS)] = 1
    inputs = Samples(x, np.array([STEPS]), np.array([-1]))
    dense = Design(given, weights.seeded(given), ROOT / "build" / "skipping")
    h = golden.run(dense.net, dense.weights, inputs.x).h[0, 4:]
    found = replace(dense, weights=replace(dense.weights, threshold=int(np.quantile(np.abs(h), 1 - share))))
    return found, inputs


@dataclass(frozen=True)
class Case:
    """A network, the sequences that are simulated, all test sequences, and what it is compared with."""

    made: Design
    inputs: Samples
    test: Samples
    operations: int
    """Multiply-accumulates of a step of the dense network, before units were removed."""
    metric: float | None
    """That network's accuracy in floating point over all test sequences."""


def seeded_case() -> Case:
    """The seeded one, which answers nothing."""
    made, inputs = seeded()
    return Case(made, inputs, inputs, operations(made.spec), None)


def trained(name: str, work: Path) -> Case:
    """A trained network of a spec, or what removing units left of it."""
    whole, _, study = name.partition("/")
    dense = load_spec.load(ROOT / "specs" / f"{whole}.yaml")
    metric = read_json(work / "training.json")["models"]["float"]
    folder = work / "compact" / study if study else work
    given = load_spec.load(folder / "spec.yaml") if study else dense
    test = samples.load(folder / "samples.npz", given)
    return Case(flow.design(given, folder), test.first(given.verify.sequences), test, operations(dense), metric)


def operations(given: Spec) -> int:
    """Multiply-accumulates of a step of the dense LSTM layers."""
    return sum(array.rows * (array.inputs + array.outputs) for array in network(given).layers)


def measure(case: Case) -> list[dict[str, Any]]:
    """A row for each threshold: none, half, the network's own, and half as much again."""
    made = case.made
    for path, text in render.render(made).items():
        write_text(made.work / path, text)
    write_text(made.work / "rtl" / f"{made.spec.identifier}.v", convert.convert(made))
    own = made.weights.threshold
    return [at(case, threshold) for threshold in dict.fromkeys((0, own // 2, own, own * 3 // 2))]


def at(case: Case, threshold: int) -> dict[str, Any]:
    """One run. Raises SystemExit where a bit or a cycle differs."""
    chosen = replace(case.made, weights=replace(case.made.weights, threshold=threshold))
    timing = schedule(chosen)
    result = judge("verilator", Contender(verilator, clocked=True), chosen, case.inputs, timing)
    if result.status != "equal":
        raise SystemExit(f"threshold {threshold}: {result.status}: {result.reason}")
    found = facts(replace(case, made=chosen), timing)
    return {"threshold": threshold, "steps": case.inputs.steps, "metric": case.metric} | found


def facts(case: Case, timing: Schedule) -> dict[str, Any]:
    """What the schedule says of the run that Verilator confirmed: cycles, waits, zeros."""
    made, inputs = case.made, case.inputs
    array, waits, passages = made.net.layers[0], timing.waits(inputs)[0], timing.passages(inputs)[0]
    zeros = zero_shares(made, inputs)
    return {
        "lanes": array.multipliers,
        "zeros": zeros,
        "interval": float(timing.intervals(inputs).mean()),
        "recurrent": float(np.mean([one.h_cycles for one in passages if one.h_cycles])),
        "busy": waits.busy / waits.cycles,
        "waits": {name: getattr(waits, name) / waits.cycles for name in ("input", "accumulators", "state", "ends")},
        "weights_kept": array.nonzeros / case.operations,
        "operations": case.operations,
        "units": array.outputs,
        "correct": accuracy(made, case.test),
        "tested": len(case.test.lengths),
    }


def zero_shares(made: Design, inputs: Samples) -> dict[str, float]:
    """Share of h_{t-1} that is skipped, for so many sequences that skip together; a sequence's first h is left out."""
    h = golden.run(made.net, made.weights, inputs.x, inputs.lengths).layers[0].signals["h"]
    below, real = np.abs(h) < made.weights.threshold, np.arange(h.shape[1]) < inputs.lengths[:, None] - 1
    found = {}
    for count in SHARED:
        groups = len(h) // count
        if groups:
            both = below[: groups * count].reshape(groups, count, *h.shape[1:]).all(1)
            within = real[: groups * count].reshape(groups, count, -1).all(1)
            found[str(count)] = float(both[within].mean())
    return found


def accuracy(made: Design, inputs: Samples) -> float | None:
    """Share of sequences with the right arg max; None where nothing is known to be right."""
    head = made.spec.model.head
    if head is None or head.kind != "argmax" or (inputs.labels < 0).any():
        return None
    outputs = golden.run(made.net, made.weights, inputs.x, inputs.lengths).outputs
    return float((outputs[:, -1, 0] == inputs.labels).mean())


TEXT = """# What skipping zeros brings

Made by `python tests/bench/skipping.py`; do not edit. Simulated: cycles are measured in Verilator, equal the schedule's
prediction step by step, and every bit of c_t and h_t equals the golden model. Thresholds are given to one and the same
hardware; 0 keeps every state (dense). "Recurrent part": cycles from a step's first column of h to its last, waits
included. "Step": mean interval between steps. Operations are the dense network's multiply-accumulates, where units were
removed those of the network before. "Correct" is the golden model over the whole test split.

{tables}
"""

COLUMNS = (
    "threshold",
    "states that are zero",
    "recurrent part",
    "fewer",
    "step",
    "fewer",
    "lanes busy",
    "waits: x / accumulators / h / ends",
    "dense operations per lane and cycle",
    "correct",
)


def table(rows: list[dict[str, Any]]) -> str:
    """The rows of one network as Markdown."""
    first = rows[0]
    lines = ["| " + " | ".join(COLUMNS) + " |", "|---" * len(COLUMNS) + "|"]
    for row in rows:
        waits = " / ".join(f"{100 * share:.1f}" for share in row["waits"].values())
        right = "" if row["correct"] is None else f"{row['correct']:.4f}"
        per_cycle = row["operations"] / row["lanes"] / row["interval"]
        cells = (
            *(str(row["threshold"]), f"{row['zeros']['1']:.1%}", f"{row['recurrent']:.1f}"),
            *(f"{first['recurrent'] / row['recurrent']:.2f} x", f"{row['interval']:.1f}"),
            *(f"{first['interval'] / row['interval']:.2f} x", f"{row['busy']:.1%}", f"{waits} %"),
            *(f"{per_cycle:.1f}", right),
        )
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def together(row: dict[str, Any]) -> str:
    """What would be left of the skipping if sequences shared it."""
    shares = {count: share for count, share in row["zeros"].items() if share < 1}
    parts = [f"{count}: {share:.1%} ({1 / (1 - share):.2f} x)" for count, share in shares.items()]
    return (
        "States that are zero in all of so many sequences at once, and what skipping them together would bring the"
        f" recurrent part: {', '.join(parts)}. With `streams` every sequence skips its own, so the first figure holds"
        " for any number of them."
    )


def page(record: dict[str, list[dict[str, Any]]]) -> str:
    """docs/skipping.md."""
    parts = []
    for name, rows in record.items():
        own = rows[2] if len(rows) > 2 else rows[-1]
        before = "" if own["metric"] is None else f" The dense network in floating point: {own['metric']:.4f} correct."
        head = (
            f"## {name}\n\n{own['units']} units, {own['lanes']} lanes, {own['weights_kept']:.1%} of the weights kept, "
            f"{own['steps']} steps simulated.{before}\n"
        )
        parts.append(f"{head}\n{table(rows)}\n\n{together(own)}")
    return TEXT.format(tables="\n\n".join(parts))


def main(arguments: list[str]) -> None:
    """Measure what is asked for, or the seeded case where it is missing; then write the page."""
    record = read_json(RECORD) if RECORD.is_file() else {}
    for argument in arguments:
        name, work = argument.split("=", 1)
        record[name] = measure(trained(name, Path(work)))
        write_json(RECORD, record)
    if not arguments and SEEDED not in record:
        record[SEEDED] = measure(seeded_case())
        write_json(RECORD, record)
    write_text(ROOT / "docs" / "skipping.md", page(record))


if __name__ == "__main__":
    main(sys.argv[1:])
