"""Rows of digits with one scale each, as the hardware has them: scale * (W_x x + W_h h), weights -1, 0, 1 or integers.

Ternary digits are nearest to a row where weights within CUT of its mean magnitude become 0 (TWN, arXiv 1605.04711). The
two matrices share the scale of a row; what their digits count may differ by a power of two.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.autograd import Function
from torch.nn.utils import parametrize

from accel.architecture.array import Array
from accel.base.fixed import Fixed, LowBit
from training.cell import cell_of, matrices, matrices_of, scale_by_sum
from training.prune import masks
from training.straight_through import narrow
from training.whole_steps import steps_of_rows

Kind = Literal["binary", "ternary"]
CLIPS = torch.linspace(1.0, 0.25, 16)
"""Shares of a row's largest weight that are tried as the end of its integers; weights beyond saturate."""
CUT = 0.7
"""Share of a row's mean magnitude below which a weight becomes 0: nearest where weights are normally distributed."""


class _StraightThrough(Function):
    @staticmethod
    def forward(ctx: Any, weight: Tensor, digits: Tensor) -> Tensor:
        return digits

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        return grads[0], None


def straight(weight: Tensor, digits: Tensor) -> Tensor:
    """The digits, [rows, columns] as the weights; their gradient is that of the float weights."""
    found: Tensor = _StraightThrough.apply(weight, digits)  # type: ignore[no-untyped-call]
    return found


class RowLowBit(nn.Module):
    """Parametrisation: weights to -1, 0, 1 times `unit`, row by row; binary: their signs. 0 outside the mask."""

    mask: Tensor

    def __init__(self, kind: Kind, unit: float, mask: Tensor) -> None:
        super().__init__()
        self.kind, self.unit = kind, unit
        self.register_buffer("mask", mask)

    def forward(self, weight: Tensor) -> Tensor:
        """unit * digits of the float weights [rows, columns]."""
        kept, magnitude = self.mask, weight.detach().abs()
        if self.kind == "ternary":
            count = kept.sum(1, keepdim=True).clamp_min(1)
            kept = kept & (magnitude > CUT * (magnitude * kept).sum(1, keepdim=True) / count)
        digits = torch.where(weight < 0, -self.unit, self.unit).to(weight.dtype)
        return straight(weight, digits * kept)


class RowScale(nn.Module):
    """Parametrisation: each row times a learned scale."""

    def __init__(self, scale: Tensor) -> None:
        super().__init__()
        self.scale = nn.Parameter(scale)

    def forward(self, weight: Tensor) -> Tensor:
        """scale * weight, [rows, columns] with a scale a row."""
        return weight * self.scale[:, None]


def nearest_scale(weights: Sequence[Tensor], digits: Sequence[Tensor]) -> Tensor:
    """For each row the scale with which its digits, of all matrices together, lie nearest to its weights. [rows]"""
    along = sum((weight * digit).sum(1) for weight, digit in zip(weights, digits, strict=True))
    length = sum(digit.square().sum(1) for digit in digits)
    return torch.as_tensor(along / torch.as_tensor(length).clamp_min(1e-12))


def scaled_rows(layer: nn.Module, kind: Kind) -> None:
    """Digits and scales for a layer in floating point; what W_h counts is the power of two that suits the layer."""
    w_x, w_h = (weight.detach() for weight in matrices_of(layer))
    unit = 2.0 ** float((w_h.abs().mean() / w_x.abs().mean().clamp_min(1e-12)).clamp_min(1e-12).log2().round())
    scale = RowScale(_digits(layer, kind, (1.0, unit)))
    for name in matrices():
        parametrize.register_parametrization(layer, name, scale)


def attach(layer: nn.Module, array: Array) -> None:
    """Digits and `row_scale`, one a sum of the cell, of a layer, as its formats in hardware want them, or nothing.

    Integers of fixed width with a scale a row lie as near to each row as they can; its largest weights may saturate.
    """
    scale = None
    if isinstance(array.w_x, LowBit):
        kind: Kind = "ternary" if array.w_x.width > 1 else "binary"
        scale = _digits(layer, kind, (2.0**-array.w_x.frac, 2.0**-array.w_h.frac))
    elif array.scale is not None:
        scale = _stretched(layer, (array.w_x, array.w_h), array.scale)
    if array.scale is not None and scale is not None:
        layer.row_scale = nn.Parameter(scale_by_sum(cell_of(layer), scale))


def _digits(layer: nn.Module, kind: Kind, units: tuple[float, float]) -> Tensor:
    """Parametrise both matrices of a layer by digits; the nearest scales. [rows]"""
    before = [weight.detach() for weight in matrices_of(layer)]
    for name, unit, mask in zip(matrices(), units, masks(layer), strict=True):
        parametrize.register_parametrization(layer, name, RowLowBit(kind, unit, mask.clone()))
    return nearest_scale(before, [weight.detach() for weight in matrices_of(layer)])


def _error(weight: Tensor, fmt: Fixed, scale: Tensor) -> Tensor:
    """Squared error of each row that is divided by its scale and narrowed. [rows]"""
    each = scale[:, None]
    return (narrow(weight / each, fmt) * each - weight).square().sum(1)


def _largest(fmt: Fixed, weight: Tensor) -> Tensor:
    """The largest number that the rows of a matrix hold, one for all or one each. [1] or [rows]"""
    return torch.as_tensor(fmt.real(fmt.limits(len(weight))[1])).reshape(-1).to(weight)


@torch.no_grad()
def _stretched(layer: nn.Module, formats: tuple[Fixed, Fixed], of_scale: Fixed) -> Tensor:
    """Divide each row of a layer by the scale at which its integers have the least squared error. [rows]

    Tried are CLIPS and, of a row of whole multiples of a step, that step; all as the hardware has scales, so that
    rounding them costs nothing.
    """
    pairs = list(zip(matrices_of(layer), formats, strict=True))
    largest = torch.stack([weight.abs().amax(1) / _largest(fmt, weight) for weight, fmt in pairs]).amax(0)
    w_x, w_h = (weight.cpu().numpy() for weight, _ in pairs)
    steps = torch.from_numpy(steps_of_rows(w_x, w_h, formats[1].frac - formats[0].frac)).to(largest)
    whole = torch.where(steps.isnan(), largest, steps * 2.0 ** formats[0].frac)
    tried = torch.cat([CLIPS.to(largest)[:, None] * largest, whole[None]])
    tried = narrow(tried, of_scale).clamp_min(2.0**-of_scale.frac)
    errors = torch.stack([sum((_error(weight, fmt, scale) for weight, fmt in pairs), largest * 0) for scale in tried])
    scale = tried.gather(0, errors.argmin(0, keepdim=True))[0]
    for name in matrices():
        original = f"parametrizations.{name}.original" if parametrize.is_parametrized(layer, name) else name
        layer.get_parameter(original).div_(scale[:, None])
    return scale
