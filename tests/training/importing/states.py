"""A module, and its state dict as a file, for the tests of state dicts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from training.importing.network import FloatNetwork
from training.importing.state_dict import Named, read

NONE = Named()


class Net(nn.Module):
    """An LSTM and a linear layer behind it."""

    def __init__(self, **options: Any) -> None:
        super().__init__()
        self.lstm = nn.LSTM(3, 4, num_layers=2, batch_first=True, **options)
        self.fc = nn.Linear(4, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.fc(self.lstm(x)[0])
        return logits


def stored(tmp_path: Path, contents: Any, name: str = "model.pt") -> Path:
    path = tmp_path / name
    torch.save(contents, path)
    return path


def network(path: Path, named: Named = NONE, outputs: int | None = 2) -> FloatNetwork:
    return read(path, named, outputs)[0]


def assert_same(found: FloatNetwork, module: nn.Module, inputs: int = 3) -> None:
    """What was read computes what the module does."""
    x = torch.from_numpy(np.random.default_rng(0).normal(0, 1, (5, 7, inputs)))
    with torch.no_grad():
        wanted = module.double().eval()(x).numpy()
    np.testing.assert_allclose(found.logits(found.states(x.numpy())[-1]), wanted, atol=1e-6)
