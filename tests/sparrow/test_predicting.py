"""`sparrow predict` as a person types it."""

from __future__ import annotations

import contextlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from typer.testing import CliRunner, Result

from accel.engines.engine import Observed, golden
from accel.engines.verify import DeviceUnderTest
from accel.model.design import Design
from accel.model.samples import Samples
from sparrow import predicting
from sparrow.cli import app
from tests.designs import data
from tests.training.importing.graphs import FINE

HEAD = {"outputs": 3, "kind": "logits", "when": "step"}
SPEC = {**data(model={"head": HEAD}), **FINE, "sparsity": {"pattern": "dense"}}


def sparrow(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a network imported from torch, what `generate` left, x, and what torch answers."""
    folder = tmp_path_factory.mktemp("made")
    torch.manual_seed(0)
    lstm, head = torch.nn.LSTM(3, 8, batch_first=True), torch.nn.Linear(8, 3)
    torch.save(lstm.state_dict(prefix="lstm.") | head.state_dict(prefix="fc."), folder / "model.pt")
    x = np.random.default_rng(0).normal(0, 0.5, (4, 6, 3)).astype(np.float32)
    np.save(folder / "x.npy", x)
    with torch.no_grad():
        np.save(folder / "wanted.npy", head(lstm(torch.from_numpy(x))[0]).numpy())
    (folder / "small.yaml").write_text(yaml.safe_dump(SPEC))
    with contextlib.chdir(folder):
        for verb in (("import", "small.yaml", "model.pt"), ("generate", "small.yaml")):
            result = sparrow(*verb)
            assert result.exit_code == 0, result.output
    return folder


@pytest.fixture
def place(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An own copy of it, which the command is run in."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("engine", ["golden", "torch", "myhdl"])
def test_answers_are_those_of_the_network_that_was_imported(place: Path, engine: str) -> None:
    result = sparrow("predict", "small.yaml", "x.npy", "-o", "answers.npy", "--engine", engine, "--json")
    assert result.exit_code == 0, result.output
    np.testing.assert_allclose(np.load("answers.npy"), np.load("wanted.npy"), atol=5e-3)
    facts = json.loads(result.stdout)
    assert (facts["engine"], facts["shape"], facts["steps"]) == (engine, [4, 6, 3], 24)


def test_the_work_folder_stays_as_it_is(place: Path) -> None:
    def files() -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in sorted(Path("build").rglob("*")) if path.is_file()}

    before = files()
    assert sparrow("predict", "small.yaml", "x.npy", "--engine", "myhdl").exit_code == 0
    assert files() == before


def test_the_sequences_are_not_written_over(place: Path) -> None:
    before, link = (place / "x.npy").read_bytes(), place / "y.npy"
    link.symlink_to("x.npy")
    for output in ("x.npy", "y.npy"):
        result = sparrow("predict", "small.yaml", "x.npy", "-o", output)
        assert (result.exit_code, (place / "x.npy").read_bytes()) == (2, before)
        assert "another file than the sequences come from" in result.output
    assert "no such file" in sparrow("predict", "small.yaml", "absent.npy", "-o", "x.npy").output.lower()


def test_an_engine_that_differs_leaves_nothing(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def flipped(given: Design, inputs: Samples) -> Observed:
        seen = golden(given, inputs)
        seen.outputs[0, 0] ^= 1
        return seen

    monkeypatch.setitem(predicting.ENGINES, "torch", DeviceUnderTest(flipped))
    result = sparrow("predict", "small.yaml", "x.npy", "--engine", "torch")
    assert result.exit_code == 1
    assert "different: torch does not answer what the golden model does" in result.stderr
    assert not Path("y.npy").exists()


def test_what_is_stale_or_wrong_is_refused(place: Path) -> None:
    for wrong, said in (
        (("x.npy", "--engine", "abacus"), "--engine: wanted one of golden, torch"),
        (("none.npy",), "none.npy: wanted sequences"),
        (("x.npy", "-o", "y.txt"), "--output: wanted a file .npy, got y.txt"),
    ):
        result = sparrow("predict", "small.yaml", *wrong)
        assert result.exit_code == 2
        assert said in result.stderr
    spec = yaml.safe_load(Path("small.yaml").read_text())
    spec["formats"]["gate"] = [24, 13]
    Path("small.yaml").write_text(yaml.safe_dump(spec))
    result = sparrow("predict", "small.yaml", "x.npy")
    assert result.exit_code == 2
    assert not Path("y.npy").exists()
