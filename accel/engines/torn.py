"""Vectors that `tlast` cuts short, or that go on behind their end: an engine has to show what it makes of them.

What is missing counts as zeros and what is too much is dropped, so every result stays what it is: cut is what ends in
zeros. Each kind once, the others end as they should.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from accel.architecture.array import Array
from accel.base.fixed import Integers
from accel.model.design import Design
from accel.model.samples import Samples
from accel.schedule.turns import Turn

CUTS = 1
"""So many vectors of a stream are cut, the first that can be."""
SURPLUS = 2
"""Beats too much of a vector that goes on behind its end."""


def sent_beats(design: Design, samples: Samples, taken: Sequence[Turn]) -> list[int]:
    """In how many beats each step's x_t is sent. The last x_t of a sequence can be cut, and no x_t has beats too much:
    what follows without `tlast` is the next one.
    """
    array, cuts = design.net.layers[0], 0
    beats = []
    for turn in taken:
        count = array.input_beats
        if turn.real and turn.final and cuts < CUTS:
            x_t = samples.x[turn.sequence, turn.step]
            count = _needed(x_t[n : n + array.input_words] for n in range(0, array.inputs, array.input_words))
            cuts += count < array.input_beats
        beats.append(count)
    return beats


def sent_states(array: Array, states: Sequence[Integers], free: int) -> list[int]:
    """In how many beats each state, [beats, values], is sent, of which the first `free` turns lose no cycle."""
    return _sent([_needed(state) for state in states], array.output_beats, free)


def passes(words: Sequence[int], taken: Sequence[Turn], free: int) -> list[int]:
    """In how many beats an array's weights are sent in each turn. Those of a turn that takes a state are read by
    nobody, so they can be cut as well.
    """
    needed = _needed([word] for word in words)
    return _sent([needed if turn.is_step else 1 for turn in taken], len(words), free)


def _sent(needed: Sequence[int], count: int, free: int) -> list[int]:
    beats, cuts = [count] * len(needed), 0
    for place, least in enumerate(needed):
        if cuts < CUTS and least < count:
            beats[place], cuts = least, cuts + 1
    late = [place for place in range(free, len(beats)) if beats[place] == count]
    if late:
        beats[late[len(late) // 2]] += SURPLUS
    return beats


def _needed(beats: Iterable[Sequence[int] | Integers]) -> int:
    """Beats up to the last one that is not all zeros, at least one."""
    return max((place for place, values in enumerate(beats, 1) if np.any(values)), default=1)
