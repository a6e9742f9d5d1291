"""Recurrent highway networks: the equations by hand, their groups, and a compact network with the same outputs."""

from __future__ import annotations

import pytest
import torch

from tests.training.small import small
from training.highway import RHN, Highway, multiplications
from training.units import alive, compact, group_norms, remove

SPEC = small(model={"hidden": [8, 6]})


def test_two_levels_of_two_steps_by_hand() -> None:
    torch.manual_seed(0)
    layer, x = Highway(3, 2, depth=2).double(), torch.randn(1, 2, 3, dtype=torch.float64)
    s = torch.zeros(2, dtype=torch.float64)
    for step in x[0]:
        for level in range(2):
            pre = layer.recurrent[level] @ s + layer.bias[level] + (layer.w_x @ step if level == 0 else 0)
            t = torch.sigmoid(pre[2:])
            s = torch.tanh(pre[:2]) * t + s * (1 - t)
    torch.testing.assert_close(layer(x)[0, -1], s)


def test_a_sequence_goes_on_from_the_state_before() -> None:
    torch.manual_seed(0)
    model, x = RHN(SPEC, 3).double(), torch.randn(2, 6, 3, dtype=torch.float64)
    _, state = model.hidden(x[:, :4])
    torch.testing.assert_close(model.hidden(x[:, 4:], state)[0], model.hidden(x)[0][:, 4:])


def test_a_units_group_has_its_rows_and_columns_of_every_level_each_once() -> None:
    model = RHN(small(model={"inputs": 1, "hidden": [2], "head": {"outputs": 3}}, engine={"units": 1}), depth=3)
    for parameter in model.parameters():
        torch.nn.init.ones_(parameter)
    # 2 rows of W_x; of each of 3 levels 2 rows of 2, and a column of 4 less the 2 counted already; 3 of the head
    assert group_norms(model, 0).tolist() == pytest.approx([(2 + 3 * (4 + 4 - 2) + 3) ** 0.5] * 2)


def test_the_compact_network_has_the_same_outputs() -> None:
    torch.manual_seed(0)
    model, left = RHN(SPEC, 2).double(), [torch.arange(8) % 3 != 0, torch.arange(6) > 2]
    remove(model, left)
    assert [keep.tolist() for keep in alive(model)] == [keep.tolist() for keep in left]
    spec, smaller = compact(model, SPEC)
    assert spec.model.hidden == (5, 3)
    x = torch.randn(4, 6, 3, dtype=torch.float64)
    torch.testing.assert_close(smaller(x)[0], model(x)[0], atol=1e-12, rtol=0)
    assert multiplications(spec, 2) == 2 * 5 * (3 + 2 * 5) + 2 * 3 * (5 + 2 * 3)
