"""State pruning (Skip, arXiv 1811.10396): h counts as 0 in the recurrence where |h| is below a threshold."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from training.batches import WINDOW, Batch, to_evaluate, windows
from training.method import Method
from training.model import LSTM, State, stacked
from training.score import carried
from training.tasks.task import Examples, Text

BATCHES = (1, 2, 4, 8)
"""Sequences that share a hardware batch: a column is skipped where the state is zero in all of them."""
TOKENS = 32_769
"""Tokens of a text over which states are counted."""


def set_threshold(model: LSTM, threshold: float) -> LSTM:
    """Prune the states of every layer below `threshold`; 0 switches it off."""
    if not threshold >= 0:
        raise ValueError(f"a threshold is at least 0, not {threshold}")
    model.threshold.fill_(threshold)
    return model


class StatePruning(Method):
    """Before each epoch, the threshold that prunes the share of the states that is due.

    The share rises over the first half of a stage. Then the threshold follows the states at a distance: states move
    with the threshold, and one that jumped after them every time would never come to rest.
    """

    settled = 0.5
    follow = 0.3

    def __init__(self, wanted: float, examples: Examples) -> None:
        self.wanted, self.examples = wanted, examples

    def before_epoch(self, model: LSTM, done: float) -> None:
        """Find the threshold anew."""
        before, due = float(model.threshold), self.wanted * min(1.0, (done + 0.1) / self.settled)
        found = threshold_for(model, self.examples, due)
        set_threshold(model, found if done <= self.settled else before + self.follow * (found - before))
        model.train()


def threshold_for(model: LSTM, examples: Examples, sparsity: float) -> float:
    """The threshold below which the wanted share of a model's states lies, measured with its present threshold."""
    magnitudes = torch.cat([h.abs()[real.expand_as(h)] for h, real in states(model, examples)])
    return float(magnitudes.sort().values[min(len(magnitudes) - 1, round(sparsity * len(magnitudes)))])


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
    """h of every layer over a split, [batch, steps, hidden], and which steps are real, [batch, steps, 1]."""
    model.eval()
    state: list[State] | None = None
    for batch in _batches(examples, next(model.parameters())):
        found = model.signals(model.encoder(batch.x), carried(state, batch))
        state = [(steps[-1]["h"], steps[-1]["c"]) for steps in found]
        steps = len(found[0])
        ends = torch.full((len(batch.x),), steps, device=batch.x.device) if batch.lengths is None else batch.lengths
        real = torch.arange(steps, device=ends.device)[None, :, None] < ends[:, None, None]
        for signals in found:
            yield stacked(signals, "h"), real


def _batches(examples: Examples, like: Tensor) -> Iterator[Batch]:
    """Every sequence; or of a text the first TOKENS, in as many streams as the largest hardware batch has."""
    if isinstance(examples, Text):
        return windows(examples.first(TOKENS), BATCHES[-1], WINDOW, like)
    return to_evaluate(examples, like)
