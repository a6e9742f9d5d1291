"""Binary and ternary weights, with what lets them train, folded to scales a row.

As in the paper (Ternary, arXiv 1809.11086): from scratch, both matrices become alpha * {-1, 1} or alpha * {-1, 0, 1},
drawn anew in each forward pass while training (`stochastic`) or rounded, then normalised. Or, `row`: from a trained
network, each row is rounded to digits about its own mean magnitude and has one learned scale (training.rows), which is
what `weights.kind` and `weights.per_row` of a spec build. At evaluation weights are always rounded, so the network that
is measured is the one that is built. The gradient goes straight through to the float weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from training.model import LSTM, matrices, matrices_of
from training.rows import Kind, scaled_rows, straight

Norm = Literal["none", "weight", "batch", "layer", "row"]
GAIN = 0.1
"""Initial gain of batch normalisation, as in the paper's code."""
MOMENTUM = 0.01
"""Of the running statistics: one is added every step of a sequence."""


class LowBit(nn.Module):
    """Parametrisation: weights to alpha times -1, 0, 1; `alpha` is half of Glorot's bound, fixed."""

    def __init__(self, kind: Kind, alpha: float, stochastic: bool) -> None:
        super().__init__()
        self.kind, self.alpha, self.stochastic = kind, alpha, stochastic

    def forward(self, weight: Tensor) -> Tensor:
        """alpha * low-bit values of the float weights [rows, columns]."""
        drawn = self.stochastic and self.training
        share = (weight / self.alpha).detach()
        digits = (binary if self.kind == "binary" else ternary)(share, drawn)
        return straight(weight, self.alpha * digits)


def binary(share: Tensor, drawn: bool) -> Tensor:
    """-1 or 1, in the shape of `share`: the sign, or 1 with probability (share + 1) / 2."""
    threshold = torch.rand_like(share) if drawn else 0.5
    return torch.where((share + 1) / 2 >= threshold, torch.ones_like(share), -1.0)


def ternary(share: Tensor, drawn: bool) -> Tensor:
    """-1, 0 or 1, in the shape of `share`: 0 within a third of alpha; or the sign with probability |share|."""
    threshold = torch.rand_like(share) if drawn else 1 / 3
    return torch.where(share.abs() > threshold, share.sign(), 0.0)


class RowNorm(nn.Module):
    """Parametrisation: each row scaled to a learned length (weight normalisation, arXiv 1602.07868)."""

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        self.gain = nn.Parameter(weight.detach().norm(dim=1, keepdim=True).clone())

    def forward(self, weight: Tensor) -> Tensor:
        """weight [rows, columns] with rows of length `gain`."""
        return weight * row_scale(weight, self.gain)


def row_scale(weight: Tensor, gain: Tensor) -> Tensor:
    """What a row is multiplied with, [rows, 1]; a row of zeros stays one."""
    scale: Tensor = gain / weight.norm(dim=1, keepdim=True).clamp_min(1e-12)
    return scale


class Pair(nn.Module):
    """Normalisation of the x part and of the h part of a layer's pre-activations, both [..., 4 hidden].

    Statistics are shared by all steps: one set for hardware to fold, where the paper keeps one a step.
    """

    def __init__(self, norm: Norm, rows: int) -> None:
        super().__init__()
        self.x, self.h = _norm(norm, rows), _norm(norm, rows)


def _norm(norm: Norm, rows: int) -> nn.Module:
    if norm == "layer":
        return nn.LayerNorm(rows)
    made = nn.BatchNorm1d(rows, momentum=MOMENTUM)
    nn.init.constant_(made.weight, GAIN)
    return made


def apply(model: LSTM, kind: Kind, norm: Norm, stochastic: bool = True) -> LSTM:
    """Give every layer of a model low-bit weights and a normalisation; embedding, head and decoder stay as they are.

    `row` keeps what the model has learned, the others begin from scratch.
    """
    if norm == "row":
        for layer in model.layers:
            scaled_rows(layer, kind)
        return model
    for layer in model.layers:
        for name, weight in zip(matrices(), matrices_of(layer), strict=True):
            rows, columns = weight.shape
            alpha = 0.5 * (6 / (rows + columns)) ** 0.5
            scale = RowNorm(weight) if norm == "weight" else None
            parametrize.register_parametrization(layer, name, LowBit(kind, alpha, stochastic))
            if scale is not None:
                parametrize.register_parametrization(layer, name, scale)
    if norm in ("batch", "layer"):
        model.norms = nn.ModuleList(Pair(norm, matrices_of(layer)[0].shape[0]) for layer in model.layers)
    return model


@dataclass(frozen=True)
class Folded:
    """One matrix for hardware: digits int8 [rows, columns] of -1, 0, 1; a scale and an offset for each row."""

    digits: Tensor
    scale: Tensor
    offset: Tensor

    def __call__(self, operand: Tensor) -> Tensor:
        """scale * (digits . operand) + offset: additions, and one multiplication a row."""
        return (operand @ self.digits.to(operand.dtype).T) * self.scale + self.offset


@torch.no_grad()
def fold(model: LSTM, number: int) -> tuple[Folded, Folded]:
    """W_x and W_h of a layer at evaluation, weight or batch normalisation folded into scales and offsets.

    ValueError for layer normalisation, whose statistics are known only when the step is computed.
    """
    model.eval()
    layer, norms = model.layers[number], None if model.norms is None else model.norms[number]
    sides = (None, None) if norms is None else (norms.x, norms.h)
    folded = [_fold(weight, norm) for weight, norm in zip(matrices_of(layer), sides, strict=True)]
    return folded[0], folded[1]


def _fold(weight: Tensor, norm: Any) -> Folded:
    scale = weight.abs().amax(dim=1)
    digits, offset = weight.sign().to(torch.int8), torch.zeros_like(scale)
    if norm is None:
        return Folded(digits, scale, offset)
    if not isinstance(norm, nn.BatchNorm1d) or norm.running_var is None or norm.running_mean is None:
        raise ValueError("layer normalisation cannot be folded: its statistics change every step")
    factor = norm.weight / (norm.running_var + norm.eps).sqrt()
    return Folded(digits, scale * factor, norm.bias - norm.running_mean * factor)
