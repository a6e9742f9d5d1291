"""Targeted dropout (arXiv 1905.13678) on the column-balanced pattern, as Spartus trains (arXiv 2108.02297).

Of every column each lane's smallest weights are the weak ones. While training each of them is dropped at random, with a
probability that rises to 1 over the first half of a stage: a weight that turns out to be needed can grow until then. At
evaluation all weak ones are gone, so the network that is measured is the sparse one.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from accel.architecture.layer import Nnz
from training.method import Method
from training.model import LSTM, matrices, matrices_of
from training.patterns import column


class Weak(nn.Module):
    """Parametrisation that drops the weights which are not `strong`, each with this `probability` while training."""

    strong: Tensor
    probability: Tensor

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        self.register_buffer("strong", torch.ones_like(weight, dtype=torch.bool))
        self.register_buffer("probability", torch.zeros(()))

    def forward(self, weight: Tensor) -> Tensor:
        """weight [rows, columns], zero where it is dropped."""
        if not self.training:
            return weight * self.strong
        return weight * (self.strong | (torch.rand_like(weight) >= self.probability))


def watch(model: LSTM) -> LSTM:
    """Put the parametrisation over both matrices of every layer; it drops nothing yet."""
    for layer in model.layers:
        for name, weight in zip(matrices(), matrices_of(layer), strict=True):
            parametrize.register_parametrization(layer, name, Weak(weight.detach()))
    return model


class TargetedDropout(Method):
    """Before each epoch: choose the strong weights anew until the probability is 1, and raise it."""

    settled = 0.5

    def __init__(self, nnz: Sequence[Nnz]) -> None:
        self.nnz = nnz

    def before_epoch(self, model: LSTM, done: float) -> None:
        """Strong are those that the column-balanced pattern keeps, by their float weights."""
        for layer, pair in zip(model.layers, self.nnz, strict=True):
            lists = [layer.get_submodule(f"parametrizations.{name}") for name in matrices()]
            w_x, w_h = (part.get_parameter("original").detach() for part in lists)
            weak = [part.get_submodule("0") for part in lists]
            for part, chosen in zip(weak, column(w_x, w_h, pair), strict=True):
                if float(part.get_buffer("probability")) < 1:
                    part.get_buffer("strong").copy_(chosen)
                part.get_buffer("probability").fill_(min(1.0, done / self.settled))
