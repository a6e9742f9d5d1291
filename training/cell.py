"""A recurrent layer in torch: the list of operations of its cell over the steps of a batch, in either arithmetic."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from accel.architecture.cells import GRU, LSTM, Cell
from accel.architecture.cells.level import Level
from accel.architecture.cells.operations import ASIDE, BEFORE, Clip, Lookup, Mix, Narrow, Operation, Product, Sum
from training.arithmetic import REAL, Arithmetic
from training.straight_through import skip

State = tuple[Tensor, Tensor]
"""What is read and what is kept of one layer, [batch, hidden] each: h and c of an LSTM."""
Signals = dict[str, Tensor]
"""The signals of one step by the names of `accel.architecture.cells`, each [batch, hidden]."""


def cell_of(layer: nn.Module) -> Cell:
    """The cell of a layer: an `nn.LSTM`, an `nn.GRU`, or a module of ours that says so by its `cell`."""
    if isinstance(layer, nn.LSTM):
        return LSTM
    return GRU if isinstance(layer, nn.GRU) else layer.cell  # type: ignore[return-value]


def matrices(number: int = 0) -> tuple[str, str]:
    """Names of W_x and W_h of a layer of an `nn.LSTM`, or of another cell's module."""
    return f"weight_ih_l{number}", f"weight_hh_l{number}"


def biases(number: int = 0) -> tuple[str, str]:
    """Names of the two biases that PyTorch has; hardware has one for each sum of the cell."""
    return f"bias_ih_l{number}", f"bias_hh_l{number}"


def matrices_of(layer: nn.Module, number: int = 0) -> tuple[Tensor, Tensor]:
    """W_x [R hidden, inputs] and W_h [R hidden, hidden] (of R rows a unit) of a layer, as its masks leave them."""
    w_x, w_h = (getattr(layer, name) for name in matrices(number))
    return w_x, w_h


def spread(cell: Cell, rows: Tensor, part: str) -> Tensor:
    """What one operand, "x" or "h", adds to each sum of the cell: [..., R hidden] to [..., S hidden], else zeros."""
    if not cell.separate_sums:
        return rows
    by_row = rows.chunk(cell.rows_per_unit, dim=-1)
    parts = [by_row[each.row] if each.part in ("both", part) else torch.zeros_like(by_row[0]) for each in cell.sums]
    return torch.cat(parts, dim=-1)


def bias_of(layer: nn.Module, number: int = 0) -> Tensor | None:
    """The biases of the hardware, one a sum of the cell [S hidden]: b_ih + b_hh of an LSTM; None where there are none.

    A highway layer has one of its own for each level, [depth S hidden].
    """
    found = [bias for name in biases(number) if (bias := getattr(layer, name, None)) is not None]
    cell = cell_of(layer)
    if len(found) < 2:
        return found[0] if found else None
    return spread(cell, found[0], "x") + spread(cell, found[1], "h")


@torch.no_grad()
def set_bias(layer: nn.Module, values: Tensor, number: int = 0) -> None:
    """Undo `bias_of` (`values` [S hidden]): b_ih takes every sum that reads x, b_hh those of h alone, and zeros."""
    first, *others = (parameter for name in biases(number) if (parameter := getattr(layer, name, None)) is not None)
    cell = cell_of(layer)
    if not cell.separate_sums:
        first.copy_(values)
    for place, sum_of_rows in enumerate(cell.sums if cell.separate_sums else ()):
        target = others[0] if sum_of_rows.part == "h" else first
        target.chunk(cell.rows_per_unit)[sum_of_rows.row].copy_(values.chunk(len(cell.sums))[place])
    for other in others:
        for row, part in enumerate(other.chunk(cell.rows_per_unit)):
            if not any(each.part == "h" and each.row == row for each in cell.sums):
                part.zero_()


def scale_by_sum(cell: Cell, rows: Tensor) -> Tensor:
    """A scale a row, [R hidden], as one a sum, [S hidden]."""
    return torch.cat([rows.chunk(cell.rows_per_unit)[each.row] for each in cell.sums]) if cell.separate_sums else rows


