"""How good a model is on a split."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn import functional

from training.model import LSTM
from training.tasks.task import Split

BATCH = 512


@dataclass(frozen=True, order=True)
class Score:
    """Share of right answers, then (for ties) the mean cross-entropy in nats, negated: larger is better in both."""

    accuracy: float
    minus_loss: float


def as_tensors(split: Split, like: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """x, lengths and labels of a split, on the device of `like` and x in its dtype."""
    x = torch.from_numpy(split.x).to(like)
    return x, torch.from_numpy(split.lengths).to(like.device), torch.from_numpy(split.labels).to(like.device)


@torch.no_grad()
def score(model: LSTM, split: Split) -> Score:
    """Accuracy and loss of a model on a whole split, in the model's own dtype."""
    x, lengths, labels = as_tensors(split, next(model.parameters()))
    parts = zip(torch.split(x, BATCH), torch.split(lengths, BATCH), strict=True)
    logits = torch.cat([model(*part) for part in parts])
    right = int((logits.argmax(1) == labels).sum())
    return Score(right / len(labels), -float(functional.cross_entropy(logits, labels)))
