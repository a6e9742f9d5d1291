"""An encoder's last state begins a decoder: two accelerators, and h_n and c_n from one to the other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from typer.testing import CliRunner

import sparrow
from accel.base.faults import Different, Refused
from accel.engines import engine as engines
from accel.engines.predict import predict
from accel.model.sequences import Data
from sparrow.cli import app
from sparrow.steps import design


class Decoder(nn.Module):
    def __init__(self, rnn: nn.RNNBase) -> None:
        super().__init__()
        self.rnn, self.out = rnn, nn.Linear(5, 2)

    def forward(self, x: torch.Tensor, state: Any = None) -> torch.Tensor:
        return self.out(self.rnn(x, state)[0])  # type: ignore[no-any-return]


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU])
def test_an_encoders_last_state_begins_a_decoder(kind: type[nn.RNNBase], tmp_path: Path) -> None:
    torch.manual_seed(1)
    encoder, decoder = kind(3, 5, batch_first=True), Decoder(kind(2, 5, batch_first=True))  # type: ignore[arg-type]
    x, given = torch.randn(6, 7, 3), torch.randn(6, 5, 2)
    first = sparrow.compile(encoder, data=x.numpy(), work=tmp_path / "e", name="encoder", states=True)
    second = sparrow.compile(decoder, data=given.numpy(), work=tmp_path / "d", name="decoder", states=True, when="step")
    last = first.states(x.numpy())
    assert last.shape == (6, 10 if kind is nn.LSTM else 5)
    with torch.no_grad():
        wanted = decoder(given, encoder(x)[1]).numpy()
    near = second.predict(given.numpy(), begin=last)
    far = second.predict(given.numpy())
    error = [np.sqrt(np.mean((one - wanted) ** 2) / np.mean(wanted**2)) for one in (near, far)]
    assert error[0] < 0.05 < error[1]
    half = second.predict(given[:, :2].numpy(), begin=last)
    rest = second.predict(given[:, 2:].numpy(), begin=second.states(given[:, :2].numpy(), begin=last))
    np.testing.assert_array_equal(np.concatenate([half, rest], axis=1), near)


def test_states_go_through_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(1)
    x = np.random.default_rng(1).normal(size=(4, 6, 3)).astype(np.float32)
    torch.save(nn.LSTM(3, 5).state_dict(prefix="rnn."), "m.pt")
    np.save("x.npy", x)
    run = CliRunner().invoke
    assert run(app, ["new", "m.pt", "--data", "x.npy", "--states", "--error", "0.1", "-o", "m.yaml"]).exit_code == 0
    assert run(app, ["import", "m.yaml", "--work", "w"]).exit_code == 0
    np.savez("begin.npz", x=x[:, :2])
    first = run(app, ["predict", "m.yaml", "begin.npz", "-o", "a.npy", "--last", "last.npy", "--work", "w"])
    assert first.exit_code == 0, first.output
    np.savez("rest.npz", x=x[:, 2:], states=np.load("last.npy"))
    assert run(app, ["predict", "m.yaml", "rest.npz", "-o", "b.npy", "--work", "w"]).exit_code == 0
    assert run(app, ["predict", "m.yaml", "x.npy", "-o", "y.npy", "--work", "w"]).exit_code == 0
    np.testing.assert_array_equal(np.concatenate([np.load("a.npy"), np.load("b.npy")], axis=1), np.load("y.npy"))
    np.savez("wrong.npz", x=x, states=np.zeros((4, 9)))
    refused = run(app, ["predict", "m.yaml", "wrong.npz", "-o", "z.npy", "--work", "w"])
    assert refused.exit_code == 2
    assert "states: wanted finite numbers [4, 10], of each layer h_0, then c_0, got [4, 9]" in refused.stderr


def test_states_are_refused_where_no_stream_brings_them_and_an_engine_that_keeps_others_differs(tmp_path: Path) -> None:
    torch.manual_seed(1)
    x = np.random.default_rng(1).normal(size=(3, 4, 2))
    without = sparrow.compile(nn.GRU(2, 4), data=x, work=tmp_path / "a", name="without", error=0.1)
    with pytest.raises(Refused, match=r"states: wanted none without engine\.state_streams"):
        without.predict(x, begin=np.zeros((3, 4)))
    with pytest.raises(Refused, match=r"engine\.state_streams: wanted true, so that h_n and c_n leave"):
        without.states(x)
    given = sparrow.compile(nn.GRU(2, 4), data=x, work=tmp_path / "b", name="given", error=0.1, states=True)

    def forgets(design: Any, samples: Any) -> engines.Observed:
        found = engines.golden(design, samples)
        assert found.last_states is not None
        found.last_states[1] = 0
        return found

    with pytest.raises(Different):
        predict(design(given.spec, given.work), Data(x, np.full(3, 4)), forgets, "forgets")
