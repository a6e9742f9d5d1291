"""Balanced pruning, by rows (BRDS, arXiv 2101.02667) or by columns: masks as parametrisations, trained through."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from accel.architecture.cells import cell_named
from accel.architecture.layer import Nnz
from accel.spec import Flow, Spec, Traversal, nonzeros_of
from training.directions import in_halves
from training.mask import Mask
from training.method import Method
from training.model import LSTM, matrices, matrices_of


def largest_per_row(magnitude: Tensor, nnz: int) -> Tensor:
    """Mask [rows, columns] of the `nnz` largest magnitudes of each row; on a tie the lower column stays."""
    if not 0 <= nnz <= magnitude.shape[1]:
        raise ValueError(f"cannot keep {nnz} of {magnitude.shape[1]} columns")
    if nnz in (0, magnitude.shape[1]):
        return torch.full_like(magnitude, bool(nnz), dtype=torch.bool)
    one_more = magnitude.topk(nnz + 1, dim=1, sorted=False).values
    last_two = one_more.topk(2, dim=1, largest=False).values
    following, smallest = last_two[:, :1], last_two[:, 1:]
    mask = magnitude >= smallest
    crowded = (following == smallest).squeeze(1).nonzero().squeeze(1)
    if len(crowded):
        mask[crowded] = _first_of_equals(magnitude[crowded], smallest[crowded], nnz)
    return mask


def _first_of_equals(magnitude: Tensor, smallest: Tensor, nnz: int) -> Tensor:
    above, equal = magnitude > smallest, magnitude == smallest
    room = nnz - above.sum(1, keepdim=True)
    return above | (equal & (equal.cumsum(1) <= room))


def shared_by_gates(weight: Tensor, nnz: int, gates: int) -> Tensor:
    """Mask of a layer's W [gates hidden, columns] in which all rows of a unit keep the same columns.

    Those with the largest Euclidean norm over the gates; on a tie the lower column.
    """
    norms = weight.view(gates, -1, weight.shape[1]).square().sum(0)
    return largest_per_row(norms, nnz).repeat(gates, 1)


def row_balanced(weight: Tensor, nnz: int) -> Tensor:
    """Mask [rows, columns] of the `nnz` largest weights of each row."""
    return largest_per_row(weight.abs(), nnz)


def column_balanced(weight: Tensor, nnz: int, units: int, gates: int) -> Tensor:
    """Mask [rows, columns] of the `nnz` largest weights of each lane in each column, `units` x `gates` lanes of them.

    Rows are dealt to lanes as `accel.model.sparse` does. So every column that is not skipped costs all lanes the same
    (Spartus, arXiv 2108.02297).
    """
    dealt = weight.abs().view(gates, -1, units, weight.shape[1])
    lanes = dealt.permute(0, 2, 3, 1)  # [gate, p, column, row of the lane]
    chosen = largest_per_row(lanes.reshape(-1, lanes.shape[3]), nnz)
    return chosen.view(lanes.shape).permute(0, 3, 1, 2).reshape(weight.shape)


Choice = Callable[[Tensor, int], Tensor]
"""W [gates hidden, columns] and how many weights are kept (of a row, or of a lane in a column) to the mask of those."""


def bank_balanced(weight: Tensor, nnz: int, banks: int, choose: Choice) -> Tensor:
    """Mask [rows, columns] of the weights that `choose` keeps in each bank, column c in bank c mod `banks` (BBS, FPGA
    2019): of each bank its share of `nnz`, rounded up.
    """
    chosen = torch.zeros_like(weight, dtype=torch.bool)
    for bank in range(banks):
        columns = weight[:, bank::banks]
        chosen[:, bank::banks] = choose(columns, min(-(-nnz // banks), columns.shape[1]))
    return chosen


Choices = tuple[Choice, Choice]
"""Of W_x and of W_h."""
BY_ROWS: Choices = (row_balanced, row_balanced)


def choices(spec: Spec) -> tuple[Choices, ...]:
    """Which weights each layer keeps, as a spec's pattern and the layer's dataflow have it."""
    gates = cell_named(spec.model.cell, spec.levels).rows_per_unit
    of_row = partial(shared_by_gates, gates=gates) if spec.sparsity.shared_by_gates else row_balanced

    def of_layer(flow: Flow, units: int) -> Choices:
        walks: dict[Traversal, Choice] = {
            "row": of_row,
            "bank": partial(bank_balanced, banks=spec.banks, choose=of_row),
            "column": partial(column_balanced, units=units, gates=gates),
        }
        if spec.directions > 1:
            walks = {walk: in_halves(choose, gates) for walk, choose in walks.items()}
        return walks[flow.input], walks[flow.recurrent]

    return tuple(of_layer(flow, units) for flow, units in zip(spec.flows, spec.units, strict=True))


def prune(lstm: nn.Module, nnz: Nnz, number: int = 0, choose: Choices = BY_ROWS) -> None:
    """Keep K_x weights in each row of W_x and K_h in each row of W_h of a layer of an `nn.LSTM`, as `choose` says.

    By columns, as many in each column of each lane.
    """
    mask(lstm, largest(lstm, nnz, number, choose), number)


def largest(lstm: nn.Module, nnz: Nnz, number: int = 0, choose: Choices = BY_ROWS) -> tuple[Tensor, Tensor]:
    """The masks that `prune` puts over W_x [rows, inputs] and W_h [rows, hidden]."""
    sides = zip(choose, matrices_of(lstm, number), nnz, strict=True)
    w_x, w_h = (choose_one(weight.detach(), count) for choose_one, weight, count in sides)
    return w_x, w_h


def mask(lstm: nn.Module, masks: tuple[Tensor, Tensor], number: int = 0) -> None:
    """Put boolean masks over W_x [rows, inputs] and W_h [rows, hidden] of a layer, in place of any that are there."""
    for name, own in zip(matrices(number), masks, strict=True):
        if parametrize.is_parametrized(lstm, name):
            _mask(lstm, name).copy_(own)
        else:
            parametrize.register_parametrization(lstm, name, Mask(own))


class Gradual(Method):
    """Row-balanced pruning in steps: the number of weights falls from all to `nnz` over the first half of a stage.

    The share that is still to go falls with the third power of time (Zhu & Gupta, arXiv 1710.01878); weights once
    removed stay removed.
    """

    settled = 0.5

    def __init__(self, nnz: Sequence[Nnz], chosen: Sequence[Choices]) -> None:
        self.nnz, self.chosen = nnz, chosen

    def before_epoch(self, model: LSTM, done: float) -> None:
        """Prune to what is due at this share of the stage."""
        left = max(0.0, 1 - done / self.settled) ** 3
        for layer, pair, choose in zip(model.layers, self.nnz, self.chosen, strict=True):
            full = (weight.shape[1] for weight in matrices_of(layer))
            k_x, k_h = (count + round((columns - count) * left) for count, columns in zip(pair, full, strict=True))
            prune(layer, (k_x, k_h), choose=choose)


def prune_layers(layers: Iterable[nn.Module], nnz: Sequence[Nnz], chosen: Sequence[Choices] = ()) -> None:
    """`prune` for one-layer modules, each as its own choice says; by rows where there are none."""
    for layer, pair, choose in zip(layers, nnz, chosen or [BY_ROWS] * len(nnz), strict=True):
        prune(layer, pair, choose=choose)


def prune_head(layers: Iterable[nn.Module | None], spec: Spec) -> None:
    """Keep the largest weights of each row of a head's linear layers, `sparsity.head` removed; once is enough."""
    for layer in layers:
        if layer is None or spec.sparsity.head == 0 or parametrize.is_parametrized(layer, "weight"):
            continue
        weight = layer.get_parameter("weight").detach()
        mask = row_balanced(weight, nonzeros_of(spec.sparsity.head, weight.shape[1]))
        parametrize.register_parametrization(layer, "weight", Mask(mask))


def head_mask(head: nn.Linear) -> Tensor:
    """Mask of a head's weights, boolean [outputs, hidden]; all true where it is not pruned."""
    return _mask(head, "weight")


def masks(lstm: nn.Module, number: int = 0) -> tuple[Tensor, Tensor]:
    """Boolean masks of W_x [rows, inputs] and W_h [rows, hidden] of a layer; all true where a matrix is not pruned."""
    w_x, w_h = (_mask(lstm, name) for name in matrices(number))
    return w_x, w_h


def _mask(module: nn.Module, name: str) -> Tensor:
    if not parametrize.is_parametrized(module, name):
        return torch.ones_like(getattr(module, name), dtype=torch.bool)
    found: Tensor = module.get_buffer(f"parametrizations.{name}.0.mask")
    return found
