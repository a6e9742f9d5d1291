"""The baselines' masks: how many weights they keep, and where."""

from __future__ import annotations

import pytest
import torch

from training.patterns import PATTERNS, bank, block, column, shared, unstructured

W_X = torch.tensor([[9.0, 1.0, 8.0], [7.0, 2.0, 0.0]])
W_H = torch.tensor([[3.0, 4.0], [0.1, 0.2]])


def test_unstructured_pruning_keeps_the_largest_of_both_matrices() -> None:
    x, h = unstructured(W_X, W_H, (1, 1))
    assert x.tolist() == [[True, False, True], [True, False, False]]
    assert h.tolist() == [[False, True], [False, False]]


def test_each_bank_of_each_row_keeps_the_same_number() -> None:
    torch.manual_seed(0)
    _, mask = bank(torch.randn(8, 3), torch.randn(8, 48), (1, 12))
    assert torch.all(mask.reshape(8, 3, 16).sum(2) == 4)


def test_where_banks_do_not_divide_the_total_of_the_row_is_met() -> None:
    torch.manual_seed(0)
    x, h = bank(torch.randn(8, 20), torch.randn(8, 50), (5, 7))
    assert torch.all(x.sum(1) == 5)
    assert torch.all(h.sum(1) == 7)


def test_blocks_stay_or_go_as_a_whole() -> None:
    weight = torch.zeros(8, 8)
    weight[4:, :4] = 1.0
    weight[0, 7] = 3.0
    mask, _ = block(weight, weight, (2, 2))
    assert torch.equal(mask, weight == 1.0)


def test_in_each_column_every_lane_keeps_the_same_number() -> None:
    torch.manual_seed(0)
    x, h = column(torch.randn(32, 4), torch.randn(32, 8), (1, 3))
    for mask in (x, h):
        lanes = mask.view(8, 4, -1).sum(0)
        assert torch.all(lanes == lanes[0])
    assert int(x.sum()) == 32
    assert int(h.sum()) == 32 * 3


def test_a_column_keeps_the_largest_weights_of_each_lane() -> None:
    weight = torch.zeros(8, 1)
    weight[[0, 5, 2, 7]] = 1.0
    mask = column(torch.cat([weight, weight], 1), torch.zeros(8, 2), (1, 1))[0]
    assert torch.equal(mask[:, 0], weight[:, 0] == 1.0)


@pytest.mark.parametrize("pattern", PATTERNS, ids=str)
def test_every_pattern_keeps_about_the_same_number_on_awkward_shapes(pattern: str) -> None:
    torch.manual_seed(0)
    w_x, w_h = torch.randn(28, 5), torch.randn(28, 7)
    x, h = PATTERNS[pattern](w_x, w_h, (2, 3))
    assert x.shape == w_x.shape
    assert abs(int(x.sum() + h.sum()) - 28 * 5) <= (32 if pattern in ("block", "column") else 0)


def test_shared_columns_are_those_of_all_four_gates_and_balanced() -> None:
    torch.manual_seed(0)
    x, h = shared(torch.randn(8, 6), torch.randn(8, 2), (2, 1))
    for mask, kept in ((x, 2), (h, 1)):
        assert torch.all(mask.sum(1) == kept)
        assert torch.equal(mask, mask[:2].repeat(4, 1))
