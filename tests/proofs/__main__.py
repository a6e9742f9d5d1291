"""Proofs of the stream modules of eight designs, without bounds, and faults that they refute: `make prove`.

    python -m tests.proofs [--design NAME] [--page docs/proofs.md]

Ends with 1 where a property does not hold or a fault is not refuted, with 3 where a tool is missing.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.engines.awkward import design
from tests.engines.awkward_rows import AWKWARD
from tests.mutation.designs import SPECS, generated
from tests.proofs.page import write_page
from tests.proofs.prover import Task, missing, proved, refuted, tasks

OTHERS = (
    "two layers, arg max of the last step",
    "four cells, two inputs a beat, operand register",
    "loaded weights, initial states, two layers, three streams, saturating",
)
"""Awkward designs beside those that are mutated."""
WORKERS = 2


@dataclass(frozen=True)
class Outcome:
    """Of a module of a design: whether its property is proved, faults that were refuted, and those that were not."""

    design: str
    module: str
    kind: str
    holds: bool
    refuted: int
    missed: tuple[str, ...]
    seconds: float


def main() -> int:
    """The command."""
    options = _options()
    if tool := missing():
        print(f"not run: {tool} is not on this machine")
        return 3
    with ProcessPoolExecutor(max_workers=WORKERS) as pool:
        found = list(pool.map(outcome, *zip(*_every(options.design), strict=True)))
    for one in found:
        print(one.design, one.module, "proved" if one.holds else "NOT PROVED", *one.missed)
    if options.page:
        write_page(options.page, found)
    return int(any(not one.holds or one.missed for one in found))


def outcome(name: str, task: Task) -> Outcome:
    """Prove one module, and try its faults."""
    start = time.perf_counter()
    holds, faults = proved(task), list(task.faulty())
    missed = tuple(fault for fault, text in faults if not refuted(task, text))
    seconds = time.perf_counter() - start
    return Outcome(name, task.name, task.of.kind, holds, len(faults) - len(missed), missed, seconds)


def _every(wanted: list[str] | None) -> Iterator[tuple[str, Task]]:
    for name in wanted or [*SPECS, *OTHERS]:
        with tempfile.TemporaryDirectory() as folder:
            work = Path(folder)
            made = generated(name, work) if name in SPECS else design(work, verilog=True, **AWKWARD[name])
            top = made.spec.identifier
            for task in tasks((work / "rtl" / f"{top}.v").read_text(encoding="ascii"), top):
                yield name, task


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.proofs", description=__doc__.splitlines()[0])
    parser.add_argument("--design", action="append", choices=[*SPECS, *OTHERS])
    parser.add_argument("--page", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
