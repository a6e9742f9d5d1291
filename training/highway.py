"""Recurrent highway networks (arXiv 1607.03474), coupled gates: several highway layers deep within a step.

s_0 = s of the step before, and for l = 1..depth, x only at l = 1
h = tanh(W_h x + R_h,l s_{l-1} + b),  t = sigmoid(W_t x + R_t,l s_{l-1} + b),  s_l = h * t + s_{l-1} * (1 - t)
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from accel.architecture.cells import Cell, highway
from accel.spec import Spec
from training.arithmetic import REAL
from training.cell import matrices, matrices_of, run_layer
from training.model import LSTM

CARRY = -2.0
"""Initial bias of t: a new layer carries its state on."""


class Highway(nn.Module):
    """One recurrent layer, `depth` highway layers a step, with the names that an `nn.LSTM` has for its parameters.

    Rows of its matrices are those of h, then those of t; those of W_h and the one bias level behind level.
    """

    def __init__(self, inputs: int, hidden: int, depth: int, bias: bool = True) -> None:
        super().__init__()
        self.depth, bound = depth, hidden**-0.5
        self.weight_ih_l0 = nn.Parameter(torch.empty(2 * hidden, inputs).uniform_(-bound, bound))
        self.weight_hh_l0 = nn.Parameter(torch.empty(depth * 2 * hidden, hidden).uniform_(-bound, bound))
        if bias:
            level = torch.cat([torch.zeros(hidden), torch.full((hidden,), CARRY)])
            self.bias_ih_l0 = nn.Parameter(level.repeat(depth))

    @property
    def cell(self) -> Cell:
        """Its cell."""
        return highway(self.depth)

    def forward(self, x: Tensor, s: Tensor | None = None) -> Tensor:
        """x [batch, steps, inputs] and the state before, or zeros, to s after every step [batch, steps, hidden]."""
        steps = run_layer(REAL, self, x, None if s is None else (s, s))
        return torch.stack([signals[self.cell.carried] for signals in steps], 1)


class RHN(LSTM):
    """The network of a spec with highway layers in place of those of an LSTM; the host's share is the same."""

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
        self.layers = nn.ModuleList(Highway(inputs, hidden, depth, spec.model.bias) for inputs, hidden in spec.sizes)


def network_for(
    spec: Spec,
    encoder: nn.Module | None = None,
    decoder: nn.Linear | None = None,
    when: Literal["last", "step"] = "last",
) -> LSTM:
    """An untrained network of the spec's own cell."""
    if spec.model.depth is None:
        return LSTM(spec, encoder, decoder, when)
    return RHN(spec, spec.model.depth, encoder, decoder, when)


@torch.no_grad()
def cut(model: RHN, made: RHN, left: Sequence[Tensor]) -> None:
    """Fill `made`, whose layers have as many units as are `left` (a mask [units] a layer), with what is left of
    `model`.
    """
    inputs = torch.ones(matrices_of(model.layers[0])[0].shape[1], dtype=torch.bool)
    for source, target, keep in zip(model.layers, made.layers, left, strict=True):
        rows = {True: keep.repeat(2), False: keep.repeat(2 * model.depth)}
        for name, values in target.named_parameters():
            of_x = name == matrices()[0]
            kept = source.get_parameter(name)[rows[of_x]]
            values.copy_(kept if values.ndim == 1 else kept[:, inputs if of_x else keep])
        inputs = keep


def like(model: RHN, spec: Spec, decoder: nn.Linear | None) -> RHN:
    """An untrained network of another size with the same encoder."""
    return RHN(spec, model.depth, copy.deepcopy(model.encoder), decoder, model.when)
