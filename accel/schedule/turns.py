"""Whose step comes when: streams take turns, a step each, and a stream without work is given a step of zeros.

Where the state of a sequence is given, a turn that takes it comes before its first step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle, islice

TAKE_STATE = -1
"""In place of a step's number: the turn that takes a sequence's state."""


@dataclass(frozen=True)
class Turn:
    """One turn on the lanes: of a sequence, or filling the turn of a stream that has none left (sequence -1)."""

    sequence: int
    step: int
    final: bool

    @property
    def is_step(self) -> bool:
        """Whether x_t is taken, and not the state of a sequence."""
        return self.step != TAKE_STATE

    @property
    def real(self) -> bool:
        """Whether somebody waits for the result."""
        return self.sequence >= 0


FILLER = Turn(-1, 0, True)


def all_turns(lengths: Sequence[int], streams: int, initial_state: bool) -> list[Turn]:
    """Turns in their order; sequence n belongs to stream n mod `streams`."""
    own = [
        [turn for n in range(s, len(lengths), streams) for turn in _sequence(n, lengths[n], initial_state)]
        for s in range(streams)
    ]
    rounds = max(map(len, own))
    filled = [[*mine, *islice(cycle(_with_state(-1, [FILLER], initial_state)), rounds - len(mine))] for mine in own]
    order = [turn for turn_round in zip(*filled, strict=True) for turn in turn_round]
    while order and not order[-1].real:
        order.pop()
    return order


def turns(lengths: Sequence[int], streams: int, initial_state: bool = False) -> list[Turn]:
    """Steps in the order in which the input stream carries them."""
    return [turn for turn in all_turns(lengths, streams, initial_state) if turn.is_step]


def _sequence(number: int, length: int, initial_state: bool) -> list[Turn]:
    steps = [Turn(number, step, step == length - 1) for step in range(length)]
    return _with_state(number, steps, initial_state)


def _with_state(number: int, steps: list[Turn], initial_state: bool) -> list[Turn]:
    return [Turn(number, TAKE_STATE, False), *steps] if initial_state else steps


def in_order(taken: Sequence[Turn]) -> list[int]:
    """Places of the real turns in `taken`, sequence by sequence and step by step."""
    real = [place for place, turn in enumerate(taken) if turn.real]
    return sorted(real, key=lambda place: (taken[place].sequence, taken[place].step))
