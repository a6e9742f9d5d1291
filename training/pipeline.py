"""The way from a task to integers: dense training, dual-ratio pruning, quantisation-aware fine-tuning, export."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from accel import samples as sample_file
from accel import weights as weight_file
from accel.faults import Fault, Refused
from accel.progress import Progress
from accel.shape import Network, network
from accel.spec import Spec
from accel.weights import Weights
from accel.work import write_json
from training import distributed, export, formats, studies, tasks
from training.evaluate import both, on_excerpt, on_test
from training.export import Excerpt
from training.loop import Fitted
from training.plots import state_curves
from training.search import Candidate, line, search
from training.sizes import bits, layers
from training.tasks.task import Task
from training.way import Way

SMALL = 128
"""Hidden units up to which a layer is trained on one thread."""


@dataclass(frozen=True)
class Made:
    """Everything a run produced: the models on the way and the integers at its end."""

    dense: Fitted
    candidates: list[Candidate]
    baselines: dict[str, Fitted]
    studies: list[studies.Study]
    quantized: Fitted
    net: Network
    weights: Weights
    excerpt: Excerpt


def run(spec: Spec, work: Path, progress: Progress) -> None:
    """`training.train.train` for a task that is trained."""
    with distributed.together(), _threads(spec):
        _check_batch(spec)
        task = tasks.load(spec)
        made = make(spec, task, work / "checkpoints", progress)
        if distributed.rank() == 0:
            write(spec, task, made, work)
        distributed.wait()


@contextmanager
def _threads(spec: Spec) -> Iterator[None]:
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


def write(spec: Spec, task: Task, made: Made, work: Path) -> None:
    """Leave the integers, the test samples, the record and its pictures in `work`."""
    weight_file.save(work / "weights.npz", made.weights, spec)
    sample_file.save(work / "samples.npz", made.excerpt.samples)
    facts = record(spec, task, made)
    state_curves(facts, work / "states.png")
    write_json(work / "training.json", facts)


def make(spec: Spec, task: Task, folder: Path, progress: Progress) -> Made:
    """Go through all stages; a pattern `dense` has no pruning stage."""
    way = Way(spec, task, folder, progress)
    dense = way.dense()
    candidates: list[Candidate] = []
    if spec.sparsity.pattern != "dense":
        candidates = search(line(spec), lambda kept: way.pruned(dense.model, kept), task.metric)
    baselines: dict[str, Fitted] = {pattern: way.baseline(dense.model, pattern) for pattern in spec.training.baselines}
    chosen = candidates[0].fitted if candidates else dense
    net = network(spec, candidates[0].kept if candidates else None)
    quantized = way.quantized(chosen.model, net)
    excerpt = export.excerpt(quantized.model, task.test, spec)
    tried = studies.run(way, dense.model, chosen.model)
    return Made(dense, candidates, baselines, tried, quantized, net, export.integers(quantized.model, net), excerpt)


def record(spec: Spec, task: Task, made: Made) -> dict[str, Any]:
    """The contents of `training.json`."""
    curves = {"dense": made.dense.curve, "quantized": made.quantized.curve}
    curves |= {f"baseline {pattern}": fitted.curve for pattern, fitted in made.baselines.items()}
    curves |= {study.name: study.fitted.curve for study in made.studies}
    curves |= {_name(candidate): candidate.fitted.curve for candidate in made.candidates}
    return {
        "task": task.name,
        "metric": task.metric,
        **metrics(task, made),
        "layers": layers(made.net),
        "candidates": [_tried(candidate, task, n == 0) for n, candidate in enumerate(made.candidates)],
        "baselines": [{"pattern": pattern, **both(fitted, task)} for pattern, fitted in made.baselines.items()],
        "studies": [study.record() for study in made.studies],
        "bits": bits(made.net),
        "formats": formats.facts(_chosen(made).model, made.net, made.weights, made.excerpt.samples, task.valid),
        "curves": curves,
        "seed": spec.training.seed,
        "versions": {"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__},
        "seconds": round(sum(epoch["seconds"] for curve in curves.values() for epoch in curve), 1),
    }


def metrics(task: Task, made: Made) -> dict[str, Any]:
    """`models`: the metric of floating-point, pruned, quantised and golden model on the test split.

    Where only an excerpt of the test split was exported, the golden model is compared on that alone: `excerpt`.
    """
    stages = {"float": made.dense, "pruned": _chosen(made), "quantized": made.quantized}
    models = {name: on_test(fitted.model, task.test).value(task.metric) for name, fitted in stages.items()}
    both = on_excerpt(made.quantized.model, made.net, made.weights, made.excerpt)
    excerpt = {name: score.value(task.metric) for name, score in both.items()}
    if made.excerpt.whole:
        return {"models": models | {"golden": excerpt["golden"]}}
    return {"models": models, "excerpt": {"sequences": len(made.excerpt.labels), **excerpt}}


def _chosen(made: Made) -> Fitted:
    """The best of the pruned networks, in floating point; the dense one where nothing is pruned."""
    return made.candidates[0].fitted if made.candidates else made.dense


def _name(candidate: Candidate) -> str:
    return "pruned " + ", ".join(f"{k_x}+{k_h}" for k_x, k_h in candidate.kept)


def _tried(candidate: Candidate, task: Task, chosen: bool) -> dict[str, Any]:
    kept = [list(pair) for pair in candidate.kept]
    return {"kept": kept, **both(candidate.fitted, task), "chosen": chosen}
