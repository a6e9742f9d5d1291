"""How good the network of a point is: pruned and quantised from one dense network, fine-tuned for a few epochs."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

from accel.architecture.plan import planned
from accel.base.files import write_json
from accel.base.progress import silent
from accel.spec import Spec, plain
from exploration.axes import NETWORK
from exploration.kept import read_kept

Hopeless = Callable[[float], str]
"""Why a design whose network cannot do better than this metric need not be trained on; empty where it must be."""
VALID = "valid.json"


def folder_of(spec: Spec, networks: Path) -> Path:
    """Where the network of a spec lies: designs that differ in their lanes alone share it, unless it has a pattern by
    columns, or in banks, which the lanes decide.
    """
    sections: dict[str, Any] = {name: plain(getattr(spec, name)) for name in NETWORK}
    if spec.by_lane:
        sections["lanes"] = [spec.engine.units, plain(spec.engine.dataflow)]
    elif spec.banks > 1:
        sections["banks"] = spec.banks
    return networks / sha256(json.dumps(sections, sort_keys=True).encode()).hexdigest()[:16]


def dense(spec: Spec, networks: Path) -> None:
    """Train the dense network that all points of a study begin with, or find it trained."""
    from training import pipeline, tasks
    from training.recipe import Recipe

    with pipeline.threads(spec):
        Recipe(spec, tasks.load(spec), networks / "dense", silent).dense()


def trained(spec: Spec, networks: Path, hopeless: Hopeless) -> tuple[float | None, str]:
    """The metric of a spec's quantised network on the validation split; None and why where training was not ended.

    Leaves what a finished training leaves in `folder_of(spec)`, for `sparrow import`; finds it there the next time.
    """
    folder = folder_of(spec, networks)
    if (folder / VALID).is_file():
        return float(read_kept(folder / VALID, ("metric", "valid"))["valid"]), ""
    from training import pipeline

    with pipeline.threads(spec):
        return _train(spec, networks, folder, hopeless)


def _train(spec: Spec, networks: Path, folder: Path, hopeless: Hopeless) -> tuple[float | None, str]:
    from training import pipeline, tasks
    from training.recipe import Recipe
    from training.search import Candidate

    task = tasks.load(spec)
    begun = Recipe(spec, task, networks / "dense", silent).dense()
    recipe, kept = Recipe(spec, task, folder / "checkpoints", silent), planned(spec)
    candidates = [Candidate(kept, recipe.pruned(begun.model, kept))] if spec.sparsity.pattern != "dense" else []
    chosen = candidates[0].fitted if candidates else begun
    if why := hopeless(chosen.score.value(task.metric)):
        return None, why
    made = pipeline.ended(recipe, begun, candidates)
    pipeline.write(spec, task, made, folder)
    valid = made.quantized.score.value(task.metric)
    write_json(folder / VALID, {"metric": task.metric, "valid": valid})
    return valid, ""
