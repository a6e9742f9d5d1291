"""The way from a task to integers: dense training, dual-ratio pruning, quantisation-aware fine-tuning, export."""

from __future__ import annotations

import copy
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from accel import samples as sample_file
from accel import weights as weight_file
from accel.progress import Progress
from accel.shape import Network, network, planned
from accel.spec import Spec
from accel.weights import Weights
from accel.work import write_json
from training import export, tasks
from training.checkpoint import fingerprint
from training.evaluate import on_excerpt, on_test
from training.export import Excerpt
from training.host import decoder, encoder
from training.loop import Fit, Fitted, Stage
from training.model import LSTM, matrices_of
from training.patterns import PATTERNS
from training.prune import mask, prune_layers
from training.search import Candidate, Split, line, search
from training.sizes import bits, layers
from training.tasks.task import Task


class Needs(NamedTuple):
    """What a kind of stage depends on: sections of the spec, and all of `training` but some keys."""

    sections: tuple[str, ...]
    without: tuple[str, ...]


DENSE = Needs(("model",), ("prune_epochs", "quantize_epochs", "baselines"))
PRUNED = Needs(("model", "sparsity"), ("quantize_epochs", "baselines"))
QUANTIZED = Needs(("model", "sparsity", "weights", "formats", "tables"), ("baselines",))


@dataclass(frozen=True)
class Made:
    """Everything a run produced: the models on the way and the integers at its end."""

    dense: Fitted
    candidates: list[Candidate]
    baselines: dict[str, Fitted]
    quantized: Fitted
    net: Network
    weights: Weights
    excerpt: Excerpt


class Way:
    """A spec on its way through the stages; each stage starts from a copy of the one before."""

    def __init__(self, spec: Spec, task: Task, folder: Path, progress: Progress) -> None:
        self.spec, self.task, self.folder, self.progress = spec, task, folder, progress

    def fit(self, model: LSTM, name: str, epochs: int, needs: Needs) -> Fitted:
        """Train `model` itself through one stage."""
        stage = Stage(name, epochs, fingerprint(self.spec, *needs))
        return Fit(model, stage, self.task, self.spec.training).run(self.folder, self.progress)

    def dense(self) -> Fitted:
        """Every weight, real numbers; initial weights from the seed."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.spec.training.seed)
            model = LSTM(self.spec, encoder(self.spec, self.task), decoder(self.spec, self.task), self.task.when)
        return self.fit(model, "dense", self.spec.training.epochs, DENSE)

    def pruned(self, dense: LSTM, kept: Split) -> Fitted:
        """The dense model pruned to `kept` weights per row and fine-tuned."""
        model = copy.deepcopy(dense)
        prune_layers(model.layers, kept)
        name = "pruned-" + "-".join(str(count) for pair in kept for count in pair)
        return self.fit(model, name, self.spec.training.prune_epochs, PRUNED)

    def baseline(self, dense: LSTM, pattern: str) -> Fitted:
        """The dense model pruned by another pattern to as many weights, fine-tuned as long."""
        model = copy.deepcopy(dense)
        for layer, kept in zip(model.layers, planned(self.spec), strict=True):
            w_x, w_h = matrices_of(layer)
            mask(layer, PATTERNS[pattern](w_x.detach(), w_h.detach(), kept))
        return self.fit(model, f"baseline-{pattern}", self.spec.training.prune_epochs, PRUNED)

    def quantized(self, pruned: LSTM, net: Network) -> Fitted:
        """The pruned model fine-tuned in the arithmetic of the accelerator."""
        model = copy.deepcopy(pruned).quantize(net)
        return self.fit(model, "quantized", self.spec.training.quantize_epochs, QUANTIZED)


def run(spec: Spec, work: Path, progress: Progress) -> None:
    """`training.train.train` for a task that is trained."""
    task = tasks.load(spec)
    made = make(spec, task, work / "checkpoints", progress)
    weight_file.save(work / "weights.npz", made.weights, spec)
    sample_file.save(work / "samples.npz", made.excerpt.samples)
    write_json(work / "training.json", record(spec, task, made))


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
    return Made(dense, candidates, baselines, quantized, net, export.integers(quantized.model, net), excerpt)


def record(spec: Spec, task: Task, made: Made) -> dict[str, Any]:
    """The contents of `training.json`."""
    curves = {"dense": made.dense.curve, "quantized": made.quantized.curve}
    curves |= {f"baseline {pattern}": fitted.curve for pattern, fitted in made.baselines.items()}
    curves |= {_name(candidate): candidate.fitted.curve for candidate in made.candidates}
    return {
        "task": task.name,
        "metric": task.metric,
        **metrics(task, made),
        "layers": layers(made.net),
        "candidates": [_tried(candidate, task, n == 0) for n, candidate in enumerate(made.candidates)],
        "baselines": [{"pattern": pattern, **_both(fitted, task)} for pattern, fitted in made.baselines.items()],
        "bits": bits(made.net),
        "curves": curves,
        "seed": spec.training.seed,
        "versions": {"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__},
        "seconds": round(sum(epoch["seconds"] for curve in curves.values() for epoch in curve), 1),
    }


def metrics(task: Task, made: Made) -> dict[str, Any]:
    """`models`: the metric of floating-point, pruned, quantised and golden model on the test split.

    Where only an excerpt of the test split was exported, the golden model is compared on that alone: `excerpt`.
    """
    pruned = made.candidates[0].fitted if made.candidates else made.dense
    stages = {"float": made.dense, "pruned": pruned, "quantized": made.quantized}
    models = {name: on_test(fitted.model, task.test).value(task.metric) for name, fitted in stages.items()}
    both = on_excerpt(made.quantized.model, made.net, made.weights, made.excerpt)
    excerpt = {name: score.value(task.metric) for name, score in both.items()}
    if made.excerpt.whole:
        return {"models": models | {"golden": excerpt["golden"]}}
    return {"models": models, "excerpt": {"sequences": len(made.excerpt.labels), **excerpt}}


def _name(candidate: Candidate) -> str:
    return "pruned " + ", ".join(f"{k_x}+{k_h}" for k_x, k_h in candidate.kept)


def _tried(candidate: Candidate, task: Task, chosen: bool) -> dict[str, Any]:
    kept = [list(pair) for pair in candidate.kept]
    return {"kept": kept, **_both(candidate.fitted, task), "chosen": chosen}


def _both(fitted: Fitted, task: Task) -> dict[str, float]:
    """The metric on both splits; choices are made on the validation split alone."""
    test = on_test(fitted.model, task.test).value(task.metric)
    return {"valid": fitted.score.value(task.metric), "valid_loss": fitted.score.loss, "test": test}
