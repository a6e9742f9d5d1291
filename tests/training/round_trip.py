"""Integers into a module that trains, and out of it again."""

from __future__ import annotations

import numpy as np

from accel.model import random_weights
from accel.spec import Spec
from training.export import integers, restored


def assert_restored(spec: Spec) -> None:
    """What is restored from integers is exported as the same ones: values of both matrices, and biases."""
    drawn = random_weights.seeded(spec)
    again = integers(restored(spec, drawn), drawn.network(spec))
    for one, other in zip(drawn.layers, again.layers, strict=True):
        for name in ("w_x", "w_h"):
            np.testing.assert_array_equal(getattr(one, name).values, getattr(other, name).values)
        np.testing.assert_array_equal(one.bias, other.bias)
