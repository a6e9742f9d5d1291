"""Proofs of the stream modules of eight designs, without bounds, and faults that they refute: `make prove`.

    python -m tests.proofs [--design NAME] [--page docs/proofs.md]

Ends with 1 where a property does not hold or a fault is not refuted, with 3 where a tool is missing.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.engines.awkward import design
from tests.engines.awkward_rows import AWKWARD
from tests.mutation.designs import SPECS, generated
from tests.proofs.page import write_page
from tests.proofs.prover import Faulty, Task, bounded, examined, missing, tasks

OTHERS = (
    "two layers, arg max of the last step",
    "four cells, two inputs a beat, operand register",
    "loaded weights, initial states, two layers, three streams, saturating",
)
"""Awkward designs beside those that are mutated."""
HELD = ("rows", "highway")
"""Designs that are held together in whole for some cycles."""
WORKERS = 2


@dataclass(frozen=True)
class Design:
    """A design whose modules are proved: its name, the Verilog, the top's name, and the folder of its contents."""

    name: str
    text: str
    top: str
    folder: Path


@dataclass(frozen=True)
class Outcome:
    """Of a module of a design: whether its claims are proved, claims that refuted a fault, faults that none did."""

    design: str
    task: Task
    holds: bool
    refuted: tuple[str, ...]
    missed: tuple[str, ...]
    seconds: float


def main() -> int:
    """The command."""
    options = _options()
    if tool := missing():
        print(f"not run: {tool} is not on this machine")
        return 3
    with tempfile.TemporaryDirectory() as name, ProcessPoolExecutor(max_workers=WORKERS) as pool:
        designs = [_made(one, Path(name)) for one in options.design or [*SPECS, *OTHERS]]
        every = list(_every(designs))
        wholes = [one for one in designs if one.name in HELD]
        found = [_told(one) for one in pool.map(outcome, *zip(*every, strict=True))]
        whole = {one.name: holds for one, holds in zip(wholes, pool.map(_bounded, wholes), strict=True)}
    print(*(f"{name}: {'held' if holds else 'BROKEN'}" for name, holds in whole.items()), sep="\n")
    idle = unrefuted(found) if not options.design else []
    print(*(f"{claim}: NO FAULT REFUTED" for claim in idle), sep="\n")
    if options.page:
        write_page(options.page, found, whole)
    return int(any(not one.holds or one.missed for one in found) or not all(whole.values()) or bool(idle))


def outcome(name: str, task: Task, tried: Sequence[Faulty]) -> Outcome:
    """Prove one module, and try faults of it."""
    start = time.perf_counter()
    holds, faults = examined(task, tried)
    caught = tuple(one.claim for one, refuted in faults if refuted)
    missed = tuple(f"{one.claim}: {one.fault}" for one, refuted in faults if not refuted)
    return Outcome(name, task, holds, caught, missed, time.perf_counter() - start)


def unrefuted(found: Sequence[Outcome]) -> list[str]:
    """Claims that refuted no fault of any module: they may say nothing."""
    claims = {f"{one.task.of.kind}.{claim}" for one in found for claim in one.task.of.claims}
    return sorted(claims - {f"{one.task.of.kind}.{claim}" for one in found for claim in one.refuted})


def _every(designs: Sequence[Design]) -> Iterator[tuple[str, Task, list[Faulty]]]:
    """Every module; each fault is tried in the first one of a kind that has a place for it."""
    seen: set[tuple[str, str]] = set()
    for one in designs:
        for task in tasks(one.text, one.top, one.folder):
            tried = [faulty for faulty in task.faulty() if (task.of.kind, faulty.fault) not in seen]
            seen |= {(task.of.kind, faulty.fault) for faulty in tried}
            yield one.name, task, tried


def _told(one: Outcome) -> Outcome:
    print(one.design, one.task.of.name, "proved" if one.holds else "NOT PROVED", *one.missed, flush=True)
    return one


def _bounded(one: Design) -> bool:
    return bounded(one.text, one.top, one.folder)


def _made(name: str, folder: Path) -> Design:
    work = folder / str(len(list(folder.iterdir())))
    work.mkdir()
    made = generated(name, work) if name in SPECS else design(work, verilog=True, **AWKWARD[name])
    top, rtl = made.spec.identifier, work / "rtl"
    return Design(name, (rtl / f"{top}.v").read_text(encoding="ascii"), top, rtl)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.proofs", description=__doc__.splitlines()[0])
    parser.add_argument("--design", action="append", choices=[*SPECS, *OTHERS])
    parser.add_argument("--page", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
