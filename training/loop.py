"""The training loop: one stage at a time, a checkpoint after every epoch, resumed to the same numbers."""

from __future__ import annotations

import copy
import math
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from accel.faults import Fault, Refused
from accel.progress import Progress
from accel.spec import Training
from training import checkpoint
from training.model import LSTM
from training.score import Score, as_tensors, score
from training.tasks.task import Split, Task

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
    """A model with the weights of its best validation epoch."""

    model: LSTM
    score: Score
    curve: Curve


class Fit:
    """One stage of training a model on a task; everything it needs to go on lies in its checkpoint."""

    def __init__(self, model: LSTM, stage: Stage, task: Task, training: Training) -> None:
        self.model, self.stage, self.task, self.training = model, stage, task, training
        self.optimizer = torch.optim.Adam(model.parameters(), lr=training.learning_rate)
        self.order = torch.Generator().manual_seed(zlib.crc32(f"{training.seed} {stage.name}".encode()))
        self.curve: Curve = []
        self.best: tuple[Score, dict[str, Tensor]] | None = None

    def run(self, folder: Path, progress: Progress) -> Fitted:
        """Train to the last epoch, from the checkpoint in `folder` where there is one."""
        path = folder / f"{self.stage.name}.pt"
        found = checkpoint.load(path, self.stage.fingerprint)
        if found is not None:
            self.restore(found)
        while len(self.curve) < self.stage.epochs:
            note = self.epoch(path)
            checkpoint.save(path, self.state())
            progress(self.stage.name, len(self.curve), self.stage.epochs, note)
        assert self.best is not None
        self.model.load_state_dict(self.best[1])
        return Fitted(self.model, self.best[0], self.curve)

    def epoch(self, path: Path) -> str:
        """One pass over the training split and one over the validation split."""
        started = time.perf_counter()
        for group in self.optimizer.param_groups:
            group["lr"] = rate(self.training.learning_rate, len(self.curve), self.stage.epochs)
        losses = [self.step(*part) for part in batches(self.task.train, self.training.batch, self.order, self.model)]
        loss = sum(losses) / len(losses)
        if not math.isfinite(loss):
            raise diverged(self.stage, len(self.curve) + 1, loss, path)
        valid = score(self.model, self.task.valid)
        if self.best is None or valid > self.best[0]:
            self.best = valid, copy.deepcopy(self.model.state_dict())
        seconds = time.perf_counter() - started
        entry = {"loss": loss, "valid_loss": -valid.minus_loss, "valid": valid.accuracy, "seconds": round(seconds, 3)}
        self.curve.append(entry)
        return f"loss {loss:.4f}, valid {valid.accuracy:.4f}"

    def step(self, x: Tensor, lengths: Tensor, labels: Tensor) -> float:
        """One step of the optimiser on one batch; its loss."""
        self.optimizer.zero_grad(set_to_none=True)
        loss = functional.cross_entropy(self.model(x, lengths), labels)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.training.gradient_clip)
        self.optimizer.step()
        return float(loss.detach())

    def state(self) -> checkpoint.Checkpoint:
        """Everything a later process needs to go on with the same numbers."""
        assert self.best is not None
        return {
            "fingerprint": self.stage.fingerprint,
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "order": self.order.get_state(),
            "curve": self.curve,
            "best": self.best[1],
            "score": [self.best[0].accuracy, self.best[0].minus_loss],
        }

    def restore(self, found: dict[str, Any]) -> None:
        """Undo `state`."""
        self.model.load_state_dict(found["model"])
        self.optimizer.load_state_dict(found["optimizer"])
        self.order.set_state(found["order"])
        self.curve = found["curve"]
        self.best = Score(*found["score"]), found["best"]


def rate(learning_rate: float, epoch: int, epochs: int) -> float:
    """Learning rate of an epoch: from the full rate down to nearly nothing along half a cosine (arXiv 1608.03983)."""
    return learning_rate * 0.5 * (1.0 + math.cos(math.pi * epoch / epochs))


def batches(split: Split, size: int, order: torch.Generator, model: LSTM) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """The split in an order drawn from `order`: x, lengths and labels of `size` sequences at a time."""
    parts = as_tensors(split, next(model.parameters()))
    for chosen in torch.split(torch.randperm(len(split), generator=order), size):
        yield parts[0][chosen], parts[1][chosen], parts[2][chosen]


def diverged(stage: Stage, epoch: int, loss: float, path: Path) -> Refused:
    """What is said when the loss is no number any more."""
    kept = f"; the checkpoint {path} of the epoch before is kept" if path.is_file() else ""
    got = f"{loss} in epoch {epoch} of stage {stage.name}{kept}"
    return Refused([Fault("training.learning_rate", "a rate at which the loss stays finite", got)])
