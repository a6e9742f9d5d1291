"""`sparrow evaluate` as a person types it: the accelerator's metric beside that of the file it came from."""

from __future__ import annotations

import contextlib
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from typer.testing import CliRunner, Result

from accel.base.files import JSON_SCHEMA
from sparrow.cli import app
from tests.designs import data
from tests.training.importing.graphs import FINE

LENGTHS = np.array([6, 4, 3, 6, 2, 5])


def sparrow(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def spec(kind: str, when: str, **more: Any) -> dict[str, Any]:
    head = {"outputs": 3, "kind": kind, "when": when}
    return {**data(model={"head": head}), **FINE, "sparsity": {"pattern": "dense"}, **more}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a network of torch, of classes after the last step and of logits after each, imported into both."""
    folder = tmp_path_factory.mktemp("made")
    torch.manual_seed(0)
    lstm, head = torch.nn.LSTM(3, 8, batch_first=True), torch.nn.Linear(8, 3)
    torch.save(lstm.state_dict(prefix="a.") | head.state_dict(prefix="b.") | {"c": torch.ones(1)}, folder / "model.pt")
    x = np.random.default_rng(0).normal(0, 0.9, (6, 6, 3)).astype(np.float32)
    with torch.no_grad():
        logits = head(lstm(torch.from_numpy(x))[0]).numpy()
    last = logits[np.arange(6), LENGTHS - 1].argmax(1)
    np.savez(folder / "classes.npz", x=x, y=np.where(np.arange(6) < 4, last, (last + 1) % 3), lengths=LENGTHS)
    np.savez(folder / "numbers.npz", x=x, y=logits.astype(np.float32), lengths=LENGTHS)
    for name, text in (("classes", spec("argmax", "last")), ("numbers", spec("logits", "step"))):
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(text | {"name": name}))
        with contextlib.chdir(folder):
            result = sparrow("import", f"{name}.yaml", "model.pt", "--ignore", "c", "--head", "b")
        assert result.exit_code == 0, result.output
    return folder


@pytest.fixture
def place(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An own copy of it, which the command is run in."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def facts(*arguments: str) -> dict[str, Any]:
    result = sparrow("evaluate", *arguments, "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    assert found.pop("schema") == JSON_SCHEMA
    return found


def test_accuracy_of_golden_and_float_stand_side_by_side(place: Path) -> None:
    found = facts("classes.yaml", "classes.npz", "--model", "model.pt")
    assert found == {"metric": "accuracy", "answers": 6, "golden": 4 / 6, "float": 4 / 6, "apart": 0.0}


def test_numbers_have_a_relative_error(place: Path) -> None:
    found = facts("numbers.yaml", "numbers.npz", "--model", "model.pt")
    assert (found["metric"], found["answers"]) == ("relative error (rms)", LENGTHS.sum())
    assert found["float"] < 1e-5
    assert 1e-5 < found["golden"] < 0.01
    assert found["apart"] == pytest.approx(found["golden"], rel=0.01)


def test_without_the_file_the_accelerator_stands_alone(place: Path) -> None:
    found = facts("classes.yaml", "classes.npz")
    assert (found["golden"], found["float"], found["apart"]) == (4 / 6, None, None)
    assert "accuracy over 6 answers" in sparrow("evaluate", "classes.yaml", "classes.npz").stdout


def test_another_file_than_the_one_that_was_imported_is_refused(place: Path) -> None:
    state = torch.load("model.pt", weights_only=True)
    state["a.weight_hh_l0"][3, 2] += 0.1
    torch.save(state, "other.pt")
    result = sparrow("evaluate", "classes.yaml", "classes.npz", "--model", "other.pt")
    assert result.exit_code == 2
    assert "other.pt: wanted the file whose weights lie in" in result.stderr


def test_what_learned_from_a_file_is_compared_with_it(place: Path) -> None:
    asked = (
        "numbers.yaml",
        "model.pt",
        "--ignore",
        "c",
        "--head",
        "b",
        "--data",
        "numbers.npz",
        "--distill",
        "--replace",
    )
    result = sparrow("import", *asked)
    assert result.exit_code == 0, result.output
    found = facts("numbers.yaml", "numbers.npz", "--model", "model.pt")
    assert 0 < found["apart"] < 0.05


WRONG = [
    ("classes.yaml", {"y": None}, "y: wanted an array y: classes or numbers, got none"),
    ("classes.yaml", {"y": np.array([0, 1, 2, 3, 0, 1])}, "y: wanted classes 0 to 2, got other classes"),
    ("classes.yaml", {"y": np.zeros((6, 6), int)}, "y: wanted classes [6], got int64 [6, 6]"),
    ("classes.yaml", {"y": np.zeros((6, 3))}, "y: wanted classes, as model.head.kind is argmax, got numbers"),
    ("numbers.yaml", {"y": np.zeros((6, 6, 2))}, "y: wanted numbers [6, 6, 3], got float64 [6, 6, 2]"),
    ("numbers.yaml", {"y": np.full((6, 6, 3), np.nan)}, "y: wanted finite numbers"),
]


@pytest.mark.parametrize(("name", "arrays", "said"), WRONG, ids=[said for _, _, said in WRONG])
def test_a_y_that_does_not_fit_is_refused(place: Path, name: str, arrays: dict[str, Any], said: str) -> None:
    given = {key: array for key, array in arrays.items() if array is not None}
    np.savez("test.npz", x=np.zeros((6, 6, 3)), **given)
    result = sparrow("evaluate", name, "test.npz")
    assert result.exit_code == 2
    assert said in result.stderr
