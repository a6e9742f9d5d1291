"""What stays on the host and in floating point: how tokens become x_t, and a decoder where the spec has no head."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from accel.base.faults import Fault, Refused
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
    """Tokens or real numbers of a task to what comes in for a step. Refused: a bound for an embedding that is none."""
    bound, table = spec.training.embedding_bound, spec.incoming.tokens
    if bound is not None and (table or not task.embedded):
        wanted = f"nothing, as {task.name} has no vectors of tokens on the host"
        raise Refused([Fault("training.embedding_bound", wanted, str(bound))])
    if task.vocabulary is None:
        return nn.Identity()
    if table:
        return Alone()
    if not task.embedded:
        return OneHot(task.vocabulary)
    made = nn.Embedding(task.vocabulary, spec.model.inputs)
    if bound is not None:
        nn.init.uniform_(made.weight, -bound, bound)
    return made


def decoder(spec: Spec, task: Task) -> nn.Linear | None:
    """A linear layer from h_t to logits where the spec has no head; it is not quantised."""
    return nn.Linear(spec.read_behind, task.classes) if spec.model.head is None else None
