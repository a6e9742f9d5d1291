"""A bidirectional LSTM of PyTorch from its file to answers, as a person types it; what is ambiguous is asked."""

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

LENGTHS = np.array([7, 3, 1, 5, 7, 2])


def sparrow(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


class Net(nn.Module):
    """A network that answers from h_n of both directions."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(3, 4, num_layers=2, bidirectional=True, batch_first=True)
        self.fc = nn.Linear(8, 3)

    def forward(self, x: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        packed = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        h_n = self.lstm(packed)[1][0]
        return self.fc(torch.cat([h_n[-2], h_n[-1]], dim=1))  # type: ignore[no-any-return]


@pytest.fixture
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Net:
    """The network, its file, and sequences with its answers."""
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    made = Net()
    torch.save(made.state_dict(), "both.pt")
    x = np.random.default_rng(0).normal(0, 0.8, (6, 7, 3)).astype(np.float32)
    with torch.no_grad():
        y = made(torch.from_numpy(x), torch.from_numpy(LENGTHS)).numpy()
    np.savez("x.npz", x=x, lengths=LENGTHS, y=y)
    return made


@pytest.mark.usefixtures("net")
def test_new_import_and_evaluate_answer_as_the_network_does() -> None:
    result = sparrow("new", "both.pt", "--data", "x.npz", "--last", "states", "-o", "both.yaml", "--json")
    assert result.exit_code == 0, result.output
    errors = json.loads(result.stdout)["errors"]
    assert max(errors.values()) <= 0.02
    spec = load("both.yaml")
    assert (spec.model.bidirectional, spec.model.longest, spec.model.hidden) == (True, 7, (4, 4))
    assert sparrow("import", "both.yaml").exit_code == 0
    found = sparrow("evaluate", "both.yaml", "x.npz", "--model", "both.pt", "--json")
    assert found.exit_code == 0, found.output
    facts = json.loads(found.stdout)
    assert facts["float"] < 1e-6
    assert facts["golden"] < 0.02


@pytest.mark.usefixtures("net")
def test_which_last_step_is_asked_for() -> None:
    refused = sparrow("new", "both.pt", "--data", "x.npz")
    assert refused.exit_code == 2
    assert "--last: wanted states (PyTorch's h_n) or output (its output[:, -1])" in refused.output
    refused = sparrow("new", "both.pt", "--data", "x.npz", "--when", "step", "--last", "states")
    assert refused.exit_code == 2
    assert "--last: wanted nothing but for a head behind the last step of both directions, got states" in refused.output
    assert not Path("both.yaml").exists()


@pytest.mark.usefixtures("net")
def test_the_longest_sequence_is_asked_for_where_there_is_no_data() -> None:
    refused = sparrow("new", "both.pt", "--last", "output")
    assert refused.exit_code == 2
    assert "--longest: wanted the steps of the longest sequence, or --data, for sequence buffers" in refused.output
    assert sparrow("new", "both.pt", "--last", "output", "--longest", "30").exit_code == 0
    assert load("both.yaml").model.longest == 30


@pytest.mark.usefixtures("net")
def test_a_longer_sequence_than_the_buffers_hold_is_refused() -> None:
    assert sparrow("new", "both.pt", "--data", "x.npz", "--last", "states", "-o", "both.yaml").exit_code == 0
    assert sparrow("import", "both.yaml").exit_code == 0
    np.save("long.npy", np.zeros((1, 8, 3)))
    refused = sparrow("predict", "both.yaml", "long.npy", "-o", "y.npy")
    assert refused.exit_code == 2
    assert "long.npy: wanted sequences of at most 7 steps (model.longest), got one of 8" in refused.output
    assert not Path("y.npy").exists()
