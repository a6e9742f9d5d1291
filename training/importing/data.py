"""Random sequences to compare networks on, where the user gives none."""

from __future__ import annotations

import numpy as np

from accel.base.fixed import Fixed
from accel.model.sequences import Data
from training.importing.network import Array

SCALES = (0.25, 1.0, 4.0)
"""Standard deviations of random x: small, usual, and where gates saturate."""


def of_steps(x: Array, steps: int) -> Array:
    """Sequences cut, or filled up with zeros, to `steps` steps."""
    return np.pad(x[:, :steps], ((0, 0), (0, max(0, steps - x.shape[1])), (0, 0)))


def tokens(seed: int, sequences: int, steps: int, vocabulary: int) -> Data:
    """Any tokens."""
    x = np.random.default_rng(seed).integers(0, vocabulary, (sequences, steps, 1))
    return Data(x.astype(np.float64), np.full(sequences, steps))


def random(seed: int, sequences: int, steps: int, inputs: int, vocabulary: int | None = None) -> Data:
    """Normal x of several sizes, whatever format the hardware has for it; or tokens."""
    if vocabulary is not None:
        return tokens(seed, sequences, steps, vocabulary)
    rng = np.random.default_rng(seed)
    scale = np.resize(SCALES, sequences)[:, None, None]
    return Data(rng.normal(0.0, 1.0, (sequences, steps, inputs)) * scale, np.full(sequences, steps))


def normal(seed: int, sequences: int, steps: int, inputs: int, vocabulary: int | None = None) -> Data:
    """Normal x of unit size, for which formats are chosen; or tokens."""
    if vocabulary is not None:
        return tokens(seed, sequences, steps, vocabulary)
    x = np.random.default_rng(seed).normal(0.0, 1.0, (sequences, steps, inputs))
    return Data(x, np.full(sequences, steps))


def within(fmt: Fixed, seed: int, sequences: int, steps: int, inputs: int, vocabulary: int | None = None) -> Data:
    """Normal x that a format of the hardware holds: a third of its range, at most 1, is the standard deviation; or
    tokens.
    """
    if vocabulary is not None:
        return tokens(seed, sequences, steps, vocabulary)
    rng = np.random.default_rng(seed)
    deviation = min(1.0, float(fmt.real(fmt.hi)) / 3)
    return Data(rng.normal(0.0, deviation, (sequences, steps, inputs)), np.full(sequences, steps))
