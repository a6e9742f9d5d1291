"""The line of equal cost, and the choice at its end."""

from __future__ import annotations

from tests.training.small import small
from training.loop import Fitted
from training.score import Score
from training.search import Split, line, search


def test_the_line_starts_even_and_goes_to_both_ends_with_the_same_total() -> None:
    spec = small(model={"inputs": 8, "hidden": [32]}, sparsity={"search": {"total": 0.7, "steps": 3}})
    assert line(spec) == [((2, 10),), ((4, 8),), ((6, 6),), ((8, 4),), ((1, 11),)]


def test_layers_move_together() -> None:
    spec = small(model={"inputs": 8, "hidden": [16, 16]}, sparsity={"search": {"total": 0.5, "steps": 1}})
    assert line(spec) == [((4, 8), (8, 8)), ((8, 4), (15, 1)), ((1, 11), (1, 15))]
    assert {tuple(map(sum, split)) for split in line(spec)} == {(12, 16)}


def test_without_a_search_the_given_ratios_are_the_only_candidate() -> None:
    spec = small(sparsity={"search": None, "input": 0.34, "recurrent": 0.75})
    assert line(spec) == [((2, 2),)]


def test_the_best_on_the_validation_split_is_kept_and_all_are_reported() -> None:
    splits: list[Split] = [((1, 3),), ((2, 2),), ((3, 1),)]
    scores = dict(zip(splits, [Score(1.0, 0.5), Score(0.9, 0.7), Score(0.8, 0.7)], strict=True))
    found = search(splits, lambda kept: Fitted(None, scores[kept], []), "accuracy")  # type: ignore[arg-type]
    assert [candidate.kept for candidate in found] == [((3, 1),), ((1, 3),), ((2, 2),)]
