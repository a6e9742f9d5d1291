"""Single mutations of the generated Verilog, C++ and memory files of five designs: does `sparrow verify` see them?

    python -m tests.mutation [--seed 1] [--other-seed 2] [--verilog 60] [--cpp 30] [--memory 12] [--design NAME] \\
        [--page PAGE]

Counts are mutants of each design; of the other seed's draw a third of them. Verdicts are kept in
build/mutation/results.jsonl, so that a run can be stopped and continued; they count for the sources that they were made
with only. Mutants that no tool takes are replaced. The page shows those of this choice alone; with --no-tries it is
made of the verdicts that are known already.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from functools import partial
from pathlib import Path

from accel.model.design import Design
from tests.mutation import designs, population
from tests.mutation.ledger import ROOT, Ledger, Row, state
from tests.mutation.mutants import Mutant, excerpt
from tests.mutation.page import judged, write_page
from tests.mutation.trial import Trial

FINDERS: Mapping[str, Callable[[Design], list[Mutant]]] = {
    "Verilog": population.of_verilog,
    "C++": population.of_cpp,
    "memory": population.of_memories,
}
WORKERS = 2


def main() -> int:
    """The command: 0 where no mutant survived that is not argued to be equivalent, else 1."""
    options = _options()
    counts = {"Verilog": options.verilog, "C++": options.cpp, "memory": options.memory}
    draws = {options.seed: counts}
    if options.other_seed is not None:
        draws[options.other_seed] = {language: count // 3 for language, count in counts.items()}
    names = options.design or list(designs.SPECS)
    with ProcessPoolExecutor(max_workers=options.workers) as pool:
        met = pool.map(partial(meet, work=options.work, draws=draws, tries=options.tries), names)
        rows = [judged(row) for of_design in met for row in of_design]
    if options.page:
        write_page(options.page, rows, " ".join(["python -m tests.mutation", *sys.argv[1:]]))
    survived = [row for row in rows if row["status"] == "survived"]
    for row in survived:
        print(f"survived: {row['id']} {row['design']} {row['file']}: {row['before']} -> {row['after']}")
    print(f"{len(rows)} mutants, {len(survived)} survived")
    return 1 if survived else 0


def meet(name: str, work: Path, draws: Mapping[int, Mapping[str, int]], tries: bool = True) -> list[Row]:
    """Verdicts on a number of mutants of each language of one design, draw by draw (a draw has a seed), those that are
    known taken from the ledger; without `tries` these alone.
    """
    design = designs.generated(name, work / name / "work")
    samples = designs.stimuli(design)
    ledger = Ledger(work / "results.jsonl", state(design, samples))
    trial = Trial(design, samples, work / name) if tries else None
    found = {language: FINDERS[language](design) for language in FINDERS}
    return [
        {**row, "seed": seed}
        for seed, counts in draws.items()
        for language, count in counts.items()
        for row in _lived(trial, ledger, found[language], seed, count)
    ]


def _lived(trial: Trial | None, ledger: Ledger, found: list[Mutant], seed: int, count: int) -> list[Row]:
    """The first ones that a tool takes, `count` of them, in the order of the seed; without a trial those of them that
    are known.
    """
    lived: list[Row] = []
    for mutant in population.chosen(found, seed):
        if len(lived) == count or (trial is None and mutant.id not in ledger.rows):
            break
        if trial is not None and mutant.id not in ledger.rows:
            ledger.add(_tried(trial, mutant))
        row = ledger.rows[mutant.id]
        if row["status"] != "stillborn":
            lived.append(row)
    return lived


def _tried(trial: Trial, mutant: Mutant) -> Row:
    start = time.perf_counter()
    verdict = trial.of(mutant)
    seconds, (before, after) = time.perf_counter() - start, excerpt(mutant)
    print(mutant.design, mutant.language, mutant.id, mutant.kind, verdict.status, verdict.reason[:70], flush=True)
    return {
        **{"id": mutant.id, "design": mutant.design, "language": mutant.language, "file": mutant.file},
        **{"line": mutant.line, "kind": mutant.kind, "before": before, "after": after},
        **{"seconds": round(seconds, 1), **asdict(verdict)},
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--other-seed", type=int)
    parser.add_argument("--verilog", type=int, default=60)
    parser.add_argument("--cpp", type=int, default=30)
    parser.add_argument("--memory", type=int, default=12)
    parser.add_argument("--design", action="append", choices=list(designs.SPECS))
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "mutation")
    parser.add_argument("--workers", type=int, default=WORKERS, choices=range(1, WORKERS + 1))
    parser.add_argument("--no-tries", action="store_false", dest="tries")
    parser.add_argument("--page", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
