"""How good answers are against those that a person wants: accuracy of classes, relative error of numbers."""

from __future__ import annotations

import numpy as np

from accel.model.sequences import Array


def name(wanted: Array) -> str:
    """What `metric` computes for such answers."""
    return "accuracy" if np.issubdtype(wanted.dtype, np.integer) else "relative error (rms)"


def metric(answers: Array, wanted: Array) -> float:
    """Accuracy where classes are wanted, of numbers the rms of the difference against the rms of those wanted.

    `wanted` is [results] or [results, values]; `answers` are classes [results] or numbers [results, values]. A single
    number decides by its sign.
    """
    if np.issubdtype(wanted.dtype, np.integer):
        return float(np.mean(classes(answers) == wanted))
    return relative(answers, wanted)


def apart(one: Array, other: Array, wanted: Array) -> float:
    """How far two networks are apart: share of other classes, or the relative error of the first against the other."""
    if np.issubdtype(wanted.dtype, np.integer):
        return float(np.mean(classes(one) != classes(other)))
    return relative(one, other)


def classes(answers: Array) -> Array:
    """The class of each answer: that of the largest logit; of a single one 1 where it is positive, else 0."""
    if answers.ndim == 1:
        return answers
    return np.asarray((answers[:, 0] > 0).astype(np.int64) if answers.shape[1] == 1 else answers.argmax(axis=1))


def relative(got: Array, wanted: Array) -> float:
    """rms of the difference against the rms of what is wanted; infinity against zeros."""
    size = np.sqrt(np.mean(np.square(wanted)))
    return float(np.sqrt(np.mean(np.square(got - wanted))) / size) if size else float("inf")
