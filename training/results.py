"""`make results`: run what is missing of a list of specs and seeds, and write a page from the runs' own records.

The records lie beside the page, so that whoever has the page can make it again. Can be stopped at any moment: the next
call goes on from the checkpoints, and keeps runs whose spec did not change. The page has figures of the specs that
were run with every seed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from accel.base.faults import REFUSED, SIGNALLED, Fault, Refused, Stopped
from accel.base.files import write_text
from training.runs import Run, runs

SEEDS = (1, 2, 3, 4, 5)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run what is missing and write the page after every run.

    Specs of `--large` run only where there is a GPU, or where `--only` names them. With `--here`, runs whose record
    came with the project are made again where their weights are not in `--work`: for what needs the networks.
    """
    from training.results_page import page

    given = _parser().parse_args(arguments)
    wanted, large = (
        runs(specs, given.seeds, given.work, given.page.with_suffix("")) for specs in (given.specs, given.large)
    )
    _check_names(wanted + large, given.only)
    willing = wanted + (large if given.only or torch.cuda.is_available() else [])
    for run in willing if not given.only_write else ():
        lacks = run.record() is None or (given.here and not run.here())
        if _named(run, given.only) and lacks:
            run.make(told)
            write_text(given.page, page(wanted + large))
    write_text(given.page, page(wanted + large))


def _named(run: Run, only: Sequence[str]) -> bool:
    """Whether a run's spec or task is among the names; any is where there are none."""
    return not only or bool({run.spec.name, run.spec.training.task} & set(only))


def _check_names(every: list[Run], only: Sequence[str]) -> None:
    known = {name for run in every for name in (run.spec.name, run.spec.training.task) if name is not None}
    unknown = [name for name in only if name not in known]
    if unknown:
        raise Refused([Fault("--only", f"one of {', '.join(sorted(known))}", ", ".join(unknown))])


def command(work: Callable[[], None]) -> int:
    """`main` as a command: says in a line what was refused, or that it was stopped; the exit status is `sparrow`'s."""
    try:
        work()
    except Refused as refused:
        for fault in refused.faults:
            print(f"refused: {fault}", file=sys.stderr)
        return REFUSED
    except Stopped as stopped:
        print(f"stopped: {stopped}", file=sys.stderr)
        return SIGNALLED + stopped.number
    return 0


def told(stage: str, done: int, total: int, note: str) -> None:
    """Progress in a line an epoch."""
    print(f"{stage}: epoch {done} of {total}, {note}", flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training.results", description=main.__doc__)
    parser.add_argument("specs", nargs="+", type=Path)
    parser.add_argument("--large", nargs="*", type=Path, default=[])
    parser.add_argument("--seeds", nargs="+", type=int, default=list(SEEDS))
    parser.add_argument(
        "--only", nargs="*", default=[], help="names of specs or of tasks; the others are left as they are"
    )
    parser.add_argument("--work", type=Path, default=Path("build/results"))
    parser.add_argument("--page", type=Path, default=Path("docs/results.md"))
    parser.add_argument("--only-write", action="store_true")
    parser.add_argument("--here", action="store_true", help="run also what has a record, but no weights in --work")
    return parser


if __name__ == "__main__":
    sys.exit(command(main))
