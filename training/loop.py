"""The training loop: one stage at a time, a checkpoint after every epoch and on a signal, resumed to the same numbers.

Of several processes each finishes the epoch before it obeys a signal.
"""

from __future__ import annotations

import copy
import math
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from accel.base.faults import Fault, Refused, Stopped
from accel.base.progress import Measured, Progress
from accel.spec import Training
from training import checkpoint, distributed, interrupt
from training.batches import Batch, to_train
from training.machine import Machine, machine
from training.method import Method
from training.model import LSTM, State
from training.score import Score, carried, score
from training.tasks.task import Task

Curve = list[dict[str, float]]
"""One entry an epoch: `loss` (training), `valid_loss`, `valid` (the metric), `seconds`."""


OPTIMIZERS: dict[str, Callable[..., torch.optim.Optimizer]] = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD}
"""By the names of `training.optimizer`."""


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
    machines: list[Machine] = field(default_factory=list)
    """Those that trained an epoch of it; a checkpoint of a version that did not say leaves none."""


@dataclass
class Begun:
    """An epoch in progress, as far as a checkpoint within it has to know."""

    order: Tensor
    """State of the generator of the order of samples, before the epoch drew from it."""
    losses: list[float] = field(default_factory=list)
    """Of the steps that are done."""
    state: list[State] | None = None
    """h and c that the next batch begins with."""
    seconds: float = 0.0


