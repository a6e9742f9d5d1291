"""A work folder in which every step is done, made once for all tests; models of one's own."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.sparrow.small import SPEC, WORK, sparrow, write_spec


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which `sparrow run` has done every step."""
    folder = tmp_path_factory.mktemp("finished")
    write_spec(folder)
    with contextlib.chdir(folder):
        assert sparrow("run", SPEC).exit_code == 0
    return folder


@pytest.fixture
def ran(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The work folder in an own copy of the finished folder, which the command is run in."""
    shutil.copytree(finished, tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")
    return WORK


@pytest.fixture
def little(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The work folder of the small spec, in which nothing is done yet."""
    monkeypatch.chdir(tmp_path)
    write_spec(tmp_path)
    return WORK


@pytest.fixture
def own_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a model file, and sequences for it."""
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    lstm, head = torch.nn.LSTM(3, 6, num_layers=2, batch_first=True), torch.nn.Linear(6, 2)
    torch.save(lstm.state_dict(prefix="lstm.") | head.state_dict(prefix="fc."), "My Model.pt")
    np.save("x.npy", np.random.default_rng(0).normal(0, 0.8, (6, 9, 3)))
    return tmp_path


@pytest.fixture
def own_classifier(own_model: Path) -> Path:
    """A state dict with an MLP behind the recurrent layer."""
    layers = {"lstm": torch.nn.LSTM(3, 6), "fc1": torch.nn.Linear(6, 5), "fc2": torch.nn.Linear(5, 2)}
    torch.save(torch.nn.ModuleDict(layers).state_dict(), "mlp.pt")
    return own_model
