"""How much each operand of a layer's weights varies over data: by that, times their size, weights are kept.

A weight counts by what it adds to a sum (Wanda, arXiv 2306.11695), less what is the same in every step, which a bias
takes over.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from training.model import LSTM
from training.prune import Choice, Choices

Spreads = tuple[Tensor, Tensor]
"""Of each column of W_x and of W_h."""


class Operands:
    """Sums over the steps in which a layer was run, of what it reads and of the h_t it makes, in place of h_{t-1}."""

    def __init__(self) -> None:
        self.real = torch.ones(())
        """Which of the steps that run next count, [batch, steps, 1]."""
        self.count = 0.0
        self.sums: list[tuple[Tensor, Tensor]] = []

    def met(self, _layer: Any, read: Any, made: Any) -> None:
        """A forward hook of the layer: its x [batch, steps, n], and h."""
        found = [values.double() * self.real for values in (read[0].detach(), made[0].detach())]
        added = [(one.sum((0, 1)), one.square().sum((0, 1))) for one in found]
        self.count += float(self.real.sum())
        self.sums = [(a + c, b + d) for (a, b), (c, d) in zip(self.sums, added, strict=True)] if self.sums else added

    def spreads(self, centred: bool) -> Spreads:
        """Standard deviations of x and h, or root mean squares where no bias takes over what is constant."""
        found = []
        for total, squares in self.sums:
            mean = total / self.count * centred
            found.append((squares / self.count - mean.square()).clamp(min=0.0).sqrt().float())
        return found[0], found[1]


@contextmanager
def watched(model: LSTM) -> Iterator[list[Operands]]:
    """The operands of every layer of a model in real numbers, as far as it runs within."""
    watching = [Operands() for _ in model.layers]
    hooks = [layer.register_forward_hook(one.met) for layer, one in zip(model.layers, watching, strict=True)]
    try:
        yield watching
    finally:
        for hook in hooks:
            hook.remove()


def by_spread(pair: Choices, spreads: Spreads) -> Choices:
    """What a layer keeps: the choices of its pattern, among weights times the spread of what they multiply."""
    return _weighted(pair[0], spreads[0]), _weighted(pair[1], spreads[1])


def _weighted(choose: Choice, spread: Tensor) -> Choice:
    return lambda weight, kept: choose(weight * spread, kept)
