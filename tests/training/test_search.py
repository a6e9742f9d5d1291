"""The line of equal cost, and the choice at its end."""

from __future__ import annotations

import pytest
import torch

from accel.architecture.layer import Nnz
from accel.architecture.network import network
from accel.architecture.plan import planned
from accel.spec import Spec
from tests.training.small import small
from training.cycles import if_pruned, intervals
from training.loop import Fitted
from training.model import LSTM
from training.prune import prune_layers
from training.score import Score
from training.search import Allocation, line, search


def unasked(number: int, kept: Nnz) -> int:
    """At equal nonzeros nobody asks for cycles."""
    raise AssertionError


def test_the_line_starts_even_and_goes_to_both_ends_with_the_same_total() -> None:
    spec = small(model={"inputs": 8, "hidden": [32]}, sparsity={"search": {"total": 0.7, "steps": 3}})
    assert line(spec, unasked) == [((2, 10),), ((4, 8),), ((6, 6),), ((8, 4),), ((1, 11),)]


def test_layers_move_together() -> None:
    spec = small(model={"inputs": 8, "hidden": [16, 16]}, sparsity={"search": {"total": 0.5, "steps": 1}})
    assert line(spec, unasked) == [((4, 8), (8, 8)), ((8, 4), (15, 1)), ((1, 11), (1, 15))]
    assert {tuple(map(sum, allocation)) for allocation in line(spec, unasked)} == {(12, 16)}


def test_levels_share_what_w_x_leaves_and_the_cell_stage_keeps_up() -> None:
    model = {"cell": "highway", "depth": 3, "inputs": 8, "hidden": [32]}
    wide = small(model=model, sparsity={"search": {"total": 0.7, "steps": 2}}, engine={"units": 8})
    assert line(wide, unasked) == [((2, 9),), ((5, 8),), ((1, 10),)]  # 8 + 7 would take 8 units in 7 cycles
    narrow = small(model=model, sparsity={"search": {"total": 0.7, "steps": 2}}, engine={"units": 4})
    assert line(narrow, unasked) == [((2, 9),), ((5, 8),), ((8, 7),), ((1, 10),)]


def test_without_a_search_the_given_ratios_are_the_only_candidate() -> None:
    spec = small(sparsity={"search": None, "input": 0.34, "recurrent": 0.75})
    assert line(spec, unasked) == [((2, 2),)]


def test_the_best_on_the_validation_split_is_kept_and_all_are_reported() -> None:
    allocations: list[Allocation] = [((1, 3),), ((2, 2),), ((3, 1),)]
    scores = dict(zip(allocations, [Score(1.0, 0.5), Score(0.9, 0.7), Score(0.8, 0.7)], strict=True))
    found = search(allocations, lambda kept: Fitted(None, scores[kept], []), "accuracy")  # type: ignore[arg-type]
    assert [candidate.nnz for candidate in found] == [((3, 1),), ((1, 3),), ((2, 2),)]


SHARED = {"units": 8}
SPLIT = {"units": 8, "lanes_per_row": 3, "lanes": "split", "input_lanes": 1, "cells_per_cycle": 2}


def at_equal_cycles(engine: dict[str, object]) -> Spec:
    search = {"total": 0.7, "steps": 3, "cost": "cycles"}
    return small(model={"inputs": 8, "hidden": [32]}, sparsity={"search": search}, engine=engine)


@pytest.mark.parametrize("engine", [SHARED, SPLIT], ids=["shared", "split"])
def test_at_equal_cycles_every_split_is_filled_up_to_the_cycles_of_the_even_one(engine: dict[str, object]) -> None:
    torch.manual_seed(1)
    spec = at_equal_cycles(engine)
    dense = LSTM(spec)
    cycles, even = if_pruned(spec, dense), planned(spec)[0]
    budget, allocations = cycles(0, even), line(spec, cycles)
    assert len({k_x for ((k_x, _),) in allocations}) == len(allocations) > 2
    for ((k_x, k_h),) in allocations:
        assert cycles(0, (k_x, k_h)) <= budget
        assert k_h == 32 or cycles(0, (k_x, k_h + 1)) > budget


def test_at_equal_cycles_lanes_that_nonzeros_leave_idle_are_used() -> None:
    spec = at_equal_cycles(SPLIT)
    allocations = line(spec, lambda number, kept: network(spec, (kept,)).layers[number].depth)
    assert allocations[0] == ((2, 10),)  # even: ceil(10 / 2) = 5 cycles a group
    assert allocations[1] == ((4, 10),)  # two weights more in every row of W_x cost nothing
    assert ((8, 10),) not in allocations  # 8 cycles on one lane


def test_the_cycles_foretold_are_those_of_the_pruned_model() -> None:
    torch.manual_seed(1)
    spec = at_equal_cycles(SHARED)
    dense = LSTM(spec)
    foretold = if_pruned(spec, dense)(0, (5, 7))
    prune_layers(dense.layers, ((5, 7),))
    assert intervals(spec, ((5, 7),), dense) == [foretold]
