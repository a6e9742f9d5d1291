"""What lanes read, as the checks of memories work it out, apart from the code that writes memories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from accel.base.fixed import Integers


@dataclass(frozen=True)
class Lanes:
    """What the lanes of an array read, word by word: [words, units, rows of a unit, lanes of a row].

    `values` are the weights, `columns` what each belongs to: the number of an operand, or by columns of a lane's row;
    `places` are the same as memories hold them. Where a lane has nothing to do, all are 0.
    """

    values: Integers
    columns: Integers
    places: Integers


def joined(parts: Sequence[Lanes]) -> Lanes:
    """Words one part after the other."""
    sides = ([getattr(part, name) for part in parts] for name in ("values", "columns", "places"))
    return Lanes(*(np.concatenate(side) for side in sides))


def stored_places(columns: Integers, words: int) -> Integers:
    """Where operands [nnz] lie in a memory of `words` operands a word: the word above the place within it."""
    return (columns // words << (words - 1).bit_length()) + columns % words
