"""Row-balanced pruning (BRDS, arXiv 2101.02667): masks as parametrisations, so that training goes on through them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from accel.shape import Kept
from training.model import matrices, matrices_of


class Mask(nn.Module):
    """Parametrisation that keeps the weights under a boolean mask and holds all others at zero, gradient included."""

    mask: Tensor

    def __init__(self, mask: Tensor) -> None:
        super().__init__()
        self.register_buffer("mask", mask)

    def forward(self, weight: Tensor) -> Tensor:
        """weight, zero outside the mask."""
        return weight * self.mask


def largest_per_row(magnitude: Tensor, kept: int) -> Tensor:
    """Mask [rows, columns] of the `kept` largest magnitudes of each row; on a tie the lower column stays."""
    if not 0 <= kept <= magnitude.shape[1]:
        raise ValueError(f"cannot keep {kept} of {magnitude.shape[1]} columns")
    if kept == 0:
        return torch.zeros_like(magnitude, dtype=torch.bool)
    smallest = magnitude.topk(kept, dim=1, sorted=False).values.amin(1, keepdim=True)
    mask = magnitude >= smallest
    crowded = (mask.sum(1) > kept).nonzero().squeeze(1)
    if len(crowded):
        mask[crowded] = _first_of_equals(magnitude[crowded], smallest[crowded], kept)
    return mask


def _first_of_equals(magnitude: Tensor, smallest: Tensor, kept: int) -> Tensor:
    above, equal = magnitude > smallest, magnitude == smallest
    room = kept - above.sum(1, keepdim=True)
    return above | (equal & (equal.cumsum(1) <= room))


def prune(lstm: nn.Module, kept: Kept, number: int = 0) -> None:
    """Keep the largest K_x weights in each row of W_x and K_h in each row of W_h of a layer of an `nn.LSTM`."""
    pairs = zip(matrices_of(lstm, number), kept, strict=True)
    w_x, w_h = (largest_per_row(weight.detach().abs(), count) for weight, count in pairs)
    mask(lstm, (w_x, w_h), number)


def mask(lstm: nn.Module, masks: tuple[Tensor, Tensor], number: int = 0) -> None:
    """Put boolean masks over W_x and W_h of a layer, in place of any that are there."""
    for name, kept in zip(matrices(number), masks, strict=True):
        if parametrize.is_parametrized(lstm, name):
            parametrize.remove_parametrizations(lstm, name)
        parametrize.register_parametrization(lstm, name, Mask(kept))


def prune_layers(layers: Iterable[nn.Module], kept: Sequence[Kept]) -> None:
    """`prune` for one-layer modules."""
    for layer, pair in zip(layers, kept, strict=True):
        prune(layer, pair)


def masks(lstm: nn.Module, number: int = 0) -> tuple[Tensor, Tensor]:
    """Masks of W_x and W_h of a layer, boolean; all true where a matrix is not pruned."""
    w_x, w_h = (_mask(lstm, name) for name in matrices(number))
    return w_x, w_h


def _mask(lstm: nn.Module, name: str) -> Tensor:
    if not parametrize.is_parametrized(lstm, name):
        return torch.ones_like(getattr(lstm, name), dtype=torch.bool)
    found: Tensor = lstm.get_buffer(f"parametrizations.{name}.0.mask")
    return found
