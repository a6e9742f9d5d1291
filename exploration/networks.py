"""How good the network of a point is: pruned and quantised from one dense network and fine-tuned for a few epochs, or
read from the file that its spec names. Every stage is kept by what it depends on, and points share it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from filelock import FileLock

from accel.architecture.plan import planned
from accel.base.files import read_json, write_json
from accel.base.progress import silent
from accel.spec import Spec, plain
from exploration.axes import NETWORK
from exploration.kept import read_kept
from exploration.measures import ERROR

if TYPE_CHECKING:
    from training.loop import Fitted
    from training.tasks.task import Task


class Valid(NamedTuple):
    """A metric on the validation split, and that of the dense network that was begun with; None where a file was."""

    metric: float
    dense: float | None


Hopeless = Callable[[Valid], str]
"""Why a design whose network cannot do better than this need not be trained on; empty where it must be."""
VALID = "valid.json"
DENSE, PRUNED = ("model",), ("model", "sparsity")
"""Sections that the stages in front of the last one depend on, besides the training but for the keys of later ones."""
LATER = ("baselines", "studies", "quantize_epochs", "prune_epochs")


def folder_of(spec: Spec, networks: Path) -> Path:
    """Where the network of a spec lies: designs that differ in their lanes alone share it, unless it has a pattern by
    columns, or in banks, which the lanes decide.
    """
    return networks / _digest(spec, NETWORK, ())


def _digest(spec: Spec, sections: Sequence[str], without: Sequence[str]) -> str:
    found: dict[str, Any] = {name: plain(getattr(spec, name)) for name in sections}
    found["source"], found["files"] = plain(spec.source), files(spec)
    found["training"] = {key: value for key, value in plain(spec.training).items() if key not in without}
    if "sparsity" in sections and spec.by_lane:
        found["lanes"] = [plain(spec.engine.units), plain(spec.engine.dataflow)]
    elif "sparsity" in sections and spec.banks > 1:
        found["banks"] = spec.banks
    return sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()[:16]


def files(spec: Spec) -> dict[str, str]:
    """SHA-256 of files of the user's own that the networks of a study come from: a task, or the file that is read."""
    from training.importing import source
    from training.tasks import own

    named = () if spec.source is None else (spec.source.file, spec.source.data)
    read = {name: source.digest(spec.beside(name)) for name in named if name and spec.beside(name).is_file()}
    return own.digests(spec) | read


def dense(spec: Spec, networks: Path) -> None:
    """Train the dense network that points of a study begin with, or find it trained; nothing where a file has it."""
    if spec.source is not None:
        return
    from training import pipeline, tasks

    with pipeline.threads(spec):
        _dense(spec, tasks.load(spec), networks)


def trained(spec: Spec, networks: Path, hopeless: Hopeless) -> tuple[Valid | None, str]:
    """The metric of a spec's quantised network on the validation split, or its error against the file that it is read
    from; None and why where training was not ended.

    Leaves what a finished training leaves in `folder_of(spec)`, for `sparrow import`; finds it there the next time. Two
    processes that want the same network do it once.
    """
    folder = folder_of(spec, networks)
    with _alone(folder):
        if (folder / VALID).is_file():
            kept = read_kept(folder / VALID, ("metric", "valid", "dense"))
            return Valid(kept["valid"], kept["dense"]), ""
        if spec.source is not None:
            return _read(spec, folder), ""
        from training import pipeline

        with pipeline.threads(spec):
            return _train(spec, networks, folder, hopeless)


def _alone(folder: Path) -> FileLock:
    """A stage's folder for one process; another one waits."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    return FileLock(folder.with_name(f"{folder.name}.lock"))


def _read(spec: Spec, folder: Path) -> Valid:
    """The network of the spec's file, distilled where the spec says so; its relative error against that file."""
    from training.importer import import_source

    import_source(spec, folder)
    error = float(read_json(folder / "training.json")["import"]["loss"]["layers"][-1]["relative_error"])
    write_json(folder / VALID, {"metric": ERROR, "valid": error, "dense": None})
    return Valid(error, None)


def _train(spec: Spec, networks: Path, folder: Path, hopeless: Hopeless) -> tuple[Valid | None, str]:
    from training import pipeline, tasks
    from training.recipe import Recipe
    from training.search import Candidate

    task = tasks.load(spec)
    begun, kept = _dense(spec, task, networks), planned(spec)
    dense = begun.score.value(task.metric)
    before = networks / f"pruned-{_digest(spec, PRUNED, LATER[:-1])}"
    candidates, skipping = [], None
    with _alone(before):
        recipe = Recipe(spec, task, before, silent)
        if spec.sparsity.pattern != "dense":
            candidates.append(Candidate(kept, recipe.pruned(begun.model, kept)))
        chosen = candidates[0].fitted if candidates else begun
        if why := hopeless(Valid(chosen.score.value(task.metric), dense)):
            return None, why
        if spec.sparsity.threshold:
            skipping = recipe.skipping(chosen.model)
    if skipping is not None and (why := hopeless(Valid(skipping.score.value(task.metric), dense))):
        return None, why
    made = pipeline.ended(Recipe(spec, task, folder / "checkpoints", silent), begun, candidates, skipping)
    pipeline.write(spec, task, made, folder)
    valid = made.quantized.score.value(task.metric)
    write_json(folder / VALID, {"metric": task.metric, "valid": valid, "dense": dense})
    return Valid(valid, dense), ""


def _dense(spec: Spec, task: Task, networks: Path) -> Fitted:
    from training.recipe import Recipe

    folder = networks / f"dense-{_digest(spec, DENSE, LATER)}"
    with _alone(folder):
        return Recipe(spec, task, folder, silent).dense()
