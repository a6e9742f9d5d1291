"""How good a model is on a split, by the definitions of its field."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from training.batches import VALIDATION_STREAM, Batch, to_evaluate
from training.model import LSTM, State
from training.tasks.task import Examples, Metric


@dataclass(frozen=True)
class Score:
    """Mean cross-entropy in nats over all answers, and the share of them that is right."""

    loss: float
    accuracy: float

    def value(self, metric: Metric) -> float:
        """The metric: accuracy, perplexity e**loss, or bits per character loss / ln 2."""
        if metric == "accuracy":
            return self.accuracy
        return math.exp(self.loss) if metric == "perplexity" else self.loss / math.log(2)

    def rank(self, metric: Metric) -> tuple[float, ...]:
        """Larger is better; of two equal accuracies the one with the smaller loss."""
        return (self.accuracy, -self.loss) if metric == "accuracy" else (-self.loss,)


class Tally:
    """Adds up answers."""

    def __init__(self) -> None:
        self.loss, self.right, self.answers = 0.0, 0, 0

    def add(self, logits: Tensor, labels: Tensor) -> None:
        """Logits [..., classes] and labels [...]."""
        logits, labels = logits.flatten(0, -2), labels.flatten()
        self.loss += float(functional.cross_entropy(logits, labels, reduction="sum"))
        self.right += int((logits.argmax(-1) == labels).sum())
        self.answers += len(labels)

    def score(self) -> Score:
        """The mean over everything added."""
        return Score(self.loss / self.answers, self.right / self.answers)


def score(model: LSTM, examples: Examples, stream: int = VALIDATION_STREAM) -> Score:
    """Score of a model on a whole split, in the model's own dtype; a text is read in streams of so many tokens."""
    return score_batches(model, to_evaluate(examples, next(model.parameters()), stream))


@torch.no_grad()
def score_batches(model: LSTM, batches: Iterable[Batch]) -> Score:
    """Score over some batches, the state carried from one to the next where they go on."""
    tally, state = Tally(), None
    training = model.training
    model.eval()
    for batch in batches:
        logits, state = model(batch.x, batch.lengths, carried(state, batch))
        tally.add(logits, batch.labels)
    model.train(training)
    return tally.score()


def carried(state: list[State] | None, batch: Batch) -> list[State] | None:
    """The state a batch starts with, cut off from the gradients of the batch before."""
    if state is None or batch.fresh:
        return None
    return [(h.detach(), c.detach()) for h, c in state]
