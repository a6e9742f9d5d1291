"""`make results`: run what is missing of a list of specs and seeds, and write a page from the runs' own records.

The records lie beside the page, so that whoever has the page can make it again. Can be stopped at any moment: the next
call goes on from the checkpoints, and keeps runs whose spec did not change. A spec whose first seed took ten minutes or
more of training is not run with the others.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from accel.base.faults import REFUSED, SIGNALLED, Refused, Stopped
from accel.base.files import read_json, write_json, write_text
from accel.base.progress import Progress
from accel.schedule.load_spec import load
from accel.spec import Spec
from training.checkpoint import fingerprint

LONG = 900.0
"""Seconds of training from which on one seed has to do."""


@dataclass(frozen=True)
class Run:
    """One spec with one seed: the folder it works in, and the file in which its record is kept."""

    spec: Spec
    source: Path
    folder: Path
    kept: Path

    @property
    def digest(self) -> str:
        """Of everything in the spec that training depends on."""
        return fingerprint(self.spec, ("model", "sparsity", "weights", "formats", "tables"))

    def record(self) -> dict[str, Any] | None:
        """What training left, and the machine; None where it was not run, or with another spec."""
        if not self.kept.is_file():
            return None
        found: dict[str, Any] = read_json(self.kept)
        return found if found["digest"] == self.digest else None

    def make(self, progress: Progress) -> None:
        """Train, or go on with training; keep the record, without the curves of every epoch."""
        from training.train import train

        train(self.spec, self.folder, progress)
        made = read_json(self.folder / "training.json")
        made.pop("curves")
        write_json(self.kept, {"digest": self.digest, **made})


def runs(specs: Iterable[Path], seeds: Sequence[int], work: Path, records: Path) -> list[Run]:
    """Every spec with every seed, seed by seed, so that each spec has a result early."""
    loaded = [(source, load(source)) for source in specs]
    return [
        Run(_with(spec, seed), source, work / f"{spec.name}-{seed}", records / f"{spec.name}-{seed}.json")
        for seed in seeds
        for source, spec in loaded
    ]


def _with(spec: Spec, seed: int) -> Spec:
    return spec.model_copy(update={"training": spec.training.model_copy(update={"seed": seed})})


def main(arguments: Sequence[str] | None = None) -> None:
    """Run what is missing and write the page after every run; specs of `--large` run only where there is a GPU."""
    from training.results_page import page

    given = _parser().parse_args(arguments)
    wanted, large = (
        runs(specs, given.seeds, given.work, given.page.with_suffix("")) for specs in (given.specs, given.large)
    )
    for run in wanted + (large if torch.cuda.is_available() else []):
        if not given.only_write and run.record() is None and not _one_is_enough(run, wanted + large):
            run.make(_told)
            write_text(given.page, page(wanted + large))
    write_text(given.page, page(wanted + large))


def _one_is_enough(run: Run, others: Sequence[Run]) -> bool:
    """Whether the first seed of the same spec took long."""
    first = next(other for other in others if other.source == run.source)
    record = first.record()
    return first is not run and record is not None and record["seconds"] >= LONG


def command() -> int:
    """`main` as a command: says in a line what was refused, or that it was stopped; the exit status is `sparrow`'s."""
    try:
        main()
    except Refused as refused:
        for fault in refused.faults:
            print(f"refused: {fault}", file=sys.stderr)
        return REFUSED
    except Stopped as stopped:
        print(f"stopped: {stopped}", file=sys.stderr)
        return SIGNALLED + stopped.number
    return 0


def _told(stage: str, done: int, total: int, note: str) -> None:
    print(f"{stage}: epoch {done} of {total}, {note}", flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training.results", description=main.__doc__)
    parser.add_argument("specs", nargs="+", type=Path)
    parser.add_argument("--large", nargs="*", type=Path, default=[])
    parser.add_argument("--seeds", nargs="+", type=int, default=[1])
    parser.add_argument("--work", type=Path, default=Path("build/results"))
    parser.add_argument("--page", type=Path, default=Path("docs/results.md"))
    parser.add_argument("--only-write", action="store_true")
    return parser


if __name__ == "__main__":
    sys.exit(command())
