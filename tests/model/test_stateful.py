"""State that is carried from sequence to sequence: two halves are the whole, and without it none leaks."""

from __future__ import annotations

import numpy as np
import pytest

from accel.base.fixed import Integers
from accel.model import golden, random_weights, samples
from accel.schedule import load_spec
from tests.engines.awkward import BASE


def h_of(stateful: bool, x: Integers, lengths: list[int]) -> Integers:
    """h of every real step of sequences cut out of one long x."""
    made = load_spec.parse(BASE | {"model": BASE["model"] | {"stateful": stateful}})
    built = random_weights.seeded(made)
    parts = golden.parted(x[None], np.array(lengths))
    trace = golden.run(built.network(made), built, parts, np.array(lengths))
    return golden.joined(trace.h, np.array(lengths))[0]


@pytest.fixture
def x() -> Integers:
    return samples.seeded(load_spec.parse(BASE), 1, 9).x[0]


@pytest.mark.parametrize("lengths", [[4, 5], [1, 7, 1], [9]])
def test_a_stateful_model_cut_into_sequences_is_the_whole(x: Integers, lengths: list[int]) -> None:
    np.testing.assert_array_equal(h_of(True, x, lengths), h_of(False, x, [9]))


def test_without_state_a_second_sequence_starts_from_zero(x: Integers) -> None:
    apart = h_of(False, x, [4, 5])
    np.testing.assert_array_equal(apart[4:], h_of(False, x[4:], [5]))
    assert not np.array_equal(apart, h_of(True, x, [4, 5]))
