"""What skipping zeros brings, measured in Verilator on the column dataflow: writes docs/skipping.md.

    python -m tests.bench.skipping [NAME ...] [--seeds 1 2 3 4 5] [--runs build/results]

NAME is a spec whose trainings `make results` left in RUNS/NAME-SEED; NAME/STUDY what a study that removes units left in
their `compact/STUDY`. Without any, the seeded case is measured where it is missing. The network of the first seed is
built and runs its samples at several thresholds: every output bit must equal the golden model, and every step's cycles
the schedule. Those of the other seeds are told by that schedule alone. Kept in docs/skipping.json, a network again only
where its weights changed; seeds that were not trained are left out.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from accel.architecture.network import network
from accel.base.files import read_json, write_json, write_text
from accel.engines.verify import DeviceUnderTest, compare
from accel.engines.verilator import verilator
from accel.model import golden, random_weights, samples
from accel.model.design import Design
from accel.model.samples import Samples
from accel.rtl import convert, render
from accel.schedule import load_spec
from accel.schedule.schedule import Schedule, schedule
from accel.spec import Spec
from sparrow import steps
from tests.bench.skipping_page import page

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
    dense = Design(given, random_weights.seeded(given), ROOT / "build" / "skipping")
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


def folder_of(name: str, runs: Path, seed: int) -> Path:
    """Where a training of a spec lies, or what removing units left of it."""
    whole, _, study = name.partition("/")
    work = runs / f"{whole}-{seed}"
    return work / "compact" / study if study else work


def trained(name: str, runs: Path, seed: int) -> Case:
    """A trained network of a spec, or what removing units left of it."""
    whole, _, study = name.partition("/")
    dense, folder = load_spec.load(ROOT / "specs" / f"{whole}.yaml"), folder_of(name, runs, seed)
    given = load_spec.load(folder / "spec.yaml") if study else dense
    test, metric = samples.load(folder / "samples.npz", given), dense_metric(whole, runs, seed)
    return Case(steps.design(given, folder), test.first(given.verify.sequences), test, operations(dense), metric)


def dense_metric(whole: str, runs: Path, seed: int) -> float:
    """Accuracy of the dense network of a seed: by its training, or by a point of the trade-off, which trains less."""
    record = runs / f"{whole}-{seed}" / "training.json"
    if record.is_file():
        return float(read_json(record)["models"]["float"])
    points = read_json(ROOT / "docs" / "tradeoff.json")[whole].values()
    return float(next(one[str(seed)]["dense"] for one in points if str(seed) in one))


def operations(given: Spec) -> int:
    """Multiply-accumulates of a step of the dense LSTM layers."""
    return sum(array.rows * (array.inputs + array.outputs) for array in network(given).layers)


def measure(case: Case, simulate: bool = True) -> list[dict[str, Any]]:
    """A row for each threshold: none, half, the network's own, and half as much again."""
    made = case.made
    if simulate:
        for path, text in render.render(made).items():
            write_text(made.work / path, text)
        write_text(made.work / "rtl" / f"{made.spec.identifier}.v", convert.convert(made))
    own = made.weights.threshold
    return [at(case, threshold, simulate) for threshold in dict.fromkeys((0, own // 2, own, own * 3 // 2))]


def at(case: Case, threshold: int, simulate: bool) -> dict[str, Any]:
    """One run. Raises SystemExit where a bit or a cycle of the simulation differs."""
    chosen = replace(case.made, weights=replace(case.made.weights, threshold=threshold))
    timing = schedule(chosen)
    if simulate:
        result = compare("verilator", DeviceUnderTest(verilator, clocked=True), chosen, case.inputs, timing)
        if result.status != "equal":
            raise SystemExit(f"threshold {threshold}: {result.status}: {result.reason}")
    found = facts(replace(case, made=chosen), timing)
    return {"threshold": threshold, "steps": case.inputs.steps, "metric": case.metric, "simulated": simulate} | found


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
    """Share of h_{t-1} that is skipped, for several sequences that skip together; a sequence's first h is left out."""
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


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what is asked for, or the seeded case where it is missing; then write the page."""
    given, record = _parser().parse_args(arguments), read_json(RECORD) if RECORD.is_file() else {}
    for name in given.names:
        there = [seed for seed in given.seeds if (folder_of(name, given.runs, seed) / "weights.npz").is_file()]
        if not there:
            raise SystemExit(f"{folder_of(name, given.runs, given.seeds[0])}: not trained")
        record[name] = {str(seed): held for seed in there if (held := record.get(name, {}).get(str(seed)))}
        for seed in there:
            digest = weights_digest(folder_of(name, given.runs, seed))
            if record[name].get(str(seed), {}).get("weights") != digest:
                rows = measure(trained(name, given.runs, seed), simulate=seed == there[0])
                record[name][str(seed)] = {"weights": digest, "rows": rows}
                write_json(RECORD, record)
    if not given.names and SEEDED not in record:
        record[SEEDED] = {"1": {"weights": None, "rows": measure(seeded_case())}}
    write_json(RECORD, record)
    write_text(ROOT / "docs" / "skipping.md", page(record))


def weights_digest(folder: Path) -> str:
    """SHA-256 of the integers that a training left."""
    return hashlib.sha256((folder / "weights.npz").read_bytes()).hexdigest()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.skipping", description=main.__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3, 4, 5])
    parser.add_argument("--runs", type=Path, default=ROOT / "build" / "results")
    return parser


if __name__ == "__main__":
    main()
