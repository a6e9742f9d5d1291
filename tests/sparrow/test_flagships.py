"""Networks whose weights a package brings, as their authors ship them: decisions of the accelerator beside theirs.

Skipped where it is not: `pip install --no-deps --target FOLDER silero-vad BeatNet`, FOLDER on PYTHONPATH.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner, Result

from sparrow.cli import app
from tests.bench.networks import beats, silero

pytestmark = pytest.mark.slow


def sparrow(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def package(name: str) -> Path:
    found = importlib.util.find_spec(name)
    if found is None or found.origin is None:
        pytest.skip(f"the package {name} is not installed")
    return Path(found.origin).parent


@pytest.fixture(autouse=True)
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_silero_vad_decides_as_its_file_does() -> None:
    folder = package("silero_vad")
    np.save("seen.npy", silero.framed(silero.synthesised(6, 1)))
    np.save("x.npy", frames := silero.framed(silero.synthesised(3, 2)))
    made = sparrow("new", str(folder / silero.FILE), *silero.CUT, "--data", "seen.npy", "-o", "vad.yaml")
    assert made.exit_code == 0, made.output
    assert sparrow("import", "vad.yaml", "--work", "work").exit_code == 0
    assert sparrow("predict", "vad.yaml", "x.npy", "-o", "y.npy", "--work", "work").exit_code == 0
    y, wanted = np.load("y.npy"), silero.answered(folder, frames)
    assert y.shape == wanted.shape
    assert 0 < np.mean(wanted > 0.5) < 1
    assert np.mean((y > 0.5) != (wanted > 0.5)) < 0.01


def test_beatnet_finds_the_beats_that_its_weights_find() -> None:
    weights = beats.state(package("BeatNet"))
    torch.save(weights, "beatnet.pt")
    np.save("seen.npy", beats.heard(weights, beats.music(4, 1)))
    np.save("x.npy", x := beats.heard(weights, beats.music(2, 2)))
    made = sparrow("new", "beatnet.pt", *beats.NAMED, "--data", "seen.npy", "-o", "beatnet.yaml")
    assert made.exit_code == 0, made.output
    assert sparrow("import", "beatnet.yaml", "--work", "work").exit_code == 0
    assert sparrow("predict", "beatnet.yaml", "x.npy", "-o", "y.npy", "--work", "work").exit_code == 0
    wanted = beats.answered(weights, x)
    assert len(np.unique(wanted)) > 1
    assert np.mean(np.load("y.npy").argmax(-1) != wanted) < 0.02
