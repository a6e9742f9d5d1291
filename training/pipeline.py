"""The way from a task to integers: dense training, dual-ratio pruning, quantisation-aware fine-tuning, export."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from accel.architecture.network import network
from accel.base.faults import Fault, Refused
from accel.base.files import write_json
from accel.base.progress import Progress
from accel.model import samples as sample_file
from accel.model import weights_file
from accel.spec import Spec
from training import compact, distributed, export, studies, tasks
from training.loop import Fitted
from training.plots import state_curves
from training.recipe import Recipe
from training.record import Made, record
from training.search import Candidate
from training.studies import Study
from training.tasks.task import Task

COMPACT = ("models", "states", "bits")
SMALL = 128
"""Hidden units up to which a layer is trained on one thread."""


def run(spec: Spec, work: Path, progress: Progress) -> None:
    """`training.train.train` for a task that is trained."""
    with distributed.together(), threads(spec):
        _check_batch(spec)
        task = tasks.load(spec)
        made = make(spec, task, work / "checkpoints", progress)
        if distributed.rank() == 0:
            write(spec, task, made, work)
        distributed.wait()


@contextmanager
def threads(spec: Spec) -> Iterator[None]:
    """One thread for small layers: they gain nothing from more, and lose tenfold where cores are shared."""
    before = torch.get_num_threads()
    torch.set_num_threads(1 if max(spec.model.hidden) <= SMALL else before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _check_batch(spec: Spec) -> None:
    count = distributed.processes()
    if spec.training.batch % count:
        raise Refused([Fault("training.batch", f"a multiple of the {count} processes", str(spec.training.batch))])


def write(spec: Spec, task: Task, made: Made, work: Path) -> dict[str, Any]:
    """Leave the integers, the test samples, the record and its pictures in `work`; the record is returned.

    `compact` of the record holds what those of the networks that lost units say of their metric, states and bits.
    """
    weights_file.save(work / "weights.npz", made.weights, spec)
    sample_file.save(work / "samples.npz", made.excerpt.samples)
    facts = record(spec, task, made)
    smaller = {study.slug: write_compact(study, task, own, work) for study, own in made.compact.items()}
    facts["compact"] = {slug: {key: one[key] for key in COMPACT} for slug, one in smaller.items()}
    state_curves(facts, work / "states.png")
    write_json(work / "training.json", facts)
    return facts


def write_compact(study: Study, task: Task, made: Made, work: Path) -> dict[str, Any]:
    """The network of a study as a spec and a finished training of its own; its record."""
    assert study.spec is not None
    folder = work / "compact" / study.slug
    compact.write_spec(study.spec, folder / "spec.yaml")
    return write(study.spec, task, made, folder)


def make(spec: Spec, task: Task, folder: Path, progress: Progress) -> Made:
    """Go through all stages; a pattern `dense` has no pruning stage."""
    recipe = Recipe(spec, task, folder, progress)
    dense = recipe.dense()
    candidates: list[Candidate] = []
    if spec.sparsity.pattern != "dense":
        candidates = recipe.search(dense.model)
    baselines: dict[str, Fitted] = {
        pattern: recipe.baseline(dense.model, pattern) for pattern in spec.training.baselines
    }
    made = ended(recipe, dense, candidates)
    tried = studies.run(recipe, dense.model, made.chosen.model)
    smaller = {study: compact.finish(recipe, study) for study in tried if study.spec is not None}
    return replace(made, baselines=baselines, studies=tried, compact=smaller)


def ended(recipe: Recipe, dense: Fitted, candidates: list[Candidate], skipping: Fitted | None = None) -> Made:
    """From the best of the pruned networks, or the dense one where there are none, to integers; `skipping` is that
    network with its states pruned, where it is trained already.
    """
    spec, chosen = recipe.spec, candidates[0].fitted if candidates else dense
    if spec.sparsity.threshold and skipping is None:
        skipping = recipe.skipping(chosen.model)
    net = network(spec, candidates[0].nnz if candidates else None)
    quantized = recipe.quantized((skipping or chosen).model, net)
    excerpt = export.excerpt(quantized.model, recipe.task.test, spec)
    return Made(
        dense, candidates, {}, [], quantized, net, export.integers(quantized.model, net), excerpt, skipping=skipping
    )
