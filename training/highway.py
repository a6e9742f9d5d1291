"""Recurrent highway networks (arXiv 1607.03474), coupled gates: several highway layers deep within a step.

s_0 = s of the step before, and for l = 1..depth, x only at l = 1
h = tanh(W_h x + R_h,l s_{l-1} + b),  t = sigmoid(W_t x + R_t,l s_{l-1} + b),  s_l = h * t + s_{l-1} * (1 - t)
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from accel.architecture.cells import Level
from accel.architecture.cells import highway as cell
from accel.spec import Spec
from training.arithmetic import REAL, Arithmetic, exact
from training.model import LSTM, Signals, State, bias_of, matrices, matrices_of, stacked

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

    def forward(self, x: Tensor, s: Tensor | None = None) -> Tensor:
        """x [batch, steps, inputs] and the state before, or zeros, to s after every step [batch, steps, hidden]."""
        names, state = cell(self.depth).levels, None if s is None else (s, s)
        steps = run_highway(REAL, self, x, state)
        return torch.stack([signals[names[-1].kept] for signals in steps], 1)


def run_highway(arithmetic: Arithmetic, layer: nn.Module, x: Tensor, state: State | None = None) -> Iterator[Signals]:
    """A highway layer over x [batch, steps, inputs]: each step's signals as named in `accel.architecture.cells`.

    `state` is s as it is read, and as it is carried on.
    """
    w_x, w_h = matrices_of(layer)
    levels = cell(len(w_h) // len(w_x)).levels
    weights = [part.T for part in arithmetic.w_h(w_h).chunk(len(levels))]
    biases = _biases(arithmetic, bias_of(layer), x, w_h).chunk(len(levels))
    x_part = functional.linear(arithmetic.x(x), arithmetic.w_x(w_x)) + biases[0]
    zero = x_part.new_zeros(len(x), w_h.shape[1])
    read, s = state or (zero, zero)
    for part in x_part.unbind(1):
        signals: Signals = {}
        for number, (level, weight) in enumerate(zip(levels, weights, strict=True)):
            pre = torch.addmm(biases[number] if number else part, read, weight)
            signals |= carry(arithmetic, level, pre, s)
            read, s = signals[level.state], signals[level.kept]
        yield signals


def _biases(arithmetic: Arithmetic, bias: Tensor | None, x: Tensor, w_h: Tensor) -> Tensor:
    return x.new_zeros(len(w_h)) if bias is None else arithmetic.bias(bias)


def carry(arithmetic: Arithmetic, level: Level, pre: Tensor, s: Tensor) -> Signals:
    """One level: pre-activations [batch, 2 hidden] and s_{l-1} to s_l and every signal on the way."""
    h_pre, t_pre = arithmetic.gate(pre).chunk(2, dim=1)
    h, t = arithmetic.tanh(h_pre), arithmetic.sigmoid(t_pre)
    s = arithmetic.cell(torch.lerp(s, h, t) if arithmetic is REAL else h * t + s * (1 - t))
    return dict(zip(level.names, (h_pre, t_pre, h, t, s, arithmetic.state(s)), strict=True))


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

    def hidden(
        self, x: Tensor, state: Sequence[State] | None = None, lengths: Tensor | None = None
    ) -> tuple[Tensor, list[State]]:
        """s of the last layer after every step, and of every layer after the last one: as it is read and carried."""
        last, found = cell(self.depth).levels[-1], self.signals(x, state)
        after = [(steps[-1][last.state], steps[-1][last.kept]) for steps in found]
        return stacked(found[-1], last.state), after

    def signals(self, x: Tensor, state: Sequence[State] | None = None) -> list[list[Signals]]:
        """Every signal of every step of every layer, in the arithmetic that is switched on."""
        found = list[list[Signals]]()
        for number, layer in enumerate(self.layers):
            arithmetic = REAL if self.quantized is None else exact(self.quantized, self.quantized.layers[number])
            before = None if state is None else state[number]
            found.append(list(run_highway(arithmetic, layer, x, before)))
            x = stacked(found[-1], cell(self.depth).output)
        return found


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
    """Fill `made`, whose layers have as many units as are `left`, with what is left of `model`."""
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
