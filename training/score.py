"""How good a model is on a split, by the definitions of its field."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from training.batches import Batch, to_evaluate, to_warm
from training.model import LSTM, State
from training.tasks.task import Examples, Metric, Text


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


@torch.no_grad()
def score(model: LSTM, examples: Examples) -> Score:
    """Score of a model on a whole split, in the model's own dtype.

    A text is read in many streams side by side. Each begins with the state that the tokens before it leave, so that
    the score is that of one carried state; fewer tokens than there are streams are left out at the end.
    """
    tally, training = Tally(), model.training
    model.eval()
    like = next(model.parameters())
    state = warmed(model, to_warm(examples, like)) if isinstance(examples, Text) else None
    for number, batch in enumerate(to_evaluate(examples, like)):
        logits, state = model(batch.x, batch.lengths, state if number == 0 else carried(state, batch))
        tally.add(logits, batch.labels)
    model.train(training)
    return tally.score()


def warmed(model: LSTM, before: Batch | None) -> list[State] | None:
    """States that streams of a text begin with: the first one's is zero, the others' that after the tokens `before`."""
    if before is None:
        return None
    _, state = model(before.x)
    return [(functional.pad(h, (0, 0, 1, 0)), functional.pad(c, (0, 0, 1, 0))) for h, c in state]


def carried(state: list[State] | None, batch: Batch) -> list[State] | None:
    """The state a batch starts with, cut off from the gradients of the batch before."""
    if state is None or batch.fresh:
        return None
    return [(h.detach(), c.detach()) for h, c in state]
