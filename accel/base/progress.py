"""How long work says where it is, and what must be said besides."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping

Progress = Callable[[str, int, int, str], None]
"""Told after each piece of work: what is going on, pieces done, pieces in all, a note."""


class Measured(str):
    """A note that brings its numbers, by their names."""

    numbers: Mapping[str, float]

    def __new__(cls, note: str, numbers: Mapping[str, float]) -> Measured:
        """The note, which reads as any other."""
        made = super().__new__(cls, note)
        made.numbers = dict(numbers)
        return made


def silent(stage: str, done: int, total: int, note: str) -> None:
    """Progress for callers that do not want any."""


def say(sentence: str) -> None:
    """Tell a person what work does unasked, on standard error: a file is kept aside, a damaged one is not used."""
    print(f"note: {sentence}", file=sys.stderr, flush=True)
