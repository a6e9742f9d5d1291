"""Handwritten digits (scikit-learn's `load_digits`, 1797 scans of 8 x 8 pixels of 0..16), read as a sequence."""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from training.tasks.task import Split, Task

SPLIT_SEED = 0


def digits_rows() -> Task:
    """Eight steps, one row of eight pixels each, scaled to 0..1 (multiples of 1/16). 1197, 240 and 360 sequences."""
    return _digits("digits_rows", steps=8)


def digits_pixels() -> Task:
    """64 steps of one pixel each: the small sibling of sequential MNIST. Same scans and splits as by rows."""
    return _digits("digits_pixels", steps=64)


def _digits(name: str, steps: int) -> Task:
    scans = load_digits()
    x = (scans.data / 16.0).reshape(len(scans.data), steps, -1).astype(np.float32)
    labels = scans.target.astype(np.int64)

    def part(chosen: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
        rest, taken = train_test_split(chosen, test_size=count, random_state=SPLIT_SEED, stratify=labels[chosen])
        return rest, taken

    def split(chosen: np.ndarray) -> Split:
        return Split(x[chosen], np.full(len(chosen), steps), labels[chosen])

    rest, test = part(np.arange(len(x)), 360)
    train, valid = part(rest, 240)
    return Task(name, 10, "accuracy", split(train), split(valid), split(test))
