"""Streams take turns: each sequence stays in its stream, and nobody's step is lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from accel.schedule.turns import FILLER, Turn, in_order, turns

LENGTHS = st.lists(st.integers(1, 6), min_size=1, max_size=7)


@given(LENGTHS, st.integers(1, 4))
def test_every_step_has_one_turn_in_its_own_stream(lengths: list[int], streams: int) -> None:
    taken = turns(lengths, streams)
    assert [taken[place] for place in in_order(taken)] == [
        Turn(n, step, step == length - 1) for n, length in enumerate(lengths) for step in range(length)
    ]
    assert all(turn.sequence % streams == place % streams for place, turn in enumerate(taken) if turn.real)


@given(LENGTHS)
def test_one_stream_needs_no_filler(lengths: list[int]) -> None:
    assert FILLER not in turns(lengths, 1)


def test_a_stream_that_ends_early_is_filled() -> None:
    assert turns([3, 1], 2) == [
        *(Turn(0, 0, False), Turn(1, 0, True)),
        *(Turn(0, 1, False), FILLER),
        Turn(0, 2, True),
    ]
