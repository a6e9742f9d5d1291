"""What a run is judged by: the metric of every model on the test split."""

from __future__ import annotations

import copy

import numpy as np

from accel import golden
from accel.samples import Samples
from accel.shape import Network
from accel.weights import Weights
from training.model import LSTM
from training.score import score
from training.tasks.task import Split


def accuracy(model: LSTM, split: Split) -> float:
    """Share of right answers, computed in float64 (quantised models: exactly as the hardware does)."""
    return score(copy.deepcopy(model).double(), split).accuracy


def golden_accuracy(net: Network, weights: Weights, samples: Samples) -> float:
    """Share of right answers of the golden model on integers."""
    trace = golden.run(net, weights, samples.x, samples.lengths)
    assert trace.logits is not None
    answers = np.argmax(trace.logits[:, -1], axis=1)
    return float(np.mean(answers == samples.labels))
