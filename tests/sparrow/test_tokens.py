"""A text classifier of PyTorch from its file to answers, as a person types it: tokens in, its embedding in hardware."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from typer.testing import CliRunner, Result

from sparrow import load
from sparrow.cli import app


def sparrow(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


class Net(nn.Module):
    """Tokens, an embedding, a linear layer with an activation, an LSTM, and a head."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.rnn, self.out = nn.Embedding(20, 4), nn.LSTM(4, 6, batch_first=True), nn.Linear(6, 3)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return self.out(self.rnn(self.words(tokens))[0][:, -1])  # type: ignore[no-any-return]


@pytest.fixture
def tokens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    """Sequences with the network's answers, and its file."""
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    made, x = Net(), np.random.default_rng(0).integers(0, 20, (8, 6))
    torch.save(made.state_dict(), "words.pt")
    with torch.no_grad():
        np.savez("x.npz", x=x, y=made(torch.from_numpy(x)).numpy())
    return x


def test_new_import_predict_and_evaluate_answer_as_the_network_does(tokens: np.ndarray) -> None:
    result = sparrow("new", "words.pt", "--data", "x.npz", "--embedding", "words", "--head", "out", "-o", "words.yaml")
    assert result.exit_code == 0, result.output
    spec = load("words.yaml")
    assert (spec.model.vocabulary, spec.model.inputs) == (20, 4)
    assert spec.source is not None
    assert spec.source.embedding == "words"
    assert sparrow("import", "words.yaml").exit_code == 0
    checked = json.loads(sparrow("check", "words.yaml", "--json").stdout)
    assert checked["embedding"]["tokens"] == 20
    assert sparrow("predict", "words.yaml", "x.npz", "-o", "y.npy").exit_code == 0
    assert np.abs(np.load("y.npy") - np.load("x.npz")["y"]).max() < 0.05
    found = json.loads(sparrow("evaluate", "words.yaml", "x.npz", "--model", "words.pt", "--json").stdout)
    assert found["float"] < 1e-6
    assert found["golden"] < 0.02
    np.save("wrong.npy", tokens + 20)
    refused = sparrow("predict", "words.yaml", "wrong.npy", "-o", "z.npy")
    assert (refused.exit_code, "wanted tokens from 0 to 19, got 20 to 39" in refused.output) == (2, True)
    assert not Path("z.npy").exists()


@pytest.mark.usefixtures("tokens")
def test_a_table_that_nobody_names_is_asked_for() -> None:
    refused = sparrow("new", "words.pt", "--data", "x.npz", "--head", "out")
    assert refused.exit_code == 2
    assert "words.weight" in refused.output
    assert "--embedding NAME" in refused.output
