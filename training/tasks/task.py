"""What every task gives: sequences of real numbers in three splits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from accel.fixed import Integers


@dataclass(frozen=True)
class Split:
    """Sequences x, float32 [sequences, steps, inputs], padded with zeros at their end to the longest.

    `lengths` int64 [sequences] are the real numbers of steps, `labels` int64 [sequences] the classes.
    """

    x: npt.NDArray[np.float32]
    lengths: Integers
    labels: Integers

    def __len__(self) -> int:
        return len(self.x)

    def first(self, count: int) -> Split:
        """The first `count` sequences."""
        return Split(self.x[:count], self.lengths[:count], self.labels[:count])


@dataclass(frozen=True)
class Task:
    """Sequences to classify. The splits share no sequence and are the same in every run."""

    name: str
    classes: int
    train: Split
    valid: Split
    test: Split

    @property
    def inputs(self) -> int:
        """Elements of x_t."""
        return int(self.train.x.shape[2])