class Fit:
    """One stage of training a model on a task; everything it needs to go on lies in its checkpoint."""

    def __init__(self, model: LSTM, stage: Stage, task: Task, training: Training, method: Method | None = None) -> None:
        self.method = method or Method()
        self.model, self.stage, self.task, self.training = model, stage, task, training
        self.parallel = distributed.parallel(model)
        self.optimizer = OPTIMIZERS[training.optimizer](model.parameters(), lr=training.learning_rate)
        self.seed = zlib.crc32(f"{training.seed} {stage.name}".encode())
        self.order = torch.Generator().manual_seed(self.seed)
        self.curve: Curve = []
        self.machines: list[Machine] = []
        self.best: tuple[Score, dict[str, Tensor]] | None = None
        self.reached = False
        self.begun: Begun | None = None
        self.request = interrupt.Request()

    def run(self, folder: Path, progress: Progress) -> Fitted:
        """Train to the last epoch, from the checkpoint in `folder` where there is one.

        Raises Stopped, after a checkpoint, when a signal asks for it.
        """
        with torch.random.fork_rng(), interrupt.deferred() as self.request:
            torch.manual_seed(self.seed)
            return self._run(folder / f"{self.stage.name}.pt", progress)

    def _run(self, path: Path, progress: Progress) -> Fitted:
        distributed.wait()
        found = checkpoint.load(path, self.stage.fingerprint)
        distributed.wait()
        if found is not None:
            self.restore(found)
        while len(self.curve) < self.stage.epochs:
            self.here()
            note = self.epoch(path)
            self.save(path)
            progress(self.stage.name, len(self.curve), self.stage.epochs, note)
            self.stop_if_asked(path)
        assert self.best is not None
        self.model.load_state_dict(self.best[1])
        return Fitted(self.model, self.best[0], self.curve, self.machines)

    def here(self) -> None:
        """Note the machine, where it is another one than before."""
        now = machine(next(self.model.parameters()).device)
        if now not in self.machines:
            self.machines.append(now)

    def epoch(self, path: Path) -> str:
        """One pass over the training split, or the rest of one, and one over the validation split."""
        started, metric = time.perf_counter(), self.task.metric
        for group in self.optimizer.param_groups:
            group["lr"] = rate(self.training.learning_rate, len(self.curve), self.stage.epochs)
        loss = distributed.mean(self.pass_over(self.begin(), path))
        if not math.isfinite(loss):
            raise diverged(self.stage, len(self.curve) + 1, loss, path)
        valid = score(self.model, self.task.valid)
        unsettled = len(self.curve) <= min(self.method.settled * self.stage.epochs, self.stage.epochs - 1)
        reached = self.method.reached(self.model)
        if self.best is None or unsettled or self.better(valid, reached):
            self.best, self.reached = (valid, copy.deepcopy(self.model.state_dict())), reached
        assert self.begun is not None
        seconds = round(self.begun.seconds + time.perf_counter() - started, 3)
        self.begun = None
        entry = {"loss": loss, "valid_loss": valid.loss, "valid": valid.value(metric), "seconds": seconds}
        self.curve.append(entry)
        numbers = {"loss": loss, "valid loss": valid.loss, f"valid {metric}": valid.value(metric)}
        return Measured(f"loss {loss:.4f}, valid {metric} {valid.value(metric):.4f}", numbers)

    def better(self, valid: Score, reached: bool) -> bool:
        """Whether an epoch is better than the best so far: one that reached the method's target, then the metric."""
        assert self.best is not None
        metric = self.task.metric
        return (reached, *valid.rank(metric)) > (self.reached, *self.best[0].rank(metric))

    def begin(self) -> Begun:
        """The epoch that a checkpoint left in progress, or a new one."""
        if self.begun is not None:
            self.order.set_state(self.begun.order)
        else:
            self.method.before_epoch(self.model, len(self.curve) / self.stage.epochs)
            self.begun = Begun(self.order.get_state())
        return self.begun

    def pass_over(self, begun: Begun, path: Path) -> float:
        """One optimiser step for each batch that is not done yet; the mean loss of the epoch."""
        started, before = time.perf_counter(), begun.seconds
        like = next(self.model.parameters())
        batches = to_train(self.task.train, self.training.batch, self.training.steps, self.order, like)
        for batch in islice(batches, len(begun.losses), None):
            loss, begun.state = self.step(batch, carried(begun.state, batch))
            begun.losses.append(loss)
            if self.request.signal is not None and distributed.processes() == 1:
                begun.seconds = before + time.perf_counter() - started
                self.save(path)
                self.stop_if_asked(path)
        return sum(begun.losses) / len(begun.losses)

    def save(self, path: Path) -> None:
        """Leave a checkpoint; of several processes, the first one does."""
        if distributed.rank() == 0:
            checkpoint.save(path, self.state())

    def stop_if_asked(self, path: Path) -> None:
        """Raise Stopped where a signal came."""
        if self.request.signal is not None:
            raise Stopped(self.request.signal.name, self.request.signal.value, str(path))

    def step(self, batch: Batch, state: list[State] | None) -> tuple[float, list[State]]:
        """One step of the optimiser on one batch; its loss and the state after it, cut off from the gradients."""
        self.optimizer.zero_grad(set_to_none=True)
        logits, state = self.parallel(batch.x, batch.lengths, state)
        loss = functional.cross_entropy(logits.flatten(0, -2), batch.labels.flatten())
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.training.gradient_clip)
        self.optimizer.step()
        self.method.after_step(self.model, self.optimizer.param_groups[0]["lr"])
        return float(loss.detach()), [(h.detach(), c.detach()) for h, c in state]

    def state(self) -> checkpoint.Checkpoint:
        """Everything a later process needs to go on with the same numbers."""
        valid, best = (None, None) if self.best is None else self.best
        return {
            "fingerprint": self.stage.fingerprint,
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "order": self.order.get_state(),
            "noise": torch.get_rng_state(),
            "curve": self.curve,
            "machines": self.machines,
            "best": best,
            "score": valid and [valid.loss, valid.accuracy],
            "reached": self.reached,
            "method": self.method.state(self.model),
            "begun": self.begun and vars(self.begun),
        }

    def restore(self, found: dict[str, Any]) -> None:
        """Undo `state`."""
        self.model.load_state_dict(found["model"])
        self.optimizer.load_state_dict(found["optimizer"])
        self.order.set_state(found["order"])
        torch.set_rng_state(found["noise"])
        self.curve, self.machines = found["curve"], found.get("machines", [])
        self.best = found["score"] and (Score(*found["score"]), found["best"])
        self.reached = found.get("reached", True)
        self.method.restore(self.model, found.get("method", {}))
        self.begun = found.get("begun") and Begun(**found["begun"])


def rate(learning_rate: float, epoch: int, epochs: int) -> float:
    """Learning rate of an epoch: from the full rate down to nearly nothing along half a cosine (arXiv 1608.03983)."""
    return learning_rate * 0.5 * (1.0 + math.cos(math.pi * epoch / epochs))


def diverged(stage: Stage, epoch: int, loss: float, path: Path) -> Refused:
    """What is said when the loss is no number any more."""
    kept = f"; the checkpoint {path} of the epoch before is kept" if path.is_file() else ""
    got = f"{loss} in epoch {epoch} of stage {stage.name}{kept}"
    return Refused([Fault("training.learning_rate", "a rate at which the loss stays finite", got)])
