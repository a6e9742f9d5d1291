"""Points of accuracy against operations: run once, kept, told as paired differences; and the intervals by hand."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from accel.base.faults import Refused
from accel.base.files import read_json
from accel.schedule.load_spec import load
from sparrow import flow, steps
from tests.training.small import BASE, task
from training import tradeoff
from training.paired import difference, spread
from training.tradeoff import Point
from training.tradeoff_page import page, verdict

TRAINING = {"task": "digits_rows", "epochs": 1, "prune_epochs": 1, "quantize_epochs": 1, "batch": 64}
COLUMNS = {"pattern": "column", "input": 0.5, "recurrent": 0.5, "threshold": 0.1, "states": 0.5}


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Arguments of a call on one small spec by columns."""
    monkeypatch.setattr(tradeoff.tasks, "load", lambda spec: task())
    spec = tmp_path / "small.yaml"
    made = {**BASE, "sparsity": COLUMNS, "engine": {"dataflow": "column", "units": 2}, "training": TRAINING}
    spec.write_text(json.dumps(made))
    return [str(spec), "--work", str(tmp_path / "work"), "--page", str(tmp_path / "tradeoff.md")]


def test_points_of_several_seeds_become_rows_and_networks_that_can_be_imported(
    call: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tradeoff.main([*call, "--points", "150", "150:0.25", "--seeds", "1", "2"])
    record = read_json(tmp_path / "tradeoff.json")["little"]
    assert {point: sorted(seeds) for point, seeds in record.items()} == {"150.0": ["1", "2"], "150.0:0.25": ["1", "2"]}
    text = (tmp_path / "tradeoff.md").read_text()
    assert "| 150.0:0.25 | 1, 2 |" in text
    assert record["150.0"]["1"]["kept"] < record["150.0:0.25"]["1"]["kept"] < 1
    folder = tmp_path / "work" / "little-2" / "compact" / "units-150.0-column-balanced"
    spec = load(folder / "spec.yaml")
    flow.import_model(spec, folder, tmp_path / "own")
    assert steps.design(spec, tmp_path / "own").net.layers[0].outputs == record["150.0"]["2"]["hidden"][0]
    monkeypatch.setattr(tradeoff, "run", lambda *given: pytest.fail("what is there was run again"))
    tradeoff.main([*call, "--points", "150", "--seeds", "1", "2"])
    tradeoff.main([*call, "--only-write"])
    assert (tmp_path / "tradeoff.md").read_text() == text


def test_a_dense_spec_makes_no_point(call: list[str], tmp_path: Path) -> None:
    Path(call[0]).write_text(json.dumps({**BASE, "sparsity": {"pattern": "dense"}, "training": TRAINING}))
    with pytest.raises(Refused, match=r"sparsity.pattern: wanted row, column or balanced, got dense"):
        tradeoff.main(call)
    assert not (tmp_path / "tradeoff.json").exists()


@pytest.mark.parametrize("text", ["0", "-1", "6:1.0", "6:0.5:0.5", "six", ""])
def test_what_is_no_point_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"STRENGTH|could not convert"):
        Point.parse(text)


def test_an_interval_of_paired_differences_by_hand() -> None:
    found = difference([3.0, 5.0, 7.0], [2.0, 3.0, 4.0])
    assert (found.mean, found.pairs) == (2.0, 3)
    assert found.half == pytest.approx(4.302653 / math.sqrt(3), rel=1e-6)
    assert math.isinf(difference([1.0], [0.0]).half)
    with pytest.raises(ValueError, match="as many of both, at least one: 2 and 1"):
        difference([1.0, 2.0], [1.0])
    assert spread([0.5, 0.75]) == "0.625 (0.5–0.75)"
    assert spread([0.5]) == "0.5"


@pytest.mark.parametrize(
    ("least", "most", "said"),
    [(-1.0, 2.0, "within 2"), (1.0, 2.1, "not shown"), (2.1, 9.0, "beyond 2"), (-math.inf, math.inf, "not shown")],
)
def test_a_claim_holds_where_the_whole_interval_does(least: float, most: float, said: str) -> None:
    assert verdict(least, most) == said


def test_the_page_in_the_documentation_is_that_of_its_record() -> None:
    docs = Path(__file__).parents[2] / "docs"
    assert (docs / "tradeoff.md").read_text() == page(read_json(docs / "tradeoff.json"))
