"""A PyTorch network with a linear layer between its LSTMs, from its file to answers, held against PyTorch's own."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from sparrow import load
from tests.sparrow.small import sparrow
from tests.training.importing.graphs import exported


class Narrowing(nn.Module):
    """LSTM, Linear, ReLU, LSTM, Linear."""

    def __init__(self) -> None:
        super().__init__()
        self.wide, self.narrowing = nn.LSTM(3, 8, batch_first=True), nn.Linear(8, 4)
        self.last, self.out = nn.LSTM(4, 6, batch_first=True), nn.Linear(6, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = torch.relu(self.narrowing(self.wide(x)[0]))
        return self.out(self.last(h)[0][:, -1])  # type: ignore[no-any-return]


def new(folder: Path) -> tuple[Path, np.ndarray]:
    """The spec that `new` writes, and the network's own answers to x.npy beside it."""
    torch.manual_seed(1)
    module, x = Narrowing(), np.random.default_rng(2).normal(size=(8, 9, 3)).astype(np.float32)
    np.save(folder / "x.npy", x)
    model = exported(module, folder / "narrowing.onnx", torch.from_numpy(x[:2]))
    result = sparrow("new", str(model), "--data", str(folder / "x.npy"), "-o", str(folder / "own.yaml"), "--json")
    assert result.exit_code == 0, result.output
    assert max(json.loads(result.stdout)["errors"].values()) <= 0.02
    with torch.no_grad():
        return folder / "own.yaml", module(torch.from_numpy(x)).numpy()


def test_the_spec_says_the_layer_between_and_the_answers_are_those_of_torch(tmp_path: Path) -> None:
    spec, wanted = new(tmp_path)
    assert "between: [[{outputs: 4}]]" in spec.read_text()
    work, y = str(tmp_path / "work"), tmp_path / "y.npy"
    assert sparrow("import", str(spec), "--work", work).exit_code == 0
    assert sparrow("predict", str(spec), str(tmp_path / "x.npy"), "-o", str(y), "--work", work).exit_code == 0
    apart = np.load(y) - wanted
    assert np.sqrt(np.square(apart).mean() / np.square(wanted).mean()) <= 0.02


@pytest.mark.slow
def test_it_runs_to_the_report_and_every_engine_is_equal(tmp_path: Path) -> None:
    spec, wanted = new(tmp_path)
    work, y = tmp_path / "work", tmp_path / "y.npy"
    result = sparrow("run", str(spec), "--work", str(work))
    assert result.exit_code == 0, result.output
    engines = json.loads((work / "verify.json").read_text())["engines"]
    assert {one["status"] for one in engines} <= {"equal", "not run"}
    assert len(load(spec).verify.engines) == len(engines) == 6
    given = "--engine", "hls", "--work", str(work)
    assert sparrow("predict", str(spec), str(tmp_path / "x.npy"), "-o", str(y), *given).exit_code == 0
    assert np.abs(np.load(y) - wanted).max() < 0.05
