"""Bidirectional LSTMs and GRUs of PyTorch as state dicts: read, proven against the file, quantised."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from accel.base.faults import Refused
from accel.model import golden, weights_file
from tests.designs import spec
from training.importer import import_model

LONGEST = 16


class Both(nn.Module):
    """Two bidirectional layers, or one, and a head."""

    def __init__(self, kind: type[nn.Module], layers: int, outputs: int | None = 3) -> None:
        super().__init__()
        self.rnn = kind(3, 4, num_layers=layers, bidirectional=True, batch_first=True)
        self.fc = nn.Identity() if outputs is None else nn.Linear(8, outputs)


def chosen(layers: int = 1, head: Any = None, **model: Any) -> Any:
    both = {"inputs": 3, "hidden": [4] * layers, "bidirectional": True, "longest": LONGEST, "head": head} | model
    formats = {"input": [16, 12], "gate": [18, 13], "activation": [18, 17], "cell": [18, 14], "state": [18, 17]}
    return spec(
        model=both,
        sparsity={"pattern": "dense", "input": None, "recurrent": None},
        weights={"width": 18, "input_frac": 15, "recurrent_frac": 15, "head_frac": 15},
        formats=formats | {"bias": [24, 15]},
        tables={"address": 14},
        engine={"units": 2, "cells_per_cycle": 2},
    )


def saved(module: nn.Module, folder: Path) -> Path:
    path = folder / "both.pt"
    torch.save(module.state_dict(), path)
    return path


HEADS: dict[str, Any] = {
    "h": None,
    "step": {"outputs": 3, "kind": "logits", "when": "step"},
    "states": {"outputs": 3, "kind": "logits", "last": "states"},
    "output": {"outputs": 3, "kind": "logits", "last": "output"},
}


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU])
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("head", HEADS)
def test_both_directions_are_read_and_the_integers_answer_as_the_module(
    head: str, layers: int, kind: type[nn.Module], tmp_path: Path
) -> None:
    torch.manual_seed(1)
    module = Both(kind, layers, None if head == "h" else 3).double()
    made = chosen(layers, HEADS[head], cell=kind.__name__.lower())
    import_model(made, saved(module, tmp_path), tmp_path)
    record = json.loads((tmp_path / "training.json").read_text())
    assert record["import"]["compared"][0]["largest_difference"] < 1e-12
    errors = [layer["relative_error"] for layer in record["import"]["loss"]["layers"]]
    assert len(errors) == layers + (head != "h")
    assert max(errors) < 0.01
    weights, x = weights_file.load(tmp_path / "weights.npz", made), torch.randn(5, 7, 3, dtype=torch.float64)
    net, steps = weights.network(made), np.array([7, 3, 1, 7, 5])
    packed = nn.utils.rnn.pack_padded_sequence(x, torch.from_numpy(steps), batch_first=True, enforce_sorted=False)
    with torch.no_grad():
        y, last = module.rnn(packed)
        y = nn.utils.rnn.pad_packed_sequence(y, batch_first=True)[0]
        h_n = last[0] if kind is nn.LSTM else last
        read = {"states": torch.cat([h_n[-2], h_n[-1]], 1), "output": y[torch.arange(5), torch.from_numpy(steps) - 1]}
        wanted = module.fc(read.get(head, y)).numpy()
    found = golden.run(net, weights, made.formats.input.quantize(x.numpy()), steps)
    got = net.layers[-1].h.real(found.outputs) if head == "h" else found.outputs / 2.0**net.head.frac  # type: ignore[union-attr]
    if head in read:
        np.testing.assert_allclose(got[:, 0], wanted, atol=0.01)
    else:
        real = np.arange(7) < steps[:, None]
        np.testing.assert_allclose(got[real], wanted[real], atol=0.01)


def test_pruned_each_direction_keeps_as_many_weights_in_every_row(tmp_path: Path) -> None:
    module = Both(nn.LSTM, 2, None)
    made = chosen(2).model_copy(update={"sparsity": spec().sparsity})
    import_model(made, saved(module, tmp_path), tmp_path, allow_clipping=True)
    assert [layer.nnz_per_row for layer in weights_file.load(tmp_path / "weights.npz", made).layers] == [(2, 2), (6, 2)]


def test_a_file_of_other_directions_than_the_spec_is_refused(tmp_path: Path) -> None:
    path = saved(Both(nn.LSTM, 1, None), tmp_path)
    forward = chosen(bidirectional=False, longest=None)
    with pytest.raises(Refused, match=r"model.bidirectional: wanted true, as rnn of both.pt is, got false"):
        import_model(forward, path, tmp_path)
    alone = nn.LSTM(3, 4)
    with pytest.raises(Refused, match=r"model.bidirectional: wanted false, as \(top\) of both.pt is, got true"):
        import_model(chosen(), saved(alone, tmp_path), tmp_path)


def test_a_backward_direction_that_lacks_a_tensor_is_refused(tmp_path: Path) -> None:
    state = Both(nn.LSTM, 1, None).state_dict()
    del state["rnn.bias_ih_l0_reverse"]
    torch.save(state, tmp_path / "both.pt")
    with pytest.raises(Refused, match=r"rnn: wanted the same tensors for both directions, got others behind _reverse"):
        import_model(chosen(), tmp_path / "both.pt", tmp_path)


def test_directions_that_were_taken_for_each_other_would_be_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from training.importing import state_dict

    right = state_dict.joined_matrices
    monkeypatch.setattr(state_dict, "joined_matrices", lambda one, other, hidden: right(other, one, hidden))
    with pytest.raises(Refused, match="wanted the answers of the network that was read from it"):
        import_model(chosen(), saved(Both(nn.LSTM, 1, None), tmp_path), tmp_path)


def test_a_longer_sequence_than_the_buffers_hold_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.ones((2, LONGEST + 1, 3)))
    with pytest.raises(Refused, match=r"x.npy: wanted sequences of at most 16 steps \(model.longest\), got one of 17"):
        import_model(chosen(), saved(Both(nn.LSTM, 1, None), tmp_path), tmp_path, data_file=tmp_path / "x.npy")
