"""Vectors that `tlast` cuts short: what a bench leaves out, so that an engine has to show what it makes of that."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from accel.base.fixed import Integers
from accel.model.design import Design
from accel.model.samples import Samples
from accel.schedule.turns import Turn

CUTS = 1
"""So many sequences are cut, the first that can be; the others end as they should."""


def sent_beats(design: Design, samples: Samples, taken: Sequence[Turn]) -> list[int]:
    """In how many beats each step's x_t is sent.

    The last x_t of a sequence can be cut where it ends in zeros, by the beats that hold nothing else: these count as
    zeros anyway, so every result stays what it is.
    """
    array, cuts = design.net.layers[0], 0
    beats = []
    for turn in taken:
        count = array.input_beats
        if turn.real and turn.final and cuts < CUTS:
            count = _needed(samples.x[turn.sequence, turn.step], array.input_words)
            cuts += count < array.input_beats
        beats.append(count)
    return beats


def _needed(x_t: Integers, words: int) -> int:
    """Beats up to the last value that is not zero, at least one."""
    found = np.flatnonzero(x_t)
    return int(found[-1]) // words + 1 if len(found) else 1
