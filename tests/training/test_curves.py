"""Curves: which rows make which line, and that the pictures in the documentation are those of the records."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl
import pytest

from tests.training.test_results import make_variable
from training import curves
from training.results_rows import Row

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("method", "line"),
    [
        ("row-balanced, uniform ratio", "row-balanced, uniform ratio"),
        ("row-balanced, ratios chosen, 0.875", "row-balanced, ratios chosen"),
        ("bank pruning", "bank"),
        ("bank pruning, 0.875", "bank"),
        ("row-balanced", "row-balanced"),
        ("row-balanced, ratios chosen at equal cycles", None),
        ("row-balanced, 8 bits", None),
        ("row-balanced, chosen, 8 bits", None),
        ("column-balanced, states pruned", None),
        ("dense, float", None),
        ("units 6.0, row-balanced", None),
        ("states 0.8, row-balanced", None),
    ],
)
def test_pruned_networks_in_floating_point_make_the_lines_of_density(method: str, line: str | None) -> None:
    assert curves._pattern(Row(method, None, 0.5, 0.2, None, 1.0)) == line


def test_zeros_and_metric_are_means_over_the_seeds_at_the_same_multiples() -> None:
    def record(seed: int, zeros: float, valid: float) -> dict[str, Any]:
        points = [{"sparsity": {"1": 0.0}, "valid": 0.5}, {"sparsity": {"1": zeros}, "valid": valid}]
        return {"seed": seed, "studies": [{"name": "states 0.8", "curve": points}, {"name": "units 1.0"}]}

    found: Any = [(None, record(1, 0.5, 0.75)), (None, record(2, 0.75, 1.0))]
    assert curves.zero_states(found) == {"states 0.8": [(0.0, 0.5), (0.625, 0.875)]}


def test_the_pictures_in_the_documentation_are_those_of_the_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    curves.main([*make_variable("RESULTS"), *make_variable("RESULTS_LARGE"), "--page", str(tmp_path / "curves.md")])
    assert (tmp_path / "curves.md").read_text() == Path("docs/curves.md").read_text()
    drawn = {path.name: path.read_bytes() for path in (tmp_path / "curves").iterdir()}
    assert sorted(drawn) == ["bits.svg", "density.svg", "states.svg"]
    assert drawn == {name: (Path("docs/curves") / name).read_bytes() for name in drawn}, mpl.__version__
