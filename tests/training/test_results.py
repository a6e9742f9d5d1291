"""The results page: made from records, what is missing is run, what is there is kept."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from accel.base.faults import Fault, Refused, Stopped
from accel.base.files import read_json, write_json
from tests.training.small import BASE, small, task
from training import pipeline, results, runs
from training.results_page import page
from training.results_rows import rows

ROOT = Path(__file__).parents[2]
TRAINING = {
    "task": "digits_rows",
    "epochs": 1,
    "prune_epochs": 1,
    "quantize_epochs": 1,
    "batch": 64,
    "baselines": ["bank", "dense"],
    "studies": {
        "totals": [0.6],
        "banks": [2],
        "states": [0.5],
        "low_bit": ["ternary-weight", "binary-none-rounded"],
        "equal_cycles": True,
        "lasso": [500.0],
        "highway": [2],
    },
}


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Arguments of a call on one small spec."""
    monkeypatch.setattr(pipeline.tasks, "load", lambda spec: task())
    spec = tmp_path / "small.yaml"
    spec.write_text(json.dumps({**BASE, "training": TRAINING}))
    return [str(spec), "--seeds", "1", "--work", str(tmp_path / "work"), "--page", str(tmp_path / "results.md")]


def test_every_network_of_a_run_is_on_the_page(call: list[str], tmp_path: Path) -> None:
    results.main([*call, "--seeds", "1", "2"])
    text = (tmp_path / "results.md").read_text()
    for name in (
        "dense, float",
        "row-balanced, uniform ratio",
        "row-balanced, ratios chosen",
        "bank pruning",
        "dense, trained on",
        "row-balanced, chosen, 8 bits",
        "states 0.5, row-balanced",
        "ternary-weight",
        "binary-none-rounded",
        "row-balanced, ratios chosen at equal cycles",
        "units 500.0",
        "highway 2",
        "row-balanced, ratios chosen, 0.6",
        "bank pruning, 0.6",
        "row-balanced, 2 banks",
    ):
        assert f"| {name} |" in text
    assert "Seeds 1, 2;" in text


