"""The results page: made from records, what is missing is run, what is there is kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from accel.work import read_json, write_json
from tests.training.small import BASE, small, task
from training import pipeline, results
from training.results_page import page, rows

TRAINING = {
    "task": "digits_rows",
    "epochs": 1,
    "prune_epochs": 1,
    "quantize_epochs": 1,
    "batch": 64,
    "baselines": ["bank"],
    "studies": {"states": [0.5], "low_bit": ["ternary-weight"], "lasso": [500.0]},
}


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Arguments of a call on one small spec."""
    monkeypatch.setattr(pipeline.tasks, "load", lambda spec: task())
    spec = tmp_path / "small.yaml"
    spec.write_text(json.dumps({**BASE, "training": TRAINING}))
    return [str(spec), "--work", str(tmp_path / "work"), "--page", str(tmp_path / "results.md")]


def test_every_network_of_a_run_is_on_the_page(call: list[str], tmp_path: Path) -> None:
    results.main([*call, "--seeds", "1", "2"])
    text = (tmp_path / "results.md").read_text()
    for name in (
        "dense, float",
        "row-balanced, uniform ratio",
        "row-balanced, ratios chosen",
        "bank pruning",
        "row-balanced, chosen, 8 bits",
        "states 0.5, row-balanced",
        "ternary-weight",
        "units 500.0",
    ):
        assert f"| {name} |" in text
    assert "Seeds 1, 2;" in text


def test_a_second_call_runs_nothing_and_a_changed_spec_runs_again(
    call: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results.main(call)
    ran: list[Path] = []
    monkeypatch.setattr(results.Run, "make", lambda run, progress: ran.append(run.folder))
    results.main(call)
    assert ran == []
    Path(call[0]).write_text(json.dumps({**BASE, "training": {**TRAINING, "epochs": 2}}))
    results.main(call)
    assert ran == [tmp_path / "work" / "little-1"]


def test_a_spec_that_was_not_run_is_said_to_be_so(call: list[str], tmp_path: Path) -> None:
    results.main([*call, "--only-write"])
    assert "`digits_rows`: not run." in (tmp_path / "results.md").read_text()


def test_large_specs_are_listed_and_run_only_where_there_is_a_gpu(
    call: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[Path] = []
    monkeypatch.setattr(results.Run, "make", lambda run, progress: ran.append(run.folder))
    for present in (False, True):
        monkeypatch.setattr(results.torch.cuda, "is_available", lambda present=present: present)
        results.main([str(tmp_path / "small.yaml"), *call[1:], "--large", call[0], "--seeds", "5"])
    assert len(ran) == 1 + 2
    assert "not run" in (tmp_path / "results.md").read_text()


def test_numbers_of_weights_and_multiplications_by_hand(call: list[str], tmp_path: Path) -> None:
    results.main(call)
    (run,) = results.runs([Path(call[0])], [1], tmp_path / "work")
    record = run.record()
    assert record is not None
    found = {row.method: row for row in rows(run.spec, record)}
    dense = 4 * 8 * (3 + 8)
    assert found["dense, float"].multiplications == dense
    assert found["dense, float"].bits == 32 * dense
    assert found["row-balanced, uniform ratio"].kept == 6 / 11
    assert found["ternary-weight"].bits == 2 * dense
    assert found["ternary-weight"].multiplications == 0
    states = next(study for study in record["studies"] if study["name"] == "states 0.5")
    zeros = next(p["sparsity"]["1"] for p in states["curve"] if p["threshold"] == states["threshold"])
    assert found["states 0.5"].multiplications == pytest.approx(4 * 8 * (3 + 8 * (1 - zeros)))


def test_a_record_of_another_spec_is_not_shown(call: list[str], tmp_path: Path) -> None:
    results.main(call)
    made = tmp_path / "work" / "little-1" / "run.json"
    write_json(made, {**read_json(made), "digest": "other"})
    assert "not run" in page(results.runs([Path(call[0])], [1], tmp_path / "work"))


def test_each_seed_has_a_digest_of_its_own() -> None:
    one, two = (results.Run(results._with(small(), seed), Path(), Path()) for seed in (1, 2))
    assert one.digest != two.digest
