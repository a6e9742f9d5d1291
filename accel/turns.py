"""Whose step comes when: streams take turns, a step each, and a stream without work is given a step of zeros."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest


@dataclass(frozen=True)
class Turn:
    """One step on the lanes: of a sequence, or filling the turn of a stream that has none left (sequence -1)."""

    sequence: int
    step: int
    final: bool

    @property
    def real(self) -> bool:
        """Whether somebody waits for the result."""
        return self.sequence >= 0


FILLER = Turn(-1, 0, True)


def turns(lengths: Sequence[int], streams: int) -> list[Turn]:
    """Turns in the order in which the input stream carries them; sequence n belongs to stream n mod `streams`."""
    own = [
        [Turn(n, step, step == lengths[n] - 1) for n in range(s, len(lengths), streams) for step in range(lengths[n])]
        for s in range(streams)
    ]
    order = [turn for turn_round in zip_longest(*own, fillvalue=FILLER) for turn in turn_round]
    while order and not order[-1].real:
        order.pop()
    return order


def in_order(taken: Sequence[Turn]) -> list[int]:
    """Places of the real turns in `taken`, sequence by sequence and step by step."""
    real = [place for place, turn in enumerate(taken) if turn.real]
    return sorted(real, key=lambda place: (taken[place].sequence, taken[place].step))
