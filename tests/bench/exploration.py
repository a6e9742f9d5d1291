"""How good the search of `sparrow explore` is, against trying everything: writes docs/exploration-search.md.

    python -m tests.bench.exploration [--seeds 1 2 3 4 5]

On a space small enough to be tried out (the engine of `specs/digits.yaml`, hardware alone, cycles, multipliers and
memory bits), the share of the whole space's hypervolume that each sampler reaches with a part of its designs.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

from accel.base.faults import Refused
from accel.base.files import write_text
from accel.schedule.load_spec import load
from exploration import axes
from exploration.axes import Axis, Choice
from exploration.front import front, hypervolume
from exploration.hardware import Machine, missing
from exploration.measures import measures, signed
from exploration.study import Outcome, Plan, Point, Sampler, run
from exploration.work import Beaten, Job, work_out

ROOT = Path(__file__).resolve().parents[2]
SPEC = ROOT / "specs" / "digits.yaml"
PAGE = ROOT / "docs" / "exploration-search.md"
KNOWN = measures(None)
WANTED = tuple(KNOWN[name] for name in ("cycles", "multipliers", "memory_bits"))
SPACE = (
    Axis("engine.units", (1, 2, 3, 4, 5, 6, 7, 8, 11, 16, 32)),
    Axis("engine.lanes_per_row", (1, 2, 3, 4)),
    Axis("engine.cells_per_cycle", (1, 2, 4, 8)),
    Axis("engine.input_words", (1, 2, 4, 8)),
    Axis("engine.streams", (1, 2, 3, 4)),
)
SAMPLERS: tuple[Sampler, ...] = ("nsga2", "tpe", "random")
PARTS = (0.05, 0.10, 0.20)
SECONDS = 10.0
"""Processor time over which designs are worked out to tell how many a minute."""
BOTH_WAYS = {"model.bidirectional": True, "model.longest": 8, "model.head": None}
KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "rows, in both orders": ("digits", {}),
    "rows of a GRU": ("spoken-digits-gru", {}),
    "rows, weights loaded": ("tiny-loaded", {}),
    "rows, both directions": ("tiny", BOTH_WAYS),
    "rows of 1,024 units": ("timit-1024", {}),
    "rows of 1,024 units in banks": ("timit-1024-bank", {}),
    "columns": ("digits-columns", {}),
}
"""Specs whose engines are drawn, and what is other."""

TEXT = """# How good the search is

Made by `python -m tests.bench.exploration`; do not edit. All {choices:,} choices of {axes} axes of
`specs/digits.yaml` were worked out (hardware alone; cycles, multipliers, memory bits): {designs:,} are designs, {best}
of them are on the front, and it took {rate:,.0f} choices a minute of one core ({cpu}; processor time).
A share is the hypervolume of what a sampler found, of that of all designs; the corner that bounds it is the worst of
each objective. Mean over seeds {seeds}, with the least and the largest.

| sampler | {head} |
|---|{rule}|
{rows}

Random search is what a sampler has to beat; on this space, where many designs are about as good, it is hard to beat.
Proposals that are no design, or that were worked out before, cost nothing and do not count.

## Designs a minute

Random choices of every axis that sparrow proposes for a spec's engine (cycles, multipliers, memory bits, energy), in
{seconds:.0f} s of processor time each, on one core.

| kind | spec | legal designs a minute | of choices drawn |
|---|---|---|---|
{rates}

Cycles are those of the schedule itself, so they equal it. By columns it is worked out column by column, which takes
longer.
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Try everything, then search; write the page."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.exploration", description=main.__doc__)
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3, 4, 5])
    seeds = parser.parse_args(arguments).seeds
    began = time.process_time()
    known = everything()
    seconds = time.process_time() - began
    designs = np.array([row(outcome) for outcome in known.values() if not outcome.refused])
    worst = designs.max(axis=0) * 1.01
    whole = hypervolume(designs[front(designs)], worst)
    budgets = [round(part * len(designs)) for part in PARTS]
    rows = []
    for sampler in SAMPLERS:
        found = [[share(known, sampler, seed, budget, worst, whole) for seed in seeds] for budget in budgets]
        cells = [f"{fmean(one):.1%} ({min(one):.1%}–{max(one):.1%})" for one in found]
        rows.append(f"| {sampler} | {' | '.join(cells)} |")
        print(rows[-1], flush=True)
    text = TEXT.format(
        choices=len(known),
        axes=len(SPACE),
        designs=len(designs),
        best=len(front(designs)),
        rate=60 * len(known) / seconds,
        cpu=cpu(),
        seeds=", ".join(map(str, seeds)),
        head=" | ".join(f"{budget} designs, {part:.0%}" for part, budget in zip(PARTS, budgets, strict=True)),
        rule="---|" * (len(PARTS) - 1) + "---",
        rows="\n".join(rows),
        seconds=SECONDS,
        rates="\n".join(rate(kind) for kind in KINDS),
    )
    write_text(PAGE, text)


def rate(kind: str) -> str:
    """A row of the table of designs a minute."""
    name, changes = KINDS[kind]
    spec = axes.with_fixed(load(ROOT / "specs" / f"{name}.yaml"), changes)
    chosen, data, draw, drawn, legal = axes.proposed(spec, networks=False), axes.base(spec), random.Random(1), 0, 0
    began = time.process_time()
    while (spent := time.process_time() - began) < SECONDS:
        drawn += 1
        try:
            made = axes.spec_of(data, {axis.key: draw.choice(axis.values) for axis in chosen})
        except Refused:
            continue
        asked = ("cycles", "multipliers", "memory_bits", "energy")
        Machine(made).measure([one for one in asked if not missing(made, [one])])
        legal += 1
    row = f"| {kind} | `{name}` | {60 * legal / spent:,.0f} | {legal / drawn:.0%} |"
    print(row, flush=True)
    return row


def everything() -> dict[str, Outcome]:
    """The outcome of every choice."""
    spec = load(SPEC)
    job = Job(axes.base(spec), None, tuple(one.name for one in WANTED), Path(), Path())
    names = [axis.key for axis in SPACE]
    choices = (dict(zip(names, values, strict=True)) for values in product(*(axis.values for axis in SPACE)))
    return {key(choice): work_out(job, choice, Beaten((), WANTED)) for choice in choices}


def key(choice: Choice) -> str:
    """A choice as a key."""
    return repr(sorted(choice.items()))


def row(outcome: Outcome) -> list[float]:
    """The objectives of a design, less is better."""
    return list(signed(outcome.values, WANTED))


def share(
    known: dict[str, Outcome], sampler: Sampler, seed: int, budget: int, worst: Sequence[float], whole: float
) -> float:
    """The share of the hypervolume that a sampler reaches with a number of designs."""

    def look_up(choices: Sequence[Choice], _: Sequence[Point]) -> Iterator[Outcome]:
        return (known[key(choice)] for choice in choices)

    with tempfile.TemporaryDirectory() as folder:
        plan = Plan(SPACE, WANTED, (), sampler, seed)
        points = run(plan, budget, look_up, Path(folder) / "journal.log", lambda done, of: None)
    found = np.array([row(point.outcome) for point in points])
    return hypervolume(found[front(found)], worst) / whole


def cpu() -> str:
    """The processor, as Linux names it."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return next(
        (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "an unknown processor"
    )


if __name__ == "__main__":
    main()
