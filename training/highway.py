"""Recurrent highway networks (arXiv 1607.03474), coupled gates: several highway layers deep within a step.

    s_0 = s of the step before, and for l = 1..depth, x only at l = 1
    h = tanh(W_h x + R_h,l s_{l-1} + b),  t = sigmoid(W_t x + R_t,l s_{l-1} + b),  s_l = h * t + s_{l-1} * (1 - t)

For comparison in training alone: no accelerator is built from them.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from accel.spec import Spec
from training.model import LSTM, State

CARRY = -2.0
"""Initial bias of t: a new layer carries its state on."""


class Highway(nn.Module):
    """One recurrent layer, `depth` highway layers a step; rows of its matrices are those of h, then those of t."""

    def __init__(self, inputs: int, hidden: int, depth: int) -> None:
        super().__init__()
        bound = hidden**-0.5
        self.w_x = nn.Parameter(torch.empty(2 * hidden, inputs).uniform_(-bound, bound))
        self.recurrent = nn.ParameterList(torch.empty(2 * hidden, hidden).uniform_(-bound, bound) for _ in range(depth))
        self.bias = nn.ParameterList(
            torch.cat([torch.zeros(hidden), torch.full((hidden,), CARRY)]) for _ in range(depth)
        )

    def forward(self, x: Tensor, s: Tensor | None = None) -> Tensor:
        """x [batch, steps, inputs] and the state before, or zeros, to s after every step [batch, steps, hidden]."""
        x_part, found = functional.linear(x, self.w_x, self.bias[0]), []
        s = x_part.new_zeros(len(x), self.w_x.shape[0] // 2) if s is None else s
        for part in x_part.unbind(1):
            for level, weight in enumerate(self.recurrent):
                pre = torch.addmm(part if level == 0 else self.bias[level], s, weight.T)
                h, t = pre.chunk(2, dim=1)
                s = torch.lerp(s, torch.tanh(h), torch.sigmoid(t))
            found.append(s)
        return torch.stack(found, 1)


class RHN(LSTM):
    """The network of a spec with highway layers in place of those of the LSTM; the host's share is the same."""

    def __init__(
        self,
        spec: Spec,
        depth: int,
        encoder: nn.Module | None = None,
        decoder: nn.Linear | None = None,
        when: Literal["last", "step"] = "last",
    ) -> None:
        super().__init__(spec, encoder, decoder, when)
        self.depth = depth
        sizes = zip((spec.model.inputs, *spec.model.hidden), spec.model.hidden, strict=False)
        self.layers = nn.ModuleList(Highway(inputs, hidden, depth) for inputs, hidden in sizes)

    def hidden(
        self, x: Tensor, state: Sequence[State] | None = None, lengths: Tensor | None = None
    ) -> tuple[Tensor, list[State]]:
        """s of the last layer after every step, and of every layer after the last one (twice: an LSTM has two)."""
        after: list[State] = []
        for number, layer in enumerate(self.layers):
            x = layer(x, None if state is None else state[number][0])
            after.append((x[:, -1], x[:, -1]))
        return x, after


@torch.no_grad()
def cut(model: RHN, made: RHN, left: Sequence[Tensor]) -> None:
    """Fill `made`, whose layers have as many units as are `left`, with what is left of `model`."""
    inputs = torch.ones(model.layers[0].get_parameter("w_x").shape[1], dtype=torch.bool)
    for source, target, keep in zip(model.layers, made.layers, left, strict=True):
        rows = keep.repeat(2)
        for name, values in target.named_parameters():
            whole = source.get_parameter(name)
            columns = inputs if name == "w_x" else keep
            values.copy_(whole[rows] if name.startswith("bias") else whole[rows][:, columns])
        inputs = keep


def like(model: RHN, spec: Spec, decoder: nn.Linear | None) -> RHN:
    """An untrained network of another size with the same encoder."""
    return RHN(spec, model.depth, copy.deepcopy(model.encoder), decoder, model.when)


def multiplications(spec: Spec, depth: int) -> int:
    """Multiplications of the dense highway layers in one step."""
    sizes = zip((spec.model.inputs, *spec.model.hidden), spec.model.hidden, strict=False)
    return sum(2 * hidden * (inputs + depth * hidden) for inputs, hidden in sizes)
