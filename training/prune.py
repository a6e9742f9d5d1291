"""Row-balanced pruning (BRDS, arXiv 2101.02667): masks as parametrisations, so that training goes on through them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from accel.shape import Kept, network
from accel.spec import Spec
from training.method import Method
from training.model import LSTM, matrices, matrices_of


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
    if kept in (0, magnitude.shape[1]):
        return torch.full_like(magnitude, bool(kept), dtype=torch.bool)
    one_more = magnitude.topk(kept + 1, dim=1, sorted=False).values
    last_two = one_more.topk(2, dim=1, largest=False).values
    following, smallest = last_two[:, :1], last_two[:, 1:]
    mask = magnitude >= smallest
    crowded = (following == smallest).squeeze(1).nonzero().squeeze(1)
    if len(crowded):
        mask[crowded] = _first_of_equals(magnitude[crowded], smallest[crowded], kept)
    return mask


def _first_of_equals(magnitude: Tensor, smallest: Tensor, kept: int) -> Tensor:
    above, equal = magnitude > smallest, magnitude == smallest
    room = kept - above.sum(1, keepdim=True)
    return above | (equal & (equal.cumsum(1) <= room))


def shared_by_gates(weight: Tensor, kept: int) -> Tensor:
    """Mask of a layer's W [4 hidden, columns] in which the four rows of a unit keep the same columns.

    Those with the largest Euclidean norm over the four gates; on a tie the lower column.
    """
    norms = weight.view(4, -1, weight.shape[1]).square().sum(0)
    return largest_per_row(norms, kept).repeat(4, 1)


def row_balanced(weight: Tensor, kept: int) -> Tensor:
    """Mask of the `kept` largest weights of each row."""
    return largest_per_row(weight.abs(), kept)


def prune(lstm: nn.Module, kept: Kept, number: int = 0, shared: bool = False) -> None:
    """Keep K_x weights in each row of W_x and K_h in each row of W_h of a layer of an `nn.LSTM`.

    The largest of each row; or (`shared`) of columns that the four rows of a unit have in common.
    """
    mask(lstm, largest(lstm, kept, number, shared), number)


def largest(lstm: nn.Module, kept: Kept, number: int = 0, shared: bool = False) -> tuple[Tensor, Tensor]:
    """The masks that `prune` puts over W_x and W_h."""
    choose = shared_by_gates if shared else row_balanced
    pairs = zip(matrices_of(lstm, number), kept, strict=True)
    w_x, w_h = (choose(weight.detach(), count) for weight, count in pairs)
    return w_x, w_h


def mask(lstm: nn.Module, masks: tuple[Tensor, Tensor], number: int = 0) -> None:
    """Put boolean masks over W_x and W_h of a layer, in place of any that are there."""
    for name, kept in zip(matrices(number), masks, strict=True):
        if parametrize.is_parametrized(lstm, name):
            _mask(lstm, name).copy_(kept)
        else:
            parametrize.register_parametrization(lstm, name, Mask(kept))


class Gradual(Method):
    """Row-balanced pruning in steps: the number of weights falls from all to `kept` over the first half of a stage.

    The share that is still to go falls with the third power of time (Zhu & Gupta, arXiv 1710.01878); weights once
    removed stay removed.
    """

    settled = 0.5

    def __init__(self, kept: Sequence[Kept], shared: bool) -> None:
        self.kept, self.shared = kept, shared

    def before_epoch(self, model: LSTM, done: float) -> None:
        """Prune to what is due at this share of the stage."""
        left = max(0.0, 1 - done / self.settled) ** 3
        for layer, pair in zip(model.layers, self.kept, strict=True):
            full = (weight.shape[1] for weight in matrices_of(layer))
            k_x, k_h = (count + round((columns - count) * left) for count, columns in zip(pair, full, strict=True))
            prune(layer, (k_x, k_h), shared=self.shared)


def prune_layers(layers: Iterable[nn.Module], kept: Sequence[Kept], shared: bool = False) -> None:
    """`prune` for one-layer modules."""
    for layer, pair in zip(layers, kept, strict=True):
        prune(layer, pair, shared=shared)


def prune_head(head: nn.Linear | None, spec: Spec) -> None:
    """Keep the largest weights of each row of a linear head, `sparsity.head` of the spec removed; once is enough."""
    array = network(spec).head
    if head is None or array is None or spec.sparsity.head == 0 or parametrize.is_parametrized(head, "weight"):
        return
    parametrize.register_parametrization(head, "weight", Mask(row_balanced(head.weight.detach(), array.kept[0])))


def head_mask(head: nn.Linear) -> Tensor:
    """Mask of a head's weights, boolean; all true where it is not pruned."""
    return _mask(head, "weight")


def masks(lstm: nn.Module, number: int = 0) -> tuple[Tensor, Tensor]:
    """Masks of W_x and W_h of a layer, boolean; all true where a matrix is not pruned."""
    w_x, w_h = (_mask(lstm, name) for name in matrices(number))
    return w_x, w_h


def _mask(module: nn.Module, name: str) -> Tensor:
    if not parametrize.is_parametrized(module, name):
        return torch.ones_like(getattr(module, name), dtype=torch.bool)
    found: Tensor = module.get_buffer(f"parametrizations.{name}.0.mask")
    return found