def test_a_second_call_runs_nothing_and_a_changed_spec_runs_again(
    call: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results.main(call)
    ran: list[Path] = []
    monkeypatch.setattr(runs.Run, "make", lambda run, progress: ran.append(run.folder))
    results.main(call)
    assert ran == []
    Path(call[0]).write_text(json.dumps({**BASE, "training": {**TRAINING, "epochs": 2}}))
    results.main(call)
    assert ran == [tmp_path / "work" / "little-1"]


def test_one_task_or_spec_is_run_alone_and_an_unknown_name_is_refused(
    call: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(json.dumps({**BASE, "name": "other", "training": {**TRAINING, "task": "digits_pixels"}}))
    ran: list[str] = []
    monkeypatch.setattr(runs.Run, "make", lambda run, progress: ran.append(run.folder.name))
    for only in ("little", "digits_pixels"):
        results.main([str(other), *call, "--only", only])
    assert ran == ["little-1", "other-1"]
    with pytest.raises(Refused, match=r"--only: wanted one of digits_pixels, digits_rows, little, other, got chess"):
        results.main([*call, "--only", "chess", "--large", str(other)])


def test_networks_of_several_seeds_are_compared_with_the_dense_one_of_the_same_seed(
    call: list[str], tmp_path: Path
) -> None:
    results.main(call)
    kept = tmp_path / "results" / "little-1.json"
    for seed, dense, bank in ((1, 0.75, 0.5), (2, 0.875, 0.5)):
        record = read_json(kept)
        record["baselines"] = [
            {"pattern": "dense", "valid": 0.5, "test": dense, "valid_loss": 1.0},
            {"pattern": "bank", "valid": 0.5, "test": bank, "valid_loss": 1.0},
        ]
        (one,) = runs.runs([Path(call[0])], [seed], tmp_path, tmp_path)
        write_json(kept.with_name(f"little-{seed}.json"), {**record, "seed": seed, "digest": one.digest})
    results.main([*call, "--seeds", "1", "2", "--only-write"])
    text = (tmp_path / "results.md").read_text()
    half = 12.706205 * 12.5 / 2
    assert (
        f"| bank pruning | 0.5 (0.5–0.5) | 0.5 (0.5–0.5) | -31.2 ({-31.25 - half:+.1f} to {-31.25 + half:+.1f}) |"
        in text
    )
    assert "| dense, trained on | 0.5 (0.5–0.5) | 0.8125 (0.75–0.875) |  |" in text


def test_a_spec_without_every_seed_has_no_figures(call: list[str], tmp_path: Path) -> None:
    results.main(call)
    results.main([*call, "--seeds", "1", "2", "--only-write"])
    text = (tmp_path / "results.md").read_text()
    assert "`digits_rows`: run with seed 1; figures when every seed is there." in text
    assert "|" not in text.partition("## little")[2]


def test_a_network_that_a_seed_lacks_has_no_figures(call: list[str], tmp_path: Path) -> None:
    results.main(call)
    record = read_json(tmp_path / "results" / "little-1.json")
    (two,) = runs.runs([Path(call[0])], [2], tmp_path, tmp_path)
    fewer = {"seed": 2, "digest": two.digest, "baselines": record["baselines"][1:]}
    write_json(tmp_path / "results" / "little-2.json", record | fewer)
    results.main([*call, "--seeds", "1", "2", "--only-write"])
    text = (tmp_path / "results.md").read_text()
    assert "| bank pruning |" not in text
    assert "| dense, trained on |" in text


def test_a_record_whose_weights_are_not_here_is_run_again_where_the_weights_are_asked_for(
    call: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results.main(call)
    ran: list[Path] = []
    monkeypatch.setattr(runs.Run, "make", lambda run, progress: ran.append(run.folder))
    results.main([*call, "--here"])
    assert ran == []
    shutil.rmtree(tmp_path / "work")
    results.main(call)
    assert ran == []
    results.main([*call, "--here"])
    assert ran == [tmp_path / "work" / "little-1"]


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (Refused([Fault("data set ptb", "a folder", "none")]), 2, "refused: data set ptb: wanted a folder, got none"),
        (Stopped("SIGINT", 2, "dense.pt"), 130, "stopped: SIGINT; dense.pt is kept"),
    ],
    ids=["refused", "stopped"],
)
def test_the_command_says_in_a_line_why_it_ends(
    error: Exception, status: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def ends() -> None:
        raise error

    assert results.command(ends) == status
    assert capsys.readouterr().err.startswith(said)


def test_a_spec_that_was_not_run_is_said_to_be_so(call: list[str], tmp_path: Path) -> None:
    results.main([*call, "--only-write"])
    assert "`digits_rows`: not run." in (tmp_path / "results.md").read_text()


def test_large_specs_are_listed_and_run_only_where_there_is_a_gpu(
    call: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[Path] = []
    monkeypatch.setattr(runs.Run, "make", lambda run, progress: ran.append(run.folder))
    for present in (False, True):
        monkeypatch.setattr(results.torch.cuda, "is_available", lambda present=present: present)
        results.main([str(tmp_path / "small.yaml"), *call[1:], "--large", call[0], "--seeds", "5"])
    assert len(ran) == 1 + 2
    assert "not run" in (tmp_path / "results.md").read_text()


def test_numbers_of_weights_and_multiplications_by_hand(call: list[str], tmp_path: Path) -> None:
    results.main(call)
    (run,) = runs.runs([Path(call[0])], [1], tmp_path / "work", tmp_path / "results")
    record = run.record()
    assert record is not None
    found = {row.method: row for row in rows(run.spec, record)}
    dense = 4 * 8 * (3 + 8)
    assert found["dense, float"].multiplications == dense
    assert found["dense, float"].bits == 32 * dense
    assert found["row-balanced, uniform ratio"].kept == 6 / 11
    assert found["row-balanced, uniform ratio, 0.6"].kept == found["bank pruning, 0.6"].kept == 4 / 11
    assert found["ternary-weight"].bits == 2 * dense
    assert found["ternary-weight"].multiplications == 0
    assert found["highway 2"].multiplications == 2 * 8 * (3 + 2 * 8)
    states = next(study for study in record["studies"] if study["name"] == "states 0.5")
    zeros = next(p["sparsity"]["1"] for p in states["curve"] if p["threshold"] == states["threshold"])
    assert found["states 0.5"].multiplications == pytest.approx(4 * 8 * (3 + 8 * (1 - zeros)))


def test_a_record_of_another_spec_is_not_shown(call: list[str], tmp_path: Path) -> None:
    results.main(call)
    made = tmp_path / "results" / "little-1.json"
    write_json(made, {**read_json(made), "digest": "other"})
    assert "not run" in page(runs.runs([Path(call[0])], [1], tmp_path / "work", tmp_path / "results"))


def test_the_page_is_made_again_from_its_records_alone(call: list[str], tmp_path: Path) -> None:
    results.main(call)
    text = (tmp_path / "results.md").read_text()
    (tmp_path / "results.md").unlink()
    shutil.rmtree(tmp_path / "work")
    results.main([*call, "--only-write"])
    assert (tmp_path / "results.md").read_text() == text


def test_the_page_in_the_documentation_is_that_of_its_records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    written = shutil.copytree("docs/results", tmp_path / "results").with_suffix(".md")
    specs = make_variable("RESULTS"), make_variable("RESULTS_LARGE")
    results.main([*specs[0], "--large", *specs[1], "--page", str(written), "--only-write"])
    assert written.read_text() == Path("docs/results.md").read_text()


def make_variable(name: str) -> list[str]:
    """The specs that a variable of the Makefile lists."""
    found = re.search(rf"^{name} = \$\(addprefix specs/,(.*)\)$", Path("Makefile").read_text(), re.MULTILINE)
    assert found
    return [f"specs/{spec}" for spec in found[1].split()]


def test_each_seed_has_a_digest_of_its_own() -> None:
    one, two = (runs.Run(runs.with_seed(small(), seed), Path(), Path(), Path()) for seed in (1, 2))
    assert one.digest != two.digest
