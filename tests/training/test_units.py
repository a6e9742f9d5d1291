"""Group Lasso over units: the groups by hand, exact zeros, and a compact network with the same outputs."""

from __future__ import annotations

import pytest
import torch

from tests.training.small import small
from training.model import LSTM, matrices_of
from training.units import (
    GroupLasso,
    alive,
    compact,
    filled_up,
    group_norms,
    multiplications,
    remove,
    resized,
    shrink,
)

SPEC = small(model={"hidden": [8, 6]})


def filled(value: float) -> LSTM:
    model = LSTM(small(model={"inputs": 1, "hidden": [2], "head": {"outputs": 3}}, engine={"units": 1}))
    for parameter in model.parameters():
        torch.nn.init.constant_(parameter, value)
    return model


def some_removed(seed: int = 0) -> LSTM:
    torch.manual_seed(seed)
    model = LSTM(SPEC).double()
    left = [torch.arange(8) % 3 != 0, torch.arange(6) > 2]
    remove(model, left)
    assert [keep.tolist() for keep in alive(model)] == [keep.tolist() for keep in left]
    return model


def test_a_units_group_has_its_rows_its_columns_and_what_reads_it_each_once() -> None:
    # 4 rows of W_x, 4 rows of 2 of W_h, 8 of its column of W_h less the 4 counted already, 3 of the head
    assert group_norms(filled(1.0), 0).tolist() == pytest.approx([(4 + 8 + 8 - 4 + 3) ** 0.5] * 2)


def test_shrinking_shortens_every_group_and_ends_at_exactly_zero() -> None:
    model = filled(1.0)
    before = group_norms(model, 0)
    shrink(model, 0.5)
    after = group_norms(model, 0)
    assert torch.all(after < before)
    shrink(model, 5.0)
    assert group_norms(model, 0).tolist() == [0.0, 0.0]


def test_reweighted_a_group_of_half_the_length_is_shrunk_by_twice_as_much() -> None:
    model = filled(0.0)
    with torch.no_grad():
        matrices_of(model.layers[0])[0].copy_(torch.tensor([[2.0], [1.0]]).repeat(4, 1))
    before = group_norms(model, 0)
    shrink(model, 0.1, reweighted=True)
    assert (before - group_norms(model, 0)).tolist() == pytest.approx([0.1 * 0.75, 0.1 * 1.5])


def test_reweighted_a_layer_that_lost_every_unit_stays_at_zero() -> None:
    model = filled(0.0)
    shrink(model, 0.1, reweighted=True)
    assert group_norms(model, 0).tolist() == [0.0, 0.0]


def test_biases_are_not_in_the_groups() -> None:
    model = filled(1.0)
    shrink(model, 10.0)
    assert torch.all(model.layers[0].bias_ih_l0 == 1.0)  # type: ignore[arg-type]


def test_a_removed_unit_stays_removed() -> None:
    model = some_removed()
    lasso = GroupLasso(0.0)
    lasso.before_epoch(model, 0.0)
    with torch.no_grad():
        for weight in matrices_of(model.layers[0]):
            weight.add_(0.1)
    lasso.after_step(model, 0.1)
    assert alive(model)[0].tolist() == (torch.arange(8) % 3 != 0).tolist()


def test_the_compact_network_has_the_same_outputs() -> None:
    model = some_removed()
    spec, smaller = compact(model, SPEC)
    assert spec.model.hidden == (5, 3)
    x = torch.randn(4, 6, 3, dtype=torch.float64)
    torch.testing.assert_close(smaller(x)[0], model(x)[0], atol=1e-12, rtol=0)


def test_one_weight_too_few_removed_shows_in_the_outputs() -> None:
    model = some_removed()
    _, smaller = compact(model, SPEC)
    with torch.no_grad():
        matrices_of(model.layers[0])[1][0, 1] = 0.5
        matrices_of(model.layers[1])[0][3, 0] = 0.5
    x = torch.randn(4, 6, 3, dtype=torch.float64)
    assert not torch.allclose(smaller(x)[0], model(x)[0], atol=1e-6)


def test_units_of_the_engine_are_lowered_to_fit() -> None:
    assert resized(small(engine={"units": 8, "cells_per_cycle": 2}), [5]).engine.units == 4
    assert multiplications(resized(SPEC, [5, 3])) == 4 * 5 * (3 + 5) + 4 * 3 * (5 + 3)


def test_a_network_that_lost_every_unit_keeps_one() -> None:
    model = LSTM(SPEC)
    remove(model, [torch.zeros(8, dtype=torch.bool), torch.ones(6, dtype=torch.bool)])
    assert compact(model, SPEC)[0].model.hidden == (1, 6)


def test_by_columns_so_many_units_stay_that_the_lanes_of_a_gate_divide_them() -> None:
    none = torch.zeros(8, dtype=torch.bool)
    assert filled_up(none, 1).sum() == 1
    assert filled_up(none, 4).sum() == 4
    some = torch.tensor([False, True, False, True, True, False, True, True])
    assert filled_up(some, 1).equal(some)
    assert filled_up(some, 4).tolist() == [True] * 8
    assert filled_up(some, 3).tolist() == [True, True, False, True, True, False, True, True]


def test_a_compact_network_by_columns_has_the_same_outputs_though_it_keeps_a_removed_unit() -> None:
    spec = small(
        model={"hidden": [8]},
        sparsity={"pattern": "column", "search": None, "input": 0.5, "recurrent": 0.5},
        engine={"units": 4, "dataflow": "column"},
    )
    torch.manual_seed(0)
    model = LSTM(spec).double()
    remove(model, [torch.arange(8) < 3])
    found, smaller = compact(model, spec)
    assert (found.model.hidden, found.engine) == ((4,), spec.engine)
    x = torch.randn(4, 6, 3, dtype=torch.float64)
    torch.testing.assert_close(smaller(x)[0], model(x)[0], atol=1e-12, rtol=0)
