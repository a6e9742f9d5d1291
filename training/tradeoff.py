"""Accuracy against operations of networks from which everything is taken at once, over several seeds.

    python -m training.tradeoff SPEC --points 6.0 6.0:0.5 --seeds 1 2 3 4 5

A point is the strength of the group Lasso that removes units and, where given, the share of the rest's weights that are
removed, in place of the spec's. What `sparrow train` does of that spec on the way there is done here in the same stages
from the same seeds, without what it does besides; the checkpoints are those of `make results`. Keeps what is there;
goes on where it stopped; writes docs/tradeoff.md from docs/tradeoff.json.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from accel.base.faults import Fault, Refused
from accel.base.files import read_json, write_json, write_text
from accel.schedule.load_spec import load
from accel.spec import Spec
from training import compact, pipeline, results, tasks
from training.checkpoint import fingerprint
from training.evaluate import on_test
from training.recipe import Recipe
from training.results_rows import form
from training.runs import with_seed
from training.studies import BALANCED, balanced, lasso_name, without_units
from training.tasks.task import Task
from training.tradeoff_page import page
from training.units import multiplications

SECTIONS = ("model", "sparsity", "weights", "formats", "tables")


@dataclass(frozen=True)
class Point:
    """A strength of the group Lasso, and the share of weights removed afterwards; None: the spec's."""

    strength: float
    removed: float | None = None

    @classmethod
    def parse(cls, text: str) -> Point:
        """From `STRENGTH` or `STRENGTH:REMOVED`. Raises ValueError otherwise."""
        strength, *removed = map(float, text.split(":"))
        if len(removed) > 1 or strength <= 0 or not all(0 <= share < 1 for share in removed):
            raise ValueError(f"STRENGTH above 0, or STRENGTH:REMOVED with 0 <= REMOVED < 1, not {text}")
        return cls(strength, *removed)

    def __str__(self) -> str:
        return f"{self.strength}{'' if self.removed is None else f':{self.removed}'}"

    def spec(self, spec: Spec) -> Spec:
        """A spec with this share in both matrices."""
        if self.removed is None:
            return spec
        shares = {"input": self.removed, "recurrent": self.removed}
        return spec.model_copy(update={"sparsity": spec.sparsity.model_copy(update=shares)})


def run(spec: Spec, point: Point, task: Task, work: Path) -> dict[str, Any]:
    """One point from the spec's seed, to the integers of its network, which lie in `work/compact`; its record."""
    chosen = point.spec(spec)
    faults = list(_faults(chosen, task))
    if faults:
        raise Refused(faults)
    recipe = Recipe(chosen, task, work / "checkpoints", results.told)
    dense = recipe.dense()
    smaller, tuned = without_units(recipe, dense.model, point.strength)
    name = f"{lasso_name(chosen, point.strength)}, {BALANCED[chosen.sparsity.pattern]}"
    study = balanced(recipe, tuned.model, smaller, name if point.removed is None else f"{name} {point.removed}")
    made = pipeline.write_compact(study, task, compact.finish(recipe, study), work)
    zeros = made["states"]["zeros"][1] if made["states"] else 0.0
    nonzeros = study.facts["nonzeros"]
    return {
        "seed": chosen.training.seed,
        "metric": task.metric,
        "weights": form(chosen),
        "dense": on_test(dense.model, task.test).value(task.metric),
        "pruned": made["models"]["float"],
        "hardware": made["models"].get("golden", made["models"]["quantized"]),
        "tested": len(task.test),
        "hidden": study.facts["hidden"],
        "kept": sum(map(sum, nonzeros)) / multiplications(spec),
        "zeros": zeros,
        "multiplications": sum(x + (1 - zeros) * h for x, h in nonzeros),
        "before": multiplications(spec),
        "machines": made["machines"],
        "versions": made["versions"],
    }


def _faults(spec: Spec, task: Task) -> Iterator[Fault]:
    """What of a spec makes no point."""
    if spec.sparsity.pattern == "dense":
        yield Fault("sparsity.pattern", "row, column or balanced", "dense")
    if task.metric != "accuracy":
        yield Fault("training.task", "one that is measured by accuracy", f"{task.name}, by {task.metric}")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run what is missing, seed by seed, and write the page after each."""
    given = _parser().parse_args(arguments)
    spec, record = load(given.spec), _record(given.page.with_suffix(".json"))
    if not given.only_write:
        with pipeline.threads(spec):
            _run_missing(spec, given, record)
    write_text(given.page, page(record))


def _run_missing(spec: Spec, given: argparse.Namespace, record: dict[str, Any]) -> None:
    """Every point that the record lacks, or has of another spec, from every seed."""
    task, points = tasks.load(spec), record.get(spec.name, {})
    for seed in given.seeds:
        for point in given.points:
            one, held = with_seed(spec, seed), points.setdefault(str(point), {})
            wanted = fingerprint(point.spec(one), SECTIONS)
            if held.get(str(seed), {}).get("digest") != wanted:
                held[str(seed)] = {"digest": wanted, **run(one, point, task, given.work / f"{spec.name}-{seed}")}
                record[spec.name] = points
                write_json(given.page.with_suffix(".json"), record)
                write_text(given.page, page(record))


def _record(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = read_json(path) if path.is_file() else {}
    return found


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training.tradeoff", description=main.__doc__)
    parser.add_argument("spec", type=Path)
    parser.add_argument("--points", nargs="+", type=Point.parse, default=[Point(6.0)])
    parser.add_argument("--seeds", nargs="+", type=int, default=list(results.SEEDS))
    parser.add_argument("--work", type=Path, default=Path("build/results"))
    parser.add_argument("--page", type=Path, default=Path("docs/tradeoff.md"))
    parser.add_argument("--only-write", action="store_true")
    return parser


if __name__ == "__main__":
    sys.exit(results.command(main))
