"""The arithmetic of `accel.base` on torch's real numbers, with gradients that look through it.

A signal of `Fixed(width, frac)` is the real number integer / 2**frac. Forward, float64 carries every sum and product
below 2**53 exactly, so the integers are those of the golden model. Backward, a narrowing passes the gradient where it
did not saturate (straight-through estimator, arXiv 1308.3432) and a table has the derivative of its true function.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.overrides import handle_torch_function, has_torch_function_unary

from accel.base.fixed import ByGate, Fixed
from accel.base.tables import Table


class _Narrow(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, fmt: Fixed) -> Tensor:
        scale = float(2**fmt.frac)
        rounded = torch.floor(x * scale + 0.5)
        narrowed = clamped(rounded, fmt)
        ctx.save_for_backward(rounded == narrowed)
        return narrowed / scale

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        (inside,) = ctx.saved_tensors
        return grads[0] * inside, None


class _LookUp(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, table: Table) -> Tensor:
        ctx.function = table.function
        ctx.save_for_backward(x)
        half = 1 << (table.address - 1)
        index = torch.floor(x * 2.0 ** (table.input.frac - table.shift)).clamp(-half, half - 1)
        return _entries(table, x.dtype, x.device)[index.long()]

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        (x,) = ctx.saved_tensors
        if ctx.function == "tanh":
            return grads[0] * (1 - torch.tanh(x) ** 2), None
        y = torch.sigmoid(x)
        return grads[0] * y * (1 - y), None


class _Skip(Function):
    @staticmethod
    def forward(ctx: Any, h: Tensor, threshold: Tensor | float, pull: Tensor | float) -> Tensor:
        ctx.save_for_backward(h)
        ctx.threshold, ctx.pull = threshold, pull
        return torch.where(h.abs() < threshold, 0.0, h)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        (h,) = ctx.saved_tensors
        return grads[0] + ctx.pull * h.sign() / (h.abs() / ctx.threshold + 1), None, None


@lru_cache(maxsize=64)
def _entries(table: Table, dtype: torch.dtype, device: torch.device) -> Tensor:
    """The table as real numbers; a negative index counts from the end, which is two's complement."""
    return torch.as_tensor(table.output.real(table.entries), dtype=dtype, device=device)


def clamped(integers: Tensor, fmt: Fixed) -> Tensor:
    """Integers of any shape within the limits of a format; of a matrix [rows, columns] whose gates have widths of their
    own, row by row.
    """
    if not isinstance(fmt, ByGate):
        return integers.clamp(fmt.lo, fmt.hi)
    return integers.clamp(*(torch.from_numpy(end).to(integers) for end in fmt.limits(len(integers))))


def narrow(x: Tensor, fmt: Fixed) -> Tensor:
    """Real numbers of any shape to the nearest of a format: round half up, saturate; the gradient passes where nothing
    saturated.
    """
    if has_torch_function_unary(x):
        return handle_torch_function(narrow, (x,), x, fmt)
    narrowed: Tensor = _Narrow.apply(x, fmt)  # type: ignore[no-untyped-call]
    return narrowed


def look_up(x: Tensor, table: Table) -> Tensor:
    """Sigmoid or tanh of real numbers of any shape in `table.input`, by the table's own entries."""
    if has_torch_function_unary(x):
        return handle_torch_function(look_up, (x,), x, table)
    found: Tensor = _LookUp.apply(x, table)  # type: ignore[no-untyped-call]
    return found


def skip(h: Tensor, threshold: Tensor | float, pull: Tensor | float = 0.0) -> Tensor:
    """h [batch, hidden] where |h| >= threshold, else 0; the gradient passes everywhere (Skip, arXiv 1811.10396).

    To it is added the gradient of pull * threshold * sum log(1 + |h| / threshold), as if the loss had this term: it
    draws small states towards zero and leaves large ones nearly alone.
    """
    if has_torch_function_unary(h):
        return handle_torch_function(skip, (h,), h, threshold, pull)
    kept: Tensor = _Skip.apply(h, threshold, pull)  # type: ignore[no-untyped-call]
    return kept
