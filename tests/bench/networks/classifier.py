"""A classifier as people write them in PyTorch: two LSTM layers, batch normalisation, an MLP, on Japanese vowels.

Trained here, in half a minute, on the public data set (`training.tasks.vowels`): who of nine people says two vowels, 7
to 29 steps long.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from training.tasks import vowels
from training.tasks.task import Split

SEED, EPOCHS, BATCH = 1, 60, 32


class Classifier(nn.Module):
    """Answers after the last real step."""

    def __init__(self, inputs: int = vowels.COEFFICIENTS, hidden: int = 48, classes: int = vowels.SPEAKERS) -> None:
        super().__init__()
        self.lstm = nn.LSTM(inputs, hidden, num_layers=2, batch_first=True)
        self.mlp = nn.Sequential(
            nn.BatchNorm1d(hidden), nn.Linear(hidden, 32), nn.ReLU(), nn.Dropout(0.2), nn.Linear(32, classes)
        )

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        h = self.lstm(x)[0]
        last = h[:, -1] if lengths is None else h[torch.arange(len(h)), lengths - 1]
        answer: Tensor = self.mlp(last)
        return answer


def trained() -> tuple[Classifier, Split, Split]:
    """The network, and what it was trained and is tested on."""
    task = vowels.japanese_vowels()
    assert isinstance(task.train, Split)
    assert isinstance(task.test, Split)
    torch.manual_seed(SEED)
    model, part = Classifier(), task.train
    optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
    for _ in range(EPOCHS):
        for chosen in torch.randperm(len(part)).split(BATCH):
            if len(chosen) < 2:
                continue  # nothing to normalise by
            optimizer.zero_grad()
            logits = model(torch.from_numpy(part.x)[chosen], torch.from_numpy(part.lengths)[chosen])
            functional.cross_entropy(logits, torch.from_numpy(part.labels)[chosen]).backward()
            optimizer.step()
    return model.eval(), part, task.test


def exported(model: nn.Module, inputs: int, path: Path) -> None:
    """The model as ONNX, sequences and steps open."""
    axes = {"x": {0: "sequences", 1: "steps"}}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model, (torch.zeros(2, 5, inputs),), str(path), dynamo=False, input_names=["x"], dynamic_axes=axes
        )


@torch.no_grad()
def answered(model: Classifier, split: Split) -> Any:
    """Its classes, [sequences]."""
    return np.asarray(model(torch.from_numpy(split.x), torch.from_numpy(split.lengths)).argmax(1))
