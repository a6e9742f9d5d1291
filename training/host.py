"""What stays on the host and in floating point: how tokens become x_t, and a decoder where the spec has no head."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from accel.spec import Spec
from training.tasks.task import Task


class OneHot(nn.Module):
    """Tokens [...] to x [..., vocabulary], one element 1 and the others 0."""

    like: Tensor

    def __init__(self, vocabulary: int) -> None:
        super().__init__()
        self.vocabulary = vocabulary
        self.register_buffer("like", torch.zeros(()), persistent=False)

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens [batch, steps] to x [batch, steps, vocabulary] in the dtype of the module."""
        return functional.one_hot(tokens, self.vocabulary).to(self.like.dtype)


class Alone(nn.Module):
    """Tokens [...] as vectors of one token each, [..., 1], for a table in the accelerator."""

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens [batch, steps] to [batch, steps, 1]."""
        return tokens[..., None]


def encoder(spec: Spec, task: Task) -> nn.Module:
    """Tokens or real numbers of a task to what comes in for a step."""
    if task.vocabulary is None:
        return nn.Identity()
    if spec.incoming.tokens:
        return Alone()
    return nn.Embedding(task.vocabulary, spec.model.inputs) if task.embedded else OneHot(task.vocabulary)


def decoder(spec: Spec, task: Task) -> nn.Linear | None:
    """A linear layer from h_t to logits where the spec has no head; it is not quantised."""
    return nn.Linear(spec.read_behind, task.classes) if spec.model.head is None else None
