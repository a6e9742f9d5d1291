"""What the lanes of an array read, address by address, whatever their dataflow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from accel.base.fixed import Integers


@dataclass(frozen=True)
class LaneWords:
    """Integers [words, units, rows of a unit, lanes of a row]; 0 where a lane has nothing to do.

    `values` are the weights, `numbers` what each belongs to: a column of its row, counted within the bank that its lane
    reads where columns have banks, or by columns a row of its lane.
    `places` are the same as memories hold them: where the operand of that number lies.
    """

    values: Integers
    numbers: Integers
    places: Integers


def joined(parts: Sequence[LaneWords]) -> LaneWords:
    """Words one part after the other."""
    sides = ([getattr(part, name) for part in parts] for name in ("values", "numbers", "places"))
    return LaneWords(*(np.concatenate(side) for side in sides))
