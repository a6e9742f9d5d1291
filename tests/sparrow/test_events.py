"""`--tensorboard`: what training measures, epoch by epoch, as event files."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from typer.testing import CliRunner, Result

from accel.base.files import read_json
from accel.base.progress import Measured, silent
from sparrow.cli import app
from sparrow.events import recorded

SPEC: dict[str, Any] = {
    "name": "seen",
    "model": {"inputs": 8, "hidden": [4], "head": {"outputs": 10}},
    "sparsity": {"pattern": "row", "input": 0.5, "recurrent": 0.5},
    "formats": {"input": [8, 4], "gate": [12, 8], "activation": [9, 8], "cell": [12, 8], "state": [9, 8]},
    "engine": {"units": 1},
    "training": {"task": "digits_rows", "epochs": 2, "prune_epochs": 1, "quantize_epochs": 1},
}


@pytest.fixture(autouse=True)
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def sparrow(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def written(**sections: Any) -> str:
    Path("seen.yaml").write_text(yaml.safe_dump(SPEC | sections))
    return "seen.yaml"


def curves(work: str) -> dict[str, dict[int, float]]:
    """Values by epoch, by the names of the curves."""
    event_accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    read = event_accumulator.EventAccumulator(f"{work}/tensorboard").Reload()
    return {tag: {one.step: one.value for one in read.Scalars(tag)} for tag in read.Tags()["scalars"]}


def test_every_epoch_of_training_is_a_point_of_a_curve_that_the_record_has() -> None:
    pytest.importorskip("tensorboard")
    assert sparrow("train", written(), "--tensorboard").exit_code == 0
    found, record = curves("build/seen"), read_json(Path("build/seen/training.json"))
    dense = next(one for name, one in found.items() if name == "dense/valid_accuracy")
    assert list(dense) == [1, 2]
    assert list(dense.values()) == pytest.approx([one["valid"] for one in record["curves"]["dense"]])
    assert {name.split("/")[1] for name in found} == {"loss", "valid_loss", "valid_accuracy"}


def test_distillation_leaves_its_curves_too() -> None:
    pytest.importorskip("tensorboard")
    torch.manual_seed(0)
    torch.save(torch.nn.LSTM(8, 4).state_dict(prefix="lstm."), "model.pt")
    np.save("x.npy", np.random.default_rng(0).normal(0, 1, (4, 6, 8)))
    model, training = {"inputs": 8, "hidden": [4]}, SPEC["training"] | {"task": "seeded"}
    spec = written(model=model, training=training)
    done = sparrow("import", spec, "model.pt", "--data", "x.npy", "--distill", "--tensorboard")
    assert done.exit_code == 0, done.output
    assert {"distilled_pruned/loss", "distilled_quantised/relative_error_held_out"} <= set(curves("build/seen"))


def test_without_the_wish_and_without_numbers_nothing_is_left(tmp_path: Path) -> None:
    assert sparrow("train", written()).exit_code == 0
    assert not Path("build/seen/tensorboard").exists()
    pytest.importorskip("tensorboard")
    with recorded(silent, tmp_path, wanted=True) as progress:
        progress("verify", 1, 2, "golden")
    assert not (tmp_path / "tensorboard").exists()


def test_without_the_package_it_is_said_before_anything_is_trained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    monkeypatch.delitem(sys.modules, "torch.utils.tensorboard", raising=False)
    monkeypatch.delitem(sys.modules, "torch.utils.tensorboard.writer", raising=False)
    refused = sparrow("train", written(), "--tensorboard")
    assert refused.exit_code == 3, refused.output
    assert "tensorboard" in refused.output
    assert not Path("build/seen/training.json").exists()


def test_a_measured_note_reads_as_any_other() -> None:
    note = Measured("loss 0.5", {"loss": 0.5})
    assert (str(note), note.numbers) == ("loss 0.5", {"loss": 0.5})
