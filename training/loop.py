"""The training loop: one stage at a time, a checkpoint after every epoch, resumed to the same numbers."""

from __future__ import annotations

import copy
import math
import time
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from accel.faults import Fault, Refused
from accel.progress import Progress
from accel.spec import Training
from training import checkpoint, distributed
from training.batches import Batch, to_train
from training.method import Method
from training.model import LSTM, State
from training.score import Score, carried, score
from training.tasks.task import Examples, Task

Curve = list[dict[str, float]]
"""One entry an epoch: `loss` (training), `valid_loss`, `valid` (the metric), `seconds`."""


@dataclass(frozen=True)
class Stage:
    """One leg of the way: its name, its length, and the digest of what it depends on."""

    name: str
    epochs: int
    fingerprint: str


@dataclass
class Fitted:
    """A model with the weights of its best validation epoch, once its method had reached its target."""

    model: LSTM
    score: Score
    curve: Curve


class Fit:
    """One stage of training a model on a task; everything it needs to go on lies in its checkpoint."""

    def __init__(self, model: LSTM, stage: Stage, task: Task, training: Training, method: Method | None = None) -> None:
        self.method = method or Method()
        self.model, self.stage, self.task, self.training = model, stage, task, training
        self.parallel = distributed.parallel(model)
        self.optimizer = torch.optim.Adam(model.parameters(), lr=training.learning_rate)
        self.seed = zlib.crc32(f"{training.seed} {stage.name}".encode())
        self.order = torch.Generator().manual_seed(self.seed)
        self.curve: Curve = []
        self.best: tuple[Score, dict[str, Tensor]] | None = None

    def run(self, folder: Path, progress: Progress) -> Fitted:
        """Train to the last epoch, from the checkpoint in `folder` where there is one."""
        with torch.random.fork_rng():
            torch.manual_seed(self.seed)
            return self._run(folder / f"{self.stage.name}.pt", progress)

    def _run(self, path: Path, progress: Progress) -> Fitted:
        distributed.wait()
        found = checkpoint.load(path, self.stage.fingerprint)
        distributed.wait()
        if found is not None:
            self.restore(found)
        while len(self.curve) < self.stage.epochs:
            note = self.epoch(path)
            if distributed.rank() == 0:
                checkpoint.save(path, self.state())
            progress(self.stage.name, len(self.curve), self.stage.epochs, note)
        assert self.best is not None
        self.model.load_state_dict(self.best[1])
        return Fitted(self.model, self.best[0], self.curve)

    def epoch(self, path: Path) -> str:
        """One pass over the training split and one over the validation split."""
        started, metric = time.perf_counter(), self.task.metric
        for group in self.optimizer.param_groups:
            group["lr"] = rate(self.training.learning_rate, len(self.curve), self.stage.epochs)
        self.method.before_epoch(self.model, len(self.curve) / self.stage.epochs)
        loss = distributed.mean(self.pass_over(self.task.train))
        if not math.isfinite(loss):
            raise diverged(self.stage, len(self.curve) + 1, loss, path)
        valid = score(self.model, self.task.valid)
        unsettled = len(self.curve) <= min(self.method.settled * self.stage.epochs, self.stage.epochs - 1)
        if self.best is None or unsettled or valid.rank(metric) > self.best[0].rank(metric):
            self.best = valid, copy.deepcopy(self.model.state_dict())
        seconds = round(time.perf_counter() - started, 3)
        entry = {"loss": loss, "valid_loss": valid.loss, "valid": valid.value(metric), "seconds": seconds}
        self.curve.append(entry)
        return f"loss {loss:.4f}, valid {metric} {valid.value(metric):.4f}"

    def pass_over(self, examples: Examples) -> float:
        """One optimiser step for each batch; the mean loss."""
        size, steps = self.training.batch, self.training.steps
        losses, state = [], None
        for batch in to_train(examples, size, steps, self.order, next(self.model.parameters())):
            loss, state = self.step(batch, carried(state, batch))
            losses.append(loss)
        return sum(losses) / len(losses)

    def step(self, batch: Batch, state: list[State] | None) -> tuple[float, list[State]]:
        """One step of the optimiser on one batch; its loss and the state after it."""
        self.optimizer.zero_grad(set_to_none=True)
        logits, state = self.parallel(batch.x, batch.lengths, state)
        loss = functional.cross_entropy(logits.flatten(0, -2), batch.labels.flatten())
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.training.gradient_clip)
        self.optimizer.step()
        self.method.after_step(self.model, self.optimizer.param_groups[0]["lr"])
        return float(loss.detach()), state

    def state(self) -> checkpoint.Checkpoint:
        """Everything a later process needs to go on with the same numbers."""
        assert self.best is not None
        return {
            "fingerprint": self.stage.fingerprint,
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "order": self.order.get_state(),
            "noise": torch.get_rng_state(),
            "curve": self.curve,
            "best": self.best[1],
            "score": [self.best[0].loss, self.best[0].accuracy],
        }

    def restore(self, found: dict[str, Any]) -> None:
        """Undo `state`."""
        self.model.load_state_dict(found["model"])
        self.optimizer.load_state_dict(found["optimizer"])
        self.order.set_state(found["order"])
        torch.set_rng_state(found["noise"])
        self.curve = found["curve"]
        self.best = Score(*found["score"]), found["best"]


def rate(learning_rate: float, epoch: int, epochs: int) -> float:
    """Learning rate of an epoch: from the full rate down to nearly nothing along half a cosine (arXiv 1608.03983)."""
    return learning_rate * 0.5 * (1.0 + math.cos(math.pi * epoch / epochs))


def diverged(stage: Stage, epoch: int, loss: float, path: Path) -> Refused:
    """What is said when the loss is no number any more."""
    kept = f"; the checkpoint {path} of the epoch before is kept" if path.is_file() else ""
    got = f"{loss} in epoch {epoch} of stage {stage.name}{kept}"
    return Refused([Fault("training.learning_rate", "a rate at which the loss stays finite", got)])
