"""State pruning (Skip, arXiv 1811.10396): h counts as 0 in the recurrence where |h| is below a threshold.

The paper leaves open how the threshold is chosen. A threshold that follows a wanted share of zeros runs away: the
gradient passes pruned states too, so states grow past the threshold, which is then raised. Here the threshold is fixed
and small states are drawn to zero by a term in the loss, whose weight (the pull) follows the wanted share. Then states
part into zeros and others, and the threshold between them hardly matters.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import compress

import torch
from torch import Tensor

from training.batches import WINDOW, Batch, to_evaluate, windows
from training.method import Method
from training.model import LSTM, State, ends, stacked
from training.score import carried
from training.tasks.task import Examples, Text

BATCHES = (1, 2, 4, 8)
"""Sequences that share a hardware batch: a column is skipped where the state is zero in all of them."""
TOKENS = 32_769
"""Tokens of a text over which states are counted."""
FIRST_PULL = 0.3
"""The pull that a stage begins with."""
INTEGRAL, PROPORTIONAL, SMOOTHING = 100.0, 5.0, 0.1
"""Of the controller of the logarithm of the pull: what a missing share of 1 adds over a whole stage, what it adds at
once, and the weight of the newest step in the mean that it is judged by."""
BEGUN = 0.85
"""What of the wanted share is zero before training, where the threshold is found: with more, too much is pruned at
once; with less, states have to be drawn over a long way."""
MARGIN = 0.2
"""What is aimed at beyond the wanted share, as a part of the rest: the share on other data is a little smaller."""


def set_threshold(model: LSTM, threshold: float) -> LSTM:
    """Prune the states of every layer below `threshold`; 0 switches it off."""
    if not threshold >= 0:
        raise ValueError(f"a threshold is at least 0, not {threshold}")
    model.threshold.fill_(threshold)
    return model


def threshold_for(model: LSTM, examples: Examples, wanted: float) -> float:
    """A threshold to begin with for a wanted share of zeros: BEGUN of it is there before the model is trained."""
    magnitudes = torch.cat([h.abs()[real.expand_as(h)] for h, real in states(model, examples)])
    return float(magnitudes.kthvalue(1 + round(BEGUN * wanted * (len(magnitudes) - 1))).values)


class StatePruning(Method):
    """A fixed threshold, and a pull towards zero that follows the share of zeros, a proportional-integral controller.

    The share that is due rises over the first half of a stage of `steps` optimiser steps, from what the threshold
    alone makes zero to a little more than what is `wanted`.
    """

    settled = 0.5

    def __init__(self, wanted: float, threshold: float, steps: int, examples: Examples) -> None:
        self.least, self.wanted = wanted, wanted + MARGIN * (1 - wanted)
        self.threshold, self.steps, self.examples = threshold, steps, examples
        self.done, self.first, self.missed = 0, 0.0, 0.0

    def before_epoch(self, model: LSTM, done: float) -> None:
        """Switch the threshold on, before the first epoch."""
        if done == 0.0:
            set_threshold(model, self.threshold)
            model.pull.fill_(FIRST_PULL)

    def after_step(self, model: LSTM, rate: float) -> None:
        """The pull grows or weakens with the share of zeros that the step missed or had too many."""
        share = float(model.pruned)
        if self.done == 0:
            self.first = min(share, self.wanted)
        self.done += 1
        due = self.first + (self.wanted - self.first) * min(1.0, self.done / (self.settled * self.steps))
        missed, before = due - share, self.missed
        self.missed = before + SMOOTHING * (missed - before)
        change = INTEGRAL / self.steps * self.missed + PROPORTIONAL * (self.missed - before)
        model.pull.mul_(math.exp(change))

    def reached(self, model: LSTM) -> bool:
        """Whether the wanted share of the states over `examples`, the validation split, is zero."""
        return sparsity(model, self.examples)[1] >= self.least

    def state(self, model: LSTM) -> dict[str, float]:
        """The controller's; the threshold is the model's."""
        return {"pull": float(model.pull), "done": self.done, "first": self.first, "missed": self.missed}

    def restore(self, model: LSTM, kept: dict[str, float]) -> None:
        """Undo `state`."""
        model.pull.fill_(kept["pull"])
        self.done, self.first, self.missed = int(kept["done"]), kept["first"], kept["missed"]


def sparsity(model: LSTM, examples: Examples) -> dict[int, float]:
    """Share of states that are zero in the recurrence: for each of BATCHES, zero in all sequences of such a batch."""
    zeros = dict.fromkeys(BATCHES, 0)
    places = dict(zeros)
    for h, real in states(model, examples):
        pruned = (h.abs() < model.threshold) & real
        for count in BATCHES:
            groups = len(h) // count
            if groups:
                shape = (groups, count, *h.shape[1:])
                live = real[: groups * count].expand_as(h[: groups * count]).reshape(shape).all(1)
                zeros[count] += int((pruned[: groups * count].reshape(shape).all(1) & live).sum())
                places[count] += int(live.sum())
    return {count: zeros[count] / places[count] for count in BATCHES if places[count]}


@torch.no_grad()
def states(model: LSTM, examples: Examples) -> Iterator[tuple[Tensor, Tensor]]:
    """h of every layer that skips states over a split, [batch, steps, hidden], and which steps are real,
    [batch, steps, 1].
    """
    training = model.training
    model.eval()
    state: list[State] | None = None
    for batch in _batches(examples, next(model.parameters())):
        found = model.signals(model.encoder(batch.x), carried(state, batch))
        state, steps = ends(model.cell, found), len(found[0])
        last = torch.full((len(batch.x),), steps, device=batch.x.device) if batch.lengths is None else batch.lengths
        real = torch.arange(steps, device=last.device)[None, :, None] < last[:, None, None]
        for signals in compress(found, model.skip):
            yield stacked(signals, model.cell.output), real
    model.train(training)


def _batches(examples: Examples, like: Tensor) -> Iterator[Batch]:
    """Every sequence; or of a text the first TOKENS, in as many streams as the largest hardware batch has."""
    if isinstance(examples, Text):
        return windows(examples.first(TOKENS), BATCHES[-1], WINDOW, like)
    return to_evaluate(examples, like)
