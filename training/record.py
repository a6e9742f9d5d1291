"""What is written down about a run: `training.json`."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from accel.architecture.network import Network
from accel.model.weights import Weights
from accel.spec import Spec
from training import formats
from training.cycles import intervals
from training.evaluate import both, on_excerpt, on_test
from training.export import Excerpt
from training.loop import Fitted
from training.machine import Machine
from training.search import Candidate
from training.sizes import bits, layers
from training.states import sparsity
from training.studies import Study
from training.tasks.task import Task


@dataclass(frozen=True)
class Made:
    """Everything a run produced: the models on the way and the integers at its end."""

    dense: Fitted
    candidates: list[Candidate]
    baselines: dict[str, Fitted]
    studies: list[Study]
    quantized: Fitted
    net: Network
    weights: Weights
    excerpt: Excerpt
    compact: Mapping[Study, Made] = field(default_factory=dict)
    """Networks that lost units, by their study, as trainings of their own."""
    skipping: Fitted | None = None
    """The chosen one, states pruned as well."""

    @property
    def chosen(self) -> Fitted:
        """The best of the pruned networks, in floating point; the dense one where nothing is pruned."""
        return self.candidates[0].fitted if self.candidates else self.dense


def record(spec: Spec, task: Task, made: Made) -> dict[str, Any]:
    """The contents of `training.json`."""
    curves = {"dense": made.dense.curve, "quantized": made.quantized.curve}
    curves |= {f"baseline {pattern}": fitted.curve for pattern, fitted in made.baselines.items()}
    curves |= {study.name: study.fitted.curve for study in made.studies}
    curves |= {"states pruned": made.skipping.curve} if made.skipping else {}
    curves |= {_name(candidate): candidate.fitted.curve for candidate in made.candidates}
    return {
        "task": task.name,
        "metric": task.metric,
        **metrics(task, made),
        "layers": layers(made.net),
        "candidates": [_tried(spec, candidate, task, n == 0) for n, candidate in enumerate(made.candidates)],
        "baselines": [{"pattern": pattern, **both(fitted, task)} for pattern, fitted in made.baselines.items()],
        "studies": [study.record() for study in made.studies],
        "states": states_record(made, task),
        "bits": bits(made.net),
        "formats": formats.facts(made.chosen.model, made.net, made.weights, made.excerpt.samples, task.valid),
        "curves": curves,
        "seed": spec.training.seed,
        "versions": {"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__},
        "machines": machines(made),
        "seconds": round(sum(epoch["seconds"] for curve in curves.values() for epoch in curve), 1),
    }


def machines(made: Made) -> list[Machine]:
    """Every machine that trained an epoch of any stage."""
    fitted = [made.dense, *(tried.fitted for tried in made.candidates), *made.baselines.values(), made.quantized]
    fitted += [study.fitted for study in made.studies] + ([made.skipping] if made.skipping else [])
    every = [one for each in fitted for one in each.machines]
    return [one for n, one in enumerate(every) if one not in every[:n]]


def metrics(task: Task, made: Made) -> dict[str, Any]:
    """`models`: the metric of floating-point, pruned, quantised and golden model on the test split.

    Where only an excerpt of the test split was exported, the golden model is compared on that alone: `excerpt`.
    """
    stages = {"float": made.dense, "pruned": made.chosen, "states pruned": made.skipping, "quantized": made.quantized}
    models = {name: on_test(fitted.model, task.test).value(task.metric) for name, fitted in stages.items() if fitted}
    both = on_excerpt(made.quantized.model, made.net, made.weights, made.excerpt)
    excerpt = {name: score.value(task.metric) for name, score in both.items()}
    if made.excerpt.whole:
        return {"models": models | {"golden": excerpt["golden"]}}
    return {"models": models, "excerpt": {"sequences": len(made.excerpt.labels), **excerpt}}


def states_record(made: Made, task: Task) -> dict[str, Any] | None:
    """Threshold of the states, and the share of them below it by sequences that skip together; None without one."""
    if made.skipping is None:
        return None
    model = made.quantized.model
    return {"threshold": float(model.threshold), "zeros": sparsity(model, task.valid)}


def _name(candidate: Candidate) -> str:
    return "pruned " + ", ".join(f"{k_x}+{k_h}" for k_x, k_h in candidate.nnz)


def _tried(spec: Spec, candidate: Candidate, task: Task, chosen: bool) -> dict[str, Any]:
    """`cycles`: from step to step, of every layer."""
    facts = {
        "kept": [list(pair) for pair in candidate.nnz],
        "cycles": intervals(spec, candidate.nnz, candidate.fitted.model),
    }
    return {**facts, **both(candidate.fitted, task), "chosen": chosen}
