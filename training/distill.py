"""Fine-tuning without labels: a pruned, quantised student answers as the network of the user's file does.

The teacher is the float network as it was read; the student is drawn to the teacher's h_t in every layer and to its
logits after every step, or to those of the pool, over the user's own x (Hinton, Vinyals, Dean 2015 draw to the answers
alone, Romero et al. 2015 to layers between as well). Nothing but x is needed.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from accel.architecture.network import network as shapes
from accel.base.faults import Fault, Refused
from accel.base.progress import Measured, Progress
from accel.model.sequences import Data
from accel.spec import Spec
from training.importing.network import FloatNetwork
from training.loop import OPTIMIZERS, rate
from training.method import Method
from training.model import LSTM, State, ends, real_layer, stacked
from training.prune import Choices, Gradual, choices, prune_head, prune_layers
from training.recipe import in_formats
from training.spread import by_spread, watched
from training.states import set_threshold

HELD_OUT = 8
"""Every eighth sequence chooses among epochs; of a single one its last eighth."""


class Epoch(NamedTuple):
    """One pass over the data: the mean loss, and the relative error (rms, layers and logits together) held out."""

    stage: str
    loss: float | None
    error: float


@dataclass(frozen=True)
class Distilled:
    """The student in the accelerator's arithmetic, and how it got there; the first entry of a stage is its begin."""

    model: LSTM
    curve: tuple[Epoch, ...]


class Batch(NamedTuple):
    """x [batch, steps, inputs], its real steps [batch], the teacher's h of each layer and logits, and whether a row of
    them is real [batch, steps or 1, 1].
    """

    x: Tensor
    lengths: Tensor
    targets: tuple[Tensor, ...]
    real: tuple[Tensor, ...]


def distill(spec: Spec, teacher: FloatNetwork, begun: LSTM, data: Data, progress: Progress) -> Distilled:
    """A student that begins as `begun`, the teacher's own weights in a module of the spec, none of them pruned.

    Pruned to the spec's ratios, each weight kept by its size times the spread of what it multiplies in `data`, and
    trained for `training.prune_epochs` in floating point, then quantised and trained for `training.quantize_epochs`; of
    each stage the epoch that is best on what is held out. Refused where x has no two sequences and fewer than sixteen
    steps.
    """
    learned, held = _parted(data)
    model, curve = copy.deepcopy(begun).float(), list[Epoch]()
    if spec.sparsity.pattern != "dense":
        stage = _Stage(spec, teacher, model, "pruned", spec.training.prune_epochs)
        kept, chosen = [array.nnz for array in shapes(spec).layers], stage.chosen(learned)
        if spec.training.gradual:
            stage.method = Gradual(tuple(kept), chosen)
        else:
            prune_layers(model.layers, kept, chosen)
        prune_head(model.around, spec)
        curve += stage.run(learned, held, progress)
    model = in_formats(model, shapes(spec))
    set_threshold(model, spec.sparsity.threshold or 0.0)
    curve += _Stage(spec, teacher, model, "quantised", spec.training.quantize_epochs).run(learned, held, progress)
    return Distilled(model.double(), tuple(curve))


def _parted(data: Data) -> tuple[Data, Data]:
    """What is learned from, and what is held out."""
    if len(data.x) > 1:
        held = np.arange(len(data.x)) % HELD_OUT == HELD_OUT - 1
        held[-1] = not held.any() or held[-1]
        learned, kept = ((data.x[part], data.lengths[part]) for part in (~held, held))
        return Data(*learned, data.origin), Data(*kept, data.origin)
    steps = int(data.lengths[0])
    last = steps // HELD_OUT
    if last < 2:
        wanted = f"two sequences, or one of at least {2 * HELD_OUT} steps, to distill"
        raise Refused([Fault(f"{data.origin}: x", wanted, f"one of {steps} steps")])
    cut = steps - last
    parts = data.x[:, :cut], data.x[:, cut:steps]
    return Data(parts[0], np.array([cut]), data.origin), Data(parts[1], np.array([last]), data.origin)


