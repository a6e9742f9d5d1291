"""Sparsity patterns to compare row balance with, at the same number of weights: masks of the largest magnitudes."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from accel.architecture.layer import Nnz
from training.prune import shared_by_gates

BANK = 16
"""Columns of a bank (BBS, FPGA 2019)."""
BLOCK = 4
"""Rows and columns of a block."""

LANES = 4
"""Lanes among which the rows of a column are dealt out."""

Masks = tuple[Tensor, Tensor]
"""Boolean masks of W_x [rows, inputs] and W_h [rows, hidden]."""


def unstructured(w_x: Tensor, w_h: Tensor, nnz: Nnz) -> Masks:
    """The largest weights of both matrices together, wherever they are; on a tie the earlier one.

    Masks of W_x [rows, inputs] and W_h [rows, hidden], as of all patterns here.
    """
    magnitude = torch.cat([w_x.abs(), w_h.abs()], dim=1)
    mask = _largest(magnitude.flatten(), sum(nnz) * len(w_x)).reshape(magnitude.shape)
    return mask[:, : w_x.shape[1]], mask[:, w_x.shape[1] :]


def bank(w_x: Tensor, w_h: Tensor, nnz: Nnz) -> Masks:
    """Bank-balanced (BBS): every row of W_x [rows, inputs] and W_h [rows, hidden] is cut into banks of about BANK
    columns, and each keeps the same number.

    Where the number does not divide, banks keep one more or one less, so that the row's total is met.
    """
    return _banks(w_x.abs(), nnz[0]), _banks(w_h.abs(), nnz[1])


def block(w_x: Tensor, w_h: Tensor, nnz: Nnz) -> Masks:
    """Blocks of BLOCK x BLOCK weights of W_x [rows, inputs] and W_h [rows, hidden] with the largest Euclidean norms, as
    many as come nearest to the total.
    """
    return _blocks(w_x, nnz[0]), _blocks(w_h, nnz[1])


def column(w_x: Tensor, w_h: Tensor, nnz: Nnz) -> Masks:
    """Column-balanced per lane (Spartus, arXiv 2108.02297): in each column every lane keeps the same number of weights.

    Row r of W_x [rows, inputs] or W_h [rows, hidden] belongs to lane r mod LANES. Columns that are skipped, because the
    state is zero, then cost no lane more than another. Where the number does not divide, the total of a matrix is met
    by columns that keep one more.
    """
    return _columns(w_x.abs(), nnz[0]), _columns(w_h.abs(), nnz[1])


def shared(w_x: Tensor, w_h: Tensor, nnz: Nnz) -> Masks:
    """Row-balanced masks of W_x [rows, inputs] and W_h [rows, hidden]; all rows of a unit keep the same columns
    (`sparsity.shared_by_gates`).
    """
    gates = len(w_h) // w_h.shape[1]
    return shared_by_gates(w_x, nnz[0], gates), shared_by_gates(w_h, nnz[1], gates)


PATTERNS: dict[str, Callable[[Tensor, Tensor, Nnz], Masks]] = {
    "unstructured": unstructured,
    "bank": bank,
    "block": block,
    "column": column,
    "shared": shared,
}
"""By the names of `training.baselines` in a spec; `targeted` is `column`, trained otherwise (training.targeted). The
uniform ratio is the first candidate of the search itself."""


def _largest(magnitude: Tensor, nnz: int) -> Tensor:
    mask = torch.zeros_like(magnitude, dtype=torch.bool)
    mask[magnitude.sort(descending=True, stable=True).indices[:nnz]] = True
    return mask


def _banks(magnitude: Tensor, nnz: int) -> Tensor:
    columns = magnitude.shape[1]
    count = -(-columns // BANK)
    parts = [
        _bank(
            magnitude[:, columns * n // count : columns * (n + 1) // count], nnz * (n + 1) // count - nnz * n // count
        )
        for n in range(count)
    ]
    return torch.cat(parts, dim=1)


def _bank(magnitude: Tensor, nnz: int) -> Tensor:
    order = magnitude.sort(dim=1, descending=True, stable=True).indices[:, :nnz]
    return torch.zeros_like(magnitude, dtype=torch.bool).scatter_(1, order, True)


def _columns(magnitude: Tensor, nnz: int) -> Tensor:
    """[rows, columns] as slices of LANES rows apart, in which a number of weights per column is kept."""
    rows, columns = magnitude.shape
    depth = rows // LANES
    slices = magnitude.view(depth, LANES, columns).permute(1, 2, 0).flatten(0, 1)  # [lane and column, depth]
    each, more = divmod(nnz * depth * LANES, LANES * columns)
    mask = _bank(slices, each).view(LANES, columns, depth)
    norms = magnitude.square().sum(0)
    fuller = _bank(slices, min(depth, each + 1)).view(LANES, columns, depth)
    chosen = _largest(norms, more // LANES)
    mask = torch.where(chosen[None, :, None], fuller, mask)
    return mask.permute(2, 0, 1).reshape(rows, columns)


def _blocks(weight: Tensor, nnz: int) -> Tensor:
    rows, columns = weight.shape
    padded = functional.pad(weight, (0, -columns % BLOCK, 0, -rows % BLOCK))
    tiles = padded.unfold(0, BLOCK, BLOCK).unfold(1, BLOCK, BLOCK)
    norms = tiles.square().sum((2, 3))
    chosen = _largest(norms.flatten(), max(1, round(nnz * rows / BLOCK**2))).reshape(norms.shape)
    return chosen.repeat_interleave(BLOCK, 0).repeat_interleave(BLOCK, 1)[:rows, :columns]
