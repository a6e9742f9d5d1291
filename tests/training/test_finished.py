"""Taking over a finished training, from another work folder or from the weights that are shipped."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from accel.base.faults import Refused
from accel.model import samples, weights_file
from accel.schedule.load_spec import load
from sparrow import flow, steps
from tests.training.small import small
from training import seeded
from training.finished import take

SPECS = Path(__file__).parents[2] / "specs"
SPEC = small(sparsity={"search": None, "input": 0.5, "recurrent": 0.5})


@pytest.fixture
def finished(tmp_path: Path) -> Path:
    folder = tmp_path / "finished"
    seeded.write(SPEC, folder)
    return folder


def test_a_finished_training_is_taken_as_it_is(finished: Path, tmp_path: Path) -> None:
    flow.import_model(SPEC, finished, tmp_path / "work")
    for name in ("weights.npz", "samples.npz"):
        with np.load(finished / name) as theirs, np.load(tmp_path / "work" / name) as ours:
            assert all(np.array_equal(theirs[key], ours[key]) for key in theirs.files)
    assert json.loads((tmp_path / "work" / "training.json").read_text())["imported"] == "finished"
    assert not steps.step("train").changes(SPEC, tmp_path / "work")


def test_without_samples_seeded_ones_are_made(finished: Path, tmp_path: Path) -> None:
    (finished / "samples.npz").unlink()
    take(SPEC, finished, tmp_path / "work")
    assert len(samples.load(tmp_path / "work" / "samples.npz", SPEC).lengths) == SPEC.verify.sequences


@pytest.mark.parametrize("name", ["weights.npz", "training.json"])
def test_a_training_that_is_not_finished_is_refused_and_nothing_written(
    name: str, finished: Path, tmp_path: Path
) -> None:
    (finished / name).unlink()
    with pytest.raises(Refused, match=name):
        take(SPEC, finished, tmp_path / "work")
    assert not (tmp_path / "work").exists()


def test_a_training_of_another_seed_is_refused(finished: Path, tmp_path: Path) -> None:
    other = small(sparsity={"search": None, "input": 0.5, "recurrent": 0.5}, training={"seed": 7})
    with pytest.raises(Refused, match=r"training\.json: seed: wanted 7, as training\.seed of the spec, got 1"):
        take(other, finished, tmp_path / "work")


def test_weights_of_other_sizes_are_refused(finished: Path, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="shape"):
        take(SPEC.model_copy(update={"model": small(model={"inputs": 4}).model}), finished, tmp_path / "work")


@pytest.mark.parametrize("folder", sorted((SPECS / "trained").iterdir()), ids=lambda folder: folder.name)
def test_shipped_weights_are_those_of_their_spec_and_small(folder: Path, tmp_path: Path) -> None:
    spec = load(SPECS / f"{folder.name}.yaml")
    record = json.loads((folder / "training.json").read_text())
    assert record["task"] == spec.training.task
    assert record["seed"] == spec.training.seed
    assert record["layers"][0]["kept"] == list(weights_file.load(folder / "weights.npz", spec).layers[0].nnz_per_row)
    assert sum(path.stat().st_size for path in folder.iterdir()) < 100_000
    shutil.copytree(folder, tmp_path / "shipped")
    broken = bytearray((folder / "weights.npz").read_bytes())
    broken[len(broken) // 2] ^= 1
    (tmp_path / "shipped" / "weights.npz").write_bytes(broken)
    with pytest.raises(Refused):
        take(spec, tmp_path / "shipped", tmp_path / "work")