class _Stage:
    """Training a student's parameters in place, through its masks and its arithmetic."""

    def __init__(self, spec: Spec, teacher: FloatNetwork, model: LSTM, name: str, epochs: int) -> None:
        self.spec, self.teacher, self.model = spec, teacher, model
        self.name, self.epochs, self.method = name, epochs, Method()
        self.optimizer = OPTIMIZERS[spec.training.optimizer](model.parameters(), lr=spec.training.learning_rate)
        self.order = torch.Generator().manual_seed(spec.training.seed)

    def run(self, learned: Data, held: Data, progress: Progress) -> Iterator[Epoch]:
        """Every epoch; the model keeps the weights of the best one, the begin counting where nothing is removed yet."""
        scales = self._scales(learned)
        best, kept = self.error(held), copy.deepcopy(self.model.state_dict())
        yield Epoch(self.name, None, best)
        for epoch in range(self.epochs):
            for group in self.optimizer.param_groups:
                group["lr"] = rate(self.spec.training.learning_rate, epoch, self.epochs)
            self.method.before_epoch(self.model, epoch / self.epochs)
            loss, error = self._epoch(learned, scales), self.error(held)
            unsettled = epoch < min(self.method.settled * self.epochs, self.epochs - 1)
            if unsettled or error < best:
                best, kept = error, copy.deepcopy(self.model.state_dict())
            note = Measured(f"relative error {error:.4f}", {"loss": loss, "relative error held out": error})
            progress(f"distilled, {self.name}", epoch + 1, self.epochs, note)
            yield Epoch(self.name, loss, error)
        self.model.load_state_dict(kept)

    def _epoch(self, learned: Data, scales: list[float]) -> float:
        losses = []
        drawn = torch.randperm(len(learned.x), generator=self.order).numpy()
        for chosen in np.array_split(drawn, -(-len(drawn) // self.spec.training.batch)):
            state: list[State] | None = None
            for window in self._windows(learned, chosen):
                self.optimizer.zero_grad(set_to_none=True)
                answers, state = self._answers(window, state)
                loss = _loss(answers, window, scales)
                loss.backward()  # type: ignore[no-untyped-call]
                torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.spec.training.gradient_clip)
                self.optimizer.step()
                self.method.after_step(self.model, self.optimizer.param_groups[0]["lr"])
                losses.append(float(loss.detach()))
                state = [(h.detach(), c.detach()) for h, c in state]
        return sum(losses) / len(losses)

    @torch.no_grad()
    def chosen(self, data: Data) -> tuple[Choices, ...]:
        """Which weights each layer keeps, by their size and the spread of what they multiply in the data."""
        with watched(self.model) as watching:
            for part in np.array_split(np.arange(len(data.x)), -(-len(data.x) // self.spec.training.batch)):
                state: list[State] | None = None
                for window in self._windows(data, part):
                    for one in watching:
                        one.real = window.real[0]
                    state = self._answers(window, state)[1]
        spreads = (one.spreads(self.spec.model.bias) for one in watching)
        return tuple(by_spread(pair, own) for pair, own in zip(choices(self.spec), spreads, strict=True))

    @torch.no_grad()
    def error(self, data: Data) -> float:
        """Relative error (rms) of all that is compared, over sequences from their begin to their end."""
        apart, size = 0.0, 0.0
        for chosen in np.array_split(np.arange(len(data.x)), -(-len(data.x) // self.spec.training.batch)):
            state: list[State] | None = None
            for window in self._windows(data, chosen):
                answers, state = self._answers(window, state)
                for mine, theirs, real in zip(answers, window.targets, window.real, strict=True):
                    apart += float((((mine - theirs) * real) ** 2).sum())
                    size += float(((theirs * real) ** 2).sum())
        return float((apart / size) ** 0.5) if size else 0.0

    def _windows(self, data: Data, chosen: np.ndarray) -> Iterator[Batch]:
        """Sequences, `training.steps` steps at a time, with what the teacher says of them; whole ones where an answer
        or a layer needs every step.
        """
        lengths = data.lengths[chosen]
        x = data.x[chosen, : lengths.max()]
        targets = self._targets(x, lengths)
        steps = torch.from_numpy((np.arange(x.shape[1]) < lengths[:, None])[..., None].astype(np.float32))
        real = [steps if len(one[0]) == x.shape[1] else torch.ones(len(x), 1, 1) for one in targets]
        given = [torch.from_numpy(array.astype(np.float32)) for array in (x, *targets)]
        whole = self.model.pool is not None or self.spec.directions > 1
        size = x.shape[1] if whole else self.spec.training.steps
        cut = [torch.split(one, size, dim=1) for one in (*given, *real)]
        for number, parts in enumerate(zip(*cut, strict=True)):
            left = torch.from_numpy(lengths) - number * size
            count = 1 + len(targets)
            yield Batch(parts[0], left.clamp(0, parts[0].shape[1]), parts[1:count], parts[count:])

    def _targets(self, x: np.ndarray, lengths: np.ndarray) -> list[np.ndarray]:
        """The teacher's h of each layer [batch, steps, hidden], and its logits [batch, steps or 1, outputs]."""
        h, head = self.teacher.states(x, lengths=lengths), self.spec.model.head
        if self.teacher.head is None:
            return h[: len(self.teacher.layers)]
        read = h[-1] if head is not None and head.last == "states" else self.teacher.over_steps(h[-1], lengths)
        return [*h[: len(self.teacher.layers)], self.teacher.logits(read)]

    def _answers(self, window: Batch, state: list[State] | None) -> tuple[list[Tensor], list[State]]:
        """h of every layer, and the logits as the teacher has them; and the state that they leave."""
        model, lengths = self.model, window.lengths
        x = window.x if model.table is None else window.x.long()
        state = model.begun(len(x)) if state is None else state
        if model.quantized is not None:
            found = model.signals(x, state, lengths)
            h, after = [stacked(steps, model.cell.output) for steps in found], ends(model.cell, found)
            read = model.last_read
        else:
            h, after, read = [], [], x
            for number, layer in enumerate(model.layers):
                read = model.read_by(number, x, read, lengths)
                x, last = real_layer(layer, read, None if state is None else state[number])
                h.append(x)
                after.append(last)
        if model.head is None:
            return h, after
        read = model.behind(h[-1], read, lengths)
        return [*h, model.readout(read if model.pool is None else model.over_steps(read, lengths)[:, None])], after

    def _scales(self, data: Data) -> list[float]:
        """Mean square of each of the teacher's answers over what is learned from: errors count by these."""
        sums, count = (np.zeros(len(self.teacher.layers) + (self.teacher.head is not None)) for _ in range(2))
        for chosen in np.array_split(np.arange(len(data.x)), -(-len(data.x) // self.spec.training.batch)):
            for window in self._windows(data, chosen):
                pairs = list(zip(window.targets, window.real, strict=True))
                sums += [float(((one * real) ** 2).mean(dim=2).sum()) for one, real in pairs]
                count += [float(real.sum()) for _, real in pairs]
        return [max(float(one), 1e-12) for one in sums / count]


def _loss(answers: list[Tensor], window: Batch, scales: list[float]) -> Tensor:
    """Sum over what is compared of the mean square error of real steps, each by its size."""
    total = torch.zeros(())
    for mine, theirs, real, scale in zip(answers, window.targets, window.real, scales, strict=True):
        error = (((mine - theirs) ** 2).mean(dim=2, keepdim=True) * real).sum()
        total = total + error / real.sum().clamp(min=1.0) / scale
    return total
