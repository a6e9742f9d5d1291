"""Vectors that `tlast` cuts short, or that go on behind their end: an engine has to show what it makes of them.

What is missing counts as zeros and what is too much is dropped, so every result stays what it is: cut is what ends in
zeros. Each kind once, the others end as they should. In front of an embedding, likewise, a number that no row has comes
once in place of token 0, as which it counts.
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
"""This many vectors of a stream are cut."""
WHOLE = 3
"""Vectors that come whole before one that is cut, where a later one can be: a flag that rises too soon is seen."""
SURPLUS = 2
"""Beats too much of a vector that goes on behind its end. The next one needs all of its own, where there is such a
one, so that beats that are not dropped are seen in it."""


def sent_beats(design: Design, samples: Samples, taken: Sequence[Turn], free: int = 0) -> list[int]:
    """In how many beats each step's x_t is sent. The last x_t of a sequence can be cut. What follows without `tlast` is
    the next one, too much only behind the longest sequence that buffers hold: one goes on for a vector, of those that
    come behind the first `free` steps.
    """
    words, count = design.spec.incoming.words, design.net.x_beats
    needed = [count] * len(taken)
    for place, turn in enumerate(taken):
        if turn.real and turn.final:
            x_t = samples.x[turn.sequence, turn.step]
            needed[place] = _needed(x_t[n : n + words] for n in range(0, len(x_t), words))
    beats, longest = _cut(needed, count), design.spec.model.longest
    whole = [n for n in range(free, len(taken)) if taken[n].final and taken[n].step + 1 == longest]
    for place in [n for n in whole if beats[n] == count][:1]:
        beats[place] += count
    return beats


def unknown_token(design: Design, samples: Samples, taken: Sequence[Turn]) -> tuple[int, int] | None:
    """The step whose token 0 is sent as another number, and that number: one that ends a sequence, so that the cycle of
    its flag is known; None where there is no such step, or no embedding.
    """
    given = design.spec.incoming
    if not given.tokens:
        return None
    ends = [
        place
        for place, turn in enumerate(taken)
        if turn.real and turn.final and samples.x[turn.sequence, turn.step, 0] == 0
    ]
    longest = design.spec.model.longest
    ends = [place for place in ends if taken[place].step + 1 != longest] or ends
    later = [place for place in ends if place >= WHOLE] or ends[-1:]
    return (later[0], given.hi + 1 if given.hi < given.fmt.hi else -1) if later else None


def sent_states(array: Array, states: Sequence[Integers], free: int) -> list[int]:
    """In how many beats each state, [beats, values], is sent, of which the first `free` turns lose no cycle."""
    return _sent([_needed(state) for state in states], array.output_beats, free)


def passes(words: Sequence[int], taken: Sequence[Turn], free: int) -> list[int]:
    """In how many beats an array's weights are sent in each turn. Those of a turn that takes a state are read by
    nobody, and what those of a filled turn make is withheld, so they can be cut as well.
    """
    needed = _needed([word] for word in words)
    return _sent([needed if turn.is_step and turn.real else 1 for turn in taken], len(words), free)


def _sent(needed: Sequence[int], count: int, free: int) -> list[int]:
    beats = _cut(needed, count)
    late = [place for place in range(free, len(beats)) if beats[place] == count]
    late = [place for place in late if needed[place + 1 : place + 2] == [count]] or late
    if late:
        beats[late[len(late) // 2]] += SURPLUS
    return beats


def _cut(needed: Sequence[int], count: int) -> list[int]:
    """Vectors of `count` beats, but for those that are cut to what they need."""
    beats, can_be = [count] * len(needed), [place for place, least in enumerate(needed) if least < count]
    later = [place for place in can_be if place >= WHOLE]
    for place in (later or can_be[-1:])[:CUTS]:
        beats[place] = needed[place]
    return beats


def _needed(beats: Iterable[Sequence[int] | Integers]) -> int:
    """Beats up to the last one that is not all zeros, at least one."""
    return max((place for place, values in enumerate(beats, 1) if np.any(values)), default=1)
