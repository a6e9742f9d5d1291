"""Weights that come from an export or a file: whose they are, and when they are stale."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from torch import nn

from accel.base.faults import REFUSED
from accel.schedule import load_spec
from tests.sparrow.small import SPEC, sparrow, stale, write_spec
from training import hand_over
from training.api import export


def exported(work: Path, seed: int = 0, replace: bool = False) -> None:
    torch.manual_seed(seed)
    plain = load_spec.load(SPEC)
    whole = plain.model_copy(update={"sparsity": plain.sparsity})
    module = nn.LSTM(3, 8, batch_first=True)
    from training.api import prune

    prune(module, whole)
    export(module, nn.Linear(8, 3), plain, work, replace=replace)


def test_run_after_an_export_keeps_the_users_weights_and_reports(little: Path) -> None:
    exported(little)
    theirs = (little / "weights.npz").read_bytes()
    result = sparrow("run", SPEC, "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["steps"] == dict.fromkeys(("generate", "verify", "report"), "done") | {
        "train": "unchanged"
    }
    assert (little / "weights.npz").read_bytes() == theirs
    assert hand_over.maker(little) == "training.api.export"
    assert sparrow("report", SPEC).exit_code == 0


def test_an_export_leaves_the_records_that_an_import_leaves(little: Path, tmp_path: Path) -> None:
    exported(little)
    module = nn.LSTM(3, 8)
    torch.save({**module.state_dict(), "head.weight": torch.rand(3, 8), "head.bias": torch.rand(3)}, "model.pt")
    assert sparrow("import", SPEC, "model.pt", "--work", "imported").exit_code == 0
    for name in hand_over.FILES:
        assert (little / name).is_file()
        assert (Path("imported") / name).is_file()
    theirs, ours = (json.loads((work / "training.json").read_text()) for work in (Path("imported"), little))
    assert {"layers", "bits", "models", "task", "metric", "seed"} <= theirs.keys() & ours.keys()


@pytest.fixture
def imported(little: Path) -> Path:
    """A work folder that `run` has finished on weights from a file, and that file."""
    module = nn.LSTM(3, 8)
    torch.save({**module.state_dict(), "head.weight": torch.rand(3, 8), "head.bias": torch.rand(3)}, "model.pt")
    assert sparrow("import", SPEC, "model.pt").exit_code == 0
    result = sparrow("run", SPEC)
    assert result.exit_code == 0, result.output
    return Path("model.pt").resolve()


def test_a_file_that_changed_since_its_import_makes_its_weights_stale(little: Path, imported: Path) -> None:
    before = imported.read_bytes()
    torch.save({name: 2 * tensor for name, tensor in torch.load(imported, weights_only=True).items()}, imported)
    for verb in ("run", "verify", "report"):
        result = sparrow(verb, SPEC)
        assert result.exit_code == REFUSED
        assert f"imported file.{imported}: wanted " in result.stderr.replace("\n", "")
    imported.write_bytes(before)
    assert sparrow("verify", SPEC).exit_code == 0
    torch.save({name: 2 * tensor for name, tensor in torch.load(imported, weights_only=True).items()}, imported)
    assert sparrow("import", SPEC, "model.pt").exit_code == 0
    assert sparrow("run", SPEC).exit_code == 0


def test_a_file_that_is_gone_since_its_import_harms_nothing_and_the_report_tells(little: Path, imported: Path) -> None:
    assert "not where it was" not in (little / "report.html").read_text()
    imported.unlink()
    assert set(json.loads(sparrow("run", SPEC, "--json").stdout)["steps"].values()) == {"unchanged"}
    assert sparrow("report", SPEC).exit_code == 0
    assert "not where it was any more" in (little / "report.html").read_text()
    assert json.loads((little / "report.json").read_text())["training"]["file_gone"] is True


def test_exported_weights_are_never_trained_over(little: Path) -> None:
    exported(little)
    theirs = (little / "weights.npz").read_bytes()
    write_spec(Path(), training={"seed": 2})
    for verb in ("run", "train"):
        result = sparrow(verb, SPEC)
        assert result.exit_code == REFUSED
        assert "training.api.export" in result.stderr
        assert (little / "weights.npz").read_bytes() == theirs
    assert sparrow("run", SPEC, "--replace").exit_code == 0
    assert (little / "set-aside/1/weights.npz").read_bytes() == theirs


def test_an_export_over_trained_weights_is_refused(little: Path) -> None:
    assert sparrow("train", SPEC).exit_code == 0
    trained = (little / "weights.npz").read_bytes()
    with pytest.raises(Exception, match=r"weights\.npz: wanted no weights of another maker"):
        exported(little)
    assert (little / "weights.npz").read_bytes() == trained
    exported(little, replace=True)
    assert (little / "set-aside/1/weights.npz").read_bytes() == trained


def test_a_second_export_replaces_the_first(little: Path) -> None:
    exported(little)
    exported(little, seed=1)
    assert not (little / "set-aside").exists()
    assert stale(little) == {"generate", "verify", "report"}
