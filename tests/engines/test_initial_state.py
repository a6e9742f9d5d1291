"""States that are given and taken: a sequence in two parts is the whole, and what differs is caught."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from accel.engines.engine import Observed, golden, reference
from accel.engines.verify import DeviceUnderTest, compare
from accel.model import random_weights, samples
from accel.model.design import Design
from accel.model.samples import Samples
from accel.schedule.turns import TAKE_STATE, all_turns, turns
from tests.designs import design, spec
from tests.engines.devices import Even

GIVEN = spec(model={"inputs": 3, "hidden": [6, 5]}, engine={"units": 3, "state_streams": True})


@pytest.mark.parametrize("cut", [1, 4, 8])
def test_a_sequence_that_goes_on_from_the_state_it_left_is_the_whole(cut: int, tmp_path: Path) -> None:
    made, whole = design(GIVEN, tmp_path), samples.seeded(GIVEN, 1, 9)
    first = dataclasses.replace(whole, x=whole.x[:, :cut], lengths=np.array([cut]))
    left = reference(made, first).last_states
    second = dataclasses.replace(whole, x=whole.x[:, cut:], lengths=whole.lengths - cut, states=left)
    np.testing.assert_array_equal(reference(made, second).last_states, reference(made, whole).last_states)
    assert not np.array_equal(left, whole.states)


def test_zeros_are_the_state_of_a_sequence_that_is_given_none() -> None:
    given = samples.seeded(GIVEN, 3, 4)
    zeros = dataclasses.replace(given, states=np.zeros_like(given.states))
    made = Design(GIVEN, random_weights.seeded(GIVEN), Path())
    none = dataclasses.replace(given, states=None)
    np.testing.assert_array_equal(reference(made, zeros).last_states, reference(made, none).last_states)
    assert not np.array_equal(reference(made, given).last_states, reference(made, none).last_states)


def test_the_torch_engine_begins_with_the_same_states(tmp_path: Path) -> None:
    from training.engine import torch_engine

    made, given = design(GIVEN, tmp_path), samples.seeded(GIVEN, 3, 4)
    np.testing.assert_array_equal(torch_engine(made, given).last_states, reference(made, given).last_states)


def test_a_wrong_last_state_is_caught_and_named(tmp_path: Path) -> None:
    def wrong(given: Design, inputs: Samples) -> Observed:
        seen = golden(given, inputs)
        assert seen.last_states is not None
        seen.last_states[2, 7] ^= 1
        return seen

    result = compare("it", DeviceUnderTest(wrong), design(GIVEN, tmp_path), samples.seeded(GIVEN, 4, 3), Even())
    assert result.status == "different"
    assert result.reason.startswith("h_n and c_n differ first in sequence 2, value 7: expected ")


def test_an_engine_that_hides_the_last_states_is_different(tmp_path: Path) -> None:
    def hiding(given: Design, inputs: Samples) -> Observed:
        return dataclasses.replace(golden(given, inputs), last_states=None)

    assert compare(
        "it", DeviceUnderTest(hiding), design(GIVEN, tmp_path), samples.seeded(GIVEN, 2, 3), Even()
    ).status == ("different")


def test_a_state_is_taken_in_a_turn_of_its_own_before_the_first_step() -> None:
    order = all_turns([1, 3, 1], 2, True)
    assert [(turn.sequence, turn.step) for turn in order] == [
        *[(0, TAKE_STATE), (1, TAKE_STATE), (0, 0), (1, 0), (2, TAKE_STATE), (1, 1), (2, 0), (1, 2)]
    ]
    assert [turn.sequence for turn in turns([1, 3, 1], 2, True)] == [0, 1, 1, 2, 1]
    assert all_turns([1, 3, 1], 2, False) == turns([1, 3, 1], 2)
