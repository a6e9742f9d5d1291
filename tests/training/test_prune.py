"""Row-balanced masks on hand-made and random matrices, and training through them."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

from accel.architecture.network import network
from accel.model import sparse
from tests.designs import spec
from tests.training.small import small
from training.export import integers
from training.model import LSTM, matrices_of
from training.prune import (
    BY_ROWS,
    Gradual,
    choices,
    column_balanced,
    head_mask,
    largest_per_row,
    masks,
    prune,
    prune_head,
    shared_by_gates,
)


def test_the_largest_magnitudes_of_each_row_stay() -> None:
    matrix = torch.tensor([[3.0, 1.0, 2.0, 0.0], [0.1, 0.4, 0.2, 0.3]])
    assert largest_per_row(matrix, 2).tolist() == [[True, False, True, False], [False, True, False, True]]


def test_the_head_loses_as_many_weights_in_each_row_and_keeps_them_lost() -> None:
    chosen = spec(model={"hidden": [8], "head": {"outputs": 3}}, sparsity={"head": 0.5})
    model = LSTM(chosen)
    assert model.head is not None
    prune_head([model.head], chosen)
    prune_head([model.head], chosen)
    assert head_mask(model.head).sum(1).tolist() == [4, 4, 4]
    assert integers(model, network(chosen)).layers[-1].nnz_per_row == (4, 0)


def test_on_a_tie_the_lower_column_stays() -> None:
    matrix = torch.tensor([[1.0, 2.0, 1.0, 1.0], [0.0, 0.0, 0.0, 0.0]])
    assert largest_per_row(matrix, 2).tolist() == [[True, True, False, False], [True, True, False, False]]


@pytest.mark.parametrize("kept", [0, 1, 5, 16, 17])
def test_masks_are_those_of_the_hardware_side_ties_included(kept: int) -> None:
    magnitude = np.random.default_rng(kept).integers(0, 6, (40, 17)).astype(np.float32)
    mine = largest_per_row(torch.from_numpy(magnitude), kept)
    np.testing.assert_array_equal(mine.numpy(), sparse.largest_per_row(magnitude, kept))


def test_more_weights_than_columns_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot keep 5 of 4 columns"):
        largest_per_row(torch.ones(2, 4), 5)


def test_training_moves_kept_weights_and_leaves_masked_ones_at_zero() -> None:
    torch.manual_seed(0)
    layer = nn.LSTM(4, 6, batch_first=True)
    prune(layer, (2, 3))
    before = [layer.weight_ih_l0.detach().clone(), layer.weight_hh_l0.detach().clone()]
    optimizer = torch.optim.Adam(layer.parameters(), lr=0.1)
    for _ in range(5):
        optimizer.zero_grad()
        layer(torch.randn(3, 5, 4))[0].square().sum().backward()
        optimizer.step()
    for was, now, mask in zip(before, (layer.weight_ih_l0, layer.weight_hh_l0), masks(layer), strict=True):
        assert torch.all(now[~mask] == 0)
        assert torch.all(now[mask] != was[mask])


def test_the_forward_pass_after_a_step_uses_the_moved_weights() -> None:
    torch.manual_seed(0)
    layer, x = nn.LSTM(4, 6, batch_first=True), torch.randn(3, 5, 4)
    prune(layer, (2, 3))
    layer(x)
    with torch.no_grad():
        layer.parametrizations.weight_hh_l0.original.mul_(2.0)  # type: ignore[union-attr, operator]
    plain = nn.LSTM(4, 6, batch_first=True)
    for name in ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"):
        getattr(plain, name).data.copy_(getattr(layer, name))
    torch.testing.assert_close(layer(x)[0], plain(x)[0])


def test_pruning_again_counts_from_the_masked_weights() -> None:
    layer = nn.LSTM(4, 6)
    prune(layer, (3, 4))
    first = masks(layer)
    prune(layer, (2, 1))
    for wide, narrow, count in zip(first, masks(layer), (2, 1), strict=True):
        assert torch.all(narrow.sum(1) == count)
        assert not torch.any(narrow & ~wide)


def test_the_four_rows_of_a_unit_can_share_their_columns() -> None:
    torch.manual_seed(0)
    layer = nn.LSTM(4, 6)
    prune(layer, (2, 3), choose=(partial(shared_by_gates, gates=4),) * 2)
    for mask, count in zip(masks(layer), (2, 3), strict=True):
        assert torch.all(mask.sum(1) == count)
        assert all(torch.equal(gate, mask[:6]) for gate in mask.split(6))


def test_shared_columns_are_those_with_the_largest_norm_over_the_gates() -> None:
    weight = torch.tensor([[3.0, 2.0, 0.0], [0.0, 2.0, 0.0], [0.0, 2.0, 0.0], [0.0, 2.0, 1.0]])
    assert shared_by_gates(weight, 1, 4).tolist() == [[False, True, False]] * 4


def test_gradual_pruning_ends_at_the_wanted_number_half_way_and_never_gives_back() -> None:
    torch.manual_seed(0)
    model = LSTM(small(model={"inputs": 6, "hidden": [8]}))
    method, before = Gradual([(2, 3)], [BY_ROWS]), torch.ones(32, 8, dtype=torch.bool)
    counts = []
    for epoch in range(10):
        method.before_epoch(model, epoch / 10)
        mask = masks(model.layers[0])[1]
        assert not torch.any(mask & ~before)
        before, counts = mask.clone(), [*counts, int(mask[0].sum())]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] == 8
    assert counts[5:] == [3] * 5


def test_balanced_columns_are_what_the_lanes_want_and_keep_the_largest() -> None:
    chosen = spec(
        sparsity={"pattern": "column", "input": 0.5, "recurrent": 0.5}, engine={"units": 2, "dataflow": "column"}
    )
    torch.manual_seed(0)
    model, array = LSTM(chosen), network(chosen).layers[0]
    weight = model.layers[0].weight_hh_l0.detach().clone()
    prune(model.layers[0], array.nnz, choose=choices(chosen)[0])
    mask = masks(model.layers[0])[1]
    magnitudes = np.abs(sparse.by_lane(weight.numpy(), array.units, 4))
    kept = sparse.by_lane(mask.numpy(), array.units, 4)
    assert (kept.sum(axis=3) == array.nnz[1]).all()
    assert (np.where(kept, magnitudes, np.inf).min(3) >= np.where(kept, 0, magnitudes).max(3)).all()
    integers(model, network(chosen))  # what the export makes of it


def test_rows_in_banks_keep_the_largest_of_each_bank_however_many_columns_it_has() -> None:
    chosen = spec(
        model={"inputs": 7, "hidden": [8]},
        sparsity={"pattern": "bank", "input": 0.5, "recurrent": 0.5},
        engine={"units": 2, "lanes_per_row": 2},
    )
    torch.manual_seed(0)
    model, array = LSTM(chosen), network(chosen).layers[0]
    w_x, w_h = (weight.detach().clone().abs() for weight in matrices_of(model.layers[0]))
    prune(model.layers[0], array.nnz, choose=choices(chosen)[0])
    assert array.nnz == (4, 4)
    for mask, magnitude in zip(masks(model.layers[0]), (w_x, w_h), strict=True):
        for bank in (0, 1):
            assert torch.equal(mask[:, bank::2], largest_per_row(magnitude[:, bank::2], 2))
    integers(model, network(chosen))


def test_where_dataflows_differ_each_matrix_keeps_the_largest_of_its_own_groups() -> None:
    chosen = spec(
        model={"inputs": 6, "hidden": [8]},
        sparsity={"pattern": "balanced", "input": 0.5, "recurrent": 0.5},
        engine={"units": 2, "dataflow": {"input": "row", "recurrent": "column"}},
    )
    torch.manual_seed(0)
    model, array = LSTM(chosen), network(chosen).layers[0]
    w_x, w_h = (weight.detach().clone() for weight in matrices_of(model.layers[0]))
    prune(model.layers[0], array.nnz, choose=choices(chosen)[0])
    of_x, of_h = masks(model.layers[0])
    assert torch.equal(of_x, largest_per_row(w_x.abs(), 3))
    assert torch.equal(of_h, column_balanced(w_h, 2, 2, 4))
    integers(model, network(chosen))