def run_layer(
    arithmetic: Arithmetic,
    layer: nn.Module,
    x: Tensor,
    state: State | None = None,
    threshold: Tensor | float = 0.0,
    pull: Tensor | float = 0.0,
    norms: Any = None,
    number: int = 0,
) -> Iterator[Signals]:
    """Layer `number` of a module over x [batch, steps, inputs]: the signals of each step, x parts in one product.

    In the recurrence h counts as 0 where |h| < threshold, and pull * threshold * log(1 + |h| / threshold), its mean
    over sequences, steps and units, is added to the loss. `norms` normalise x and h parts (training.low_bit).
    Where the layer has a `row_scale`, one a sum of the cell, its weights are what the hardware stores, and each sum is
    multiplied by its scale before the bias is added.
    """
    cell = cell_of(layer)
    begun, weights = _prepared(arithmetic, cell, layer, x, norms, number)
    zero = begun[0].new_zeros(len(x), weights[0].shape[0])
    read, carried = state or (zero, zero)
    each = pull / (x.shape[1] * zero.numel())
    of_steps = [part.unbind(1) if part.ndim == 3 else (part,) * x.shape[1] for part in begun]
    for of_levels in zip(*of_steps, strict=True):
        signals, aside = Signals(), zero
        for level, w_h, part in zip(cell.levels, weights, of_levels, strict=True):
            used = skip(read, threshold, each) if threshold > 0 else read
            pre = torch.addmm(part, used, w_h) if norms is None else part + spread(cell, norms.h(used @ w_h), "h")
            signals |= run_level(arithmetic, level, pre, carried, aside)
            read, carried, aside = signals[level.state], signals[level.carried], signals.get(level.aside, aside)
        yield signals


def _prepared(
    arithmetic: Arithmetic, cell: Cell, layer: nn.Module, x: Tensor, norms: Any, number: int
) -> tuple[list[Tensor], list[Tensor]]:
    """For each level what its sums begin with, x part and bias [batch, steps, S hidden], or the bias alone where x is
    not read; and W_h as it is read.
    """
    w_x, w_h = matrices_of(layer, number)
    levels = len(cell.levels)
    weights, bias = [part.T for part in arithmetic.w_h(w_h).chunk(levels)], bias_of(layer, number)
    x_part = functional.linear(arithmetic.x(x), arithmetic.w_x(w_x))
    if norms is not None:
        x_part = norms.x(x_part.flatten(0, 1)).view_as(x_part)
    else:
        weights = [spread(cell, part, "h") for part in weights]
    parts = [spread(cell, part, "x") for part in x_part.chunk(levels if cell.every_level else 1, dim=2)]
    scale = getattr(layer, "row_scale", None)
    if scale is not None:
        scale = arithmetic.scale(scale)
        parts, weights = [part * scale for part in parts], [part * scale for part in weights]
    if bias is None:
        biases_of_levels = [parts[0].new_zeros(parts[0].shape[2])] * levels
    else:
        biases_of_levels = list(arithmetic.bias(bias).chunk(levels))
    with_x = [part + own for part, own in zip(parts, biases_of_levels, strict=False)]
    return with_x + biases_of_levels[len(parts) :], weights


def run_level(
    arithmetic: Arithmetic, level: Level, pre: Tensor, before: Tensor, aside: Tensor | None = None
) -> Signals:
    """One level of the cell: sums [batch, S hidden] and what was kept, and laid aside, before to every signal of it."""
    sums = arithmetic.gate(pre).chunk(len(level.sums), dim=1)  # each is narrowed to `gate`, all of them at once
    narrowed = dict(zip((row.name for row in level.sums), sums, strict=True))
    values = {BEFORE: before} | ({} if aside is None else {ASIDE: aside})
    for operation in level.operations:
        if isinstance(operation, Narrow) and operation.source in narrowed:
            values[operation.name] = narrowed[operation.source]
        else:
            values[operation.name] = computed(arithmetic, operation, values)
    return {name: values[name] for name in level.signals}


def computed(arithmetic: Arithmetic, operation: Operation, values: Signals) -> Tensor:
    """What an operation gives, in either arithmetic: [batch, hidden], as its operands are."""
    read = [values[name] for name in operation.operands]
    match operation:
        case Narrow():
            found: Tensor = getattr(arithmetic, operation.format)(*read)
        case Lookup():
            found = getattr(arithmetic, operation.table)(*read)
        case Product():
            found = read[0] * read[1]
        case Sum():
            found = read[0] + read[1]
        case Clip():
            found = torch.clamp(read[0], operation.least, operation.most)
        case Mix():
            one, other, share = read
            found = torch.lerp(other, one, share) if arithmetic is REAL else one * share + other * (1 - share)
    return found
