"""What the bench drives: samples as beats, free at first, then with gaps and back-pressure that fill all places.

The first half of the steps runs freely, so that cycles can be counted. Behind it inputs come late, now and then by more
than a step takes, and twice an output is not taken until nothing more can begin. Some vectors end where they should not
(`accel.engines.torn`).
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from accel.architecture.array import Array
from accel.architecture.latencies import byte_width
from accel.base.fixed import Integers
from accel.engines.bench import Beat, Script, Sources
from accel.engines.torn import passes, sent_beats, sent_states, unknown_token
from accel.engines.weight_frames import first_frames, later_frames
from accel.memory.load_frame import streamed_beats
from accel.model.design import Design
from accel.model.golden import before
from accel.model.samples import Samples
from accel.schedule.schedule import Schedule, schedule
from accel.schedule.turns import Turn, all_turns

CUT_AFTER = 300
"""Longest run before the reset, in cycles."""
LONGEST = 1 << 15
"""Longest wait or pause, in cycles."""
MEETS = 6
"""Sequences of one step that come just as the one before ends, and one before them."""
LEAVING = 2
"""Cycles from the last layer to the output."""
LATE = 4
"""One vector of this many comes later than a step takes."""


@dataclass(frozen=True)
class Brim:
    """How many turns an output of a kind is not taken, the results or the states."""

    kind: str
    turns: int


@dataclass
class Pace:
    """When beats come and words are taken, behind the turns that run freely: `calm` is the first one that does not.

    A step takes `interval` cycles. From the turns of `brims` on an output is not taken for longer than some turns take,
    in which nothing comes late, so that all places fill. The vectors of `meets` wait so long.
    """

    rng: random.Random
    calm: int
    interval: int
    brims: dict[int, Brim] = field(default_factory=dict)
    meets: dict[int, int] = field(default_factory=dict)

    def gap(self, turn: int, first: bool) -> int:
        """Cycles before a beat of a turn; `first` is the vector's first one."""
        if turn < self.calm or self.is_filling(turn):
            return 0
        if turn in self.meets:
            return self.meets[turn] if first else 0
        if first and self.rng.randrange(LATE) == 0:
            return min(LONGEST, self.interval + self.rng.randrange(4))
        return self.rng.choice((0, 0, 1, 5))

    def pause(self, turn: int, first: bool, kind: str) -> int:
        """Cycles before a word of a turn is taken by a stream of a kind: the results, or states."""
        brim = self.brims.get(turn)
        if first and brim is not None and brim.kind == kind:
            return min(LONGEST, (brim.turns + 2) * self.interval)
        if turn < self.calm or turn in self.meets or self.is_filling(turn):
            return 0
        return self.rng.choice((0, 0, 3, 40))

    def is_filling(self, turn: int) -> bool:
        """Whether places fill in a turn, or are emptied as fast as can be."""
        return any(begin <= turn < begin + brim.turns for begin, brim in self.brims.items())


def places(built: Schedule) -> int:
    """Steps that can be under way at once, at most: two in front of every array, and those whose results wait."""
    return 2 * len(built.stages) + built.emit_steps


def script(design: Design, samples: Samples, seed: int = 1) -> Script:
    """Drive samples; the second half of the steps with gaps and back-pressure (few steps run freely altogether)."""
    built, engine = schedule(design), design.spec.engine
    lengths = samples.lengths.tolist()
    order = all_turns(lengths, engine.streams, design.net.layers[0].initial_state)
    steps = [n for n, turn in enumerate(order) if turn.is_step]
    free = len(steps) if len(steps) < 4 else len(steps) // 2 + 1
    if design.net.mirrors:  # a step waits for the end of its sequence, which so has to come freely as well
        free = next(n for n in range(free, len(steps) + 1) if order[steps[n - 1]].final)
    calm = steps[free] if free < len(steps) else len(order)
    brims = _brims(design, built, order, calm)
    pace = Pace(random.Random(seed), calm, built.cycles_per_step, brims, _meets(built, order, brims))
    sources: Sources = {"s_axis": tuple(_vectors(design, samples, order, pace))}
    sinks = {"m_axis": tuple(_pauses(design, order, pace))}
    taken = built.finish(lengths, built.operands(samples))
    if engine.memory == "scratchpad":
        longest = taken + sum(beat.wait for beat in sources["s_axis"]) + sum(sinks["m_axis"])
        sources["s_weights"] = tuple(_weight_frames(design, longest))
    if engine.state_streams:
        for number, array in enumerate(design.net.layers):
            sources[f"s_state_{array.name}"] = tuple(_frames(design, samples, order, number, pace))
            ends = [n for n, turn in enumerate(order) if turn.final and turn.real]
            waits = (pace.pause(n, beat == 0, "states") for n in ends for beat in range(array.output_beats))
            sinks[f"m_state_{array.name}"] = tuple(waits)
    if engine.memory == "stream":
        sources |= dict(_streamed(design, order, pace))
    limit = 2 * taken + 1000
    limit += sum(beat.wait + 1 for source in sources.values() for beat in source) + sum(map(sum, sinks.values()))
    cut_after = min(CUT_AFTER, 3 * pace.interval + 64)
    return Script(
        turns=tuple(order[n] for n in steps),
        sources=sources,
        sinks=sinks,
        free=free,
        limit=limit,
        threshold=design.weights.threshold,
        before=_before(design, sources, cut_after),
        cut_after=cut_after,
        watched=samples.steps <= design.spec.verify.slow_steps,
    )


def _brims(design: Design, built: Schedule, order: Sequence[Turn], calm: int) -> dict[int, Brim]:
    """The turns from which on outputs of each kind are not taken: results while all places fill, where most sequences
    end; states until more sequences end than there is room for, where that takes the fewest turns.
    """
    ends, window = [n for n, turn in enumerate(order) if turn.final and turn.real and n >= calm], places(built) + 1
    found: dict[int, Brim] = {}
    if ends:
        found[max(ends, key=lambda n: sum(n <= end < n + window for end in ends))] = Brim("results", window)
    if design.spec.engine.state_streams:
        room = max(stage.under_way for stage in built.stages if stage.array.recurrent)
        spans = [(max(window, last + 1 - n), n) for n, last in zip(ends, ends[room + 1 :], strict=False)]
        spans = spans or [(window, n) for n in ends]
        free = [(turns, n) for turns, n in spans if all(_apart(n, turns, *other) for other in found.items())]
        if free:
            turns, begin = min(free)
            found[begin] = Brim("states", turns)
    return found


def _apart(begin: int, turns: int, other: int, brim: Brim) -> bool:
    """Whether turns do not meet those of another brim."""
    return begin + turns <= other or other + brim.turns <= begin


def _meets(built: Schedule, order: Sequence[Turn], brims: Mapping[int, Brim]) -> dict[int, int]:
    """Of sequences of one step behind all brims, the waits with which one of them begins in the cycle in which the one
    before ends at the last layer, or some cycles sooner or later. The first one waits until nothing is under way.
    """
    first = max((begin + brim.turns for begin, brim in brims.items()), default=len(order))
    alone = [n for n, turn in enumerate(order) if n >= first and turn.real and turn.final and turn.step == 0]
    drained = 2 * len(built.stages) * built.cycles_per_step + built.latency
    ended = built.latency - LEAVING - 2 * built.net.x_beats
    waits = [drained, *(max(0, ended + sooner) for sooner in range(2, 3 - MEETS, -1))]
    return {turn: min(LONGEST, wait) for turn, wait in zip(alone, waits, strict=False)}


def _vectors(design: Design, samples: Samples, order: Sequence[Turn], pace: Pace) -> Iterator[Beat]:
    """Beats of every x_t; of some the last ones are left out, and of some tokens the number is another."""
    steps = [(n, turn) for n, turn in enumerate(order) if turn.is_step]
    free = sum(number < pace.calm for number, _ in steps)
    taken = [turn for _, turn in steps]
    sent, unknown = sent_beats(design, samples, taken, free), unknown_token(design, samples, taken)
    for place_of, ((number, turn), count) in enumerate(zip(steps, sent, strict=True)):
        x_t = samples.x[turn.sequence, turn.step] if turn.real else np.zeros_like(samples.x[0, 0])
        if unknown is not None and place_of == unknown[0]:
            x_t = np.full_like(x_t, unknown[1])
        words = list(_words(design, x_t))
        for place in range(count):
            word = words[place] if place < len(words) else 1
            yield Beat(pace.gap(number, place == 0), word, turn.final and place == count - 1, not turn.real)


def _pauses(design: Design, order: Sequence[Turn], pace: Pace) -> Iterator[int]:
    """Pauses before the words of all results."""
    for number, turn in enumerate(order):
        for place in range(result_words(design, turn) if turn.is_step else 0):
            yield pace.pause(number, place == 0, "results")


def _weight_frames(design: Design, taken: int) -> Iterator[Beat]:
    """Frames of weights: those before the first step at once, the others spread over `taken` cycles, the longest that
    the run can be: the last ones come when nobody uses any set any more, and must be taken.
    """
    first, later = first_frames(design), later_frames(design, taken)
    waiting = min(LONGEST, max(0, taken - sum(map(len, later))) // (len(later) + 1))
    for frame, wait in [*((frame, 0) for frame in first), *((frame, waiting) for frame in later)]:
        for place, word in enumerate(frame):
            yield Beat(wait if place == 0 else 0, word, place == len(frame) - 1)


def _streamed(design: Design, order: Sequence[Turn], pace: Pace) -> Iterator[tuple[str, tuple[Beat, ...]]]:
    """Weights of every array, once a turn; slower, now and then, behind the steps that run freely."""
    for array, layer in zip(design.net.arrays, design.weights.layers, strict=True):
        numbered = [(n, turn) for n, turn in enumerate(order) if works(design, array, turn)]
        words = streamed_beats(array, layer)
        sent = passes(words, [turn for _, turn in numbered], sum(n < pace.calm for n, _ in numbered))
        beats = []
        for (number, _), count in zip(numbered, sent, strict=True):
            for place in range(count):
                word = words[place] if place < len(words) else 1
                slow = array.recurrent and number >= pace.calm and not pace.is_filling(number)
                beats.append(Beat(pace.rng.choice((0, 0, 0, 7)) if slow else 0, word, place == count - 1))
        yield f"s_weights_{array.name}", tuple(beats)


def _frames(design: Design, samples: Samples, order: Sequence[Turn], number: int, pace: Pace) -> Iterator[Beat]:
    """What a layer begins each sequence with (h_0 and c_0 of an LSTM), zeros for one that fills a turn."""
    array = design.net.layers[number]
    step = byte_width(max(fmt.width for fmt in array.state_formats))
    taken = [(n, turn) for n, turn in enumerate(order) if not turn.is_step]
    states = [state_of(design, samples, turn, number) for _, turn in taken]
    sent = sent_states(array, states, sum(n < pace.calm for n, _ in taken))
    for (turn, _), state, count in zip(taken, states, sent, strict=True):
        for place in range(count):
            values = state[place].tolist() if place < len(state) else [1]
            word = sum((int(value) & (1 << step) - 1) << n * step for n, value in enumerate(values))
            yield Beat(pace.gap(turn, place == 0), word, place == count - 1)


def state_of(design: Design, samples: Samples, turn: Turn, number: int) -> Integers:
    """The state that a layer takes in a turn, [beats, values of a beat]: zeros where the turn is filled."""
    assert samples.states is not None
    array, count = design.net.layers[number], len(design.net.layers[number].cell.states)
    sides = np.zeros((count, array.output_beats * array.cells), dtype=np.int64)
    if turn.real:
        sides[:, : array.outputs] = before(design.net, samples.states)[number][turn.sequence].reshape(count, -1)
    return sides.reshape(count, array.output_beats, array.cells).transpose(1, 0, 2).reshape(array.output_beats, -1)


def _before(design: Design, sources: Sources, cycles: int) -> Sources:
    """What comes in before the reset: what comes after it, in a hurry; of frames of weights the first good one."""
    begun = dict(sources)
    if "s_weights" in sources:
        bad = first_frames(design)[:-1]
        begun["s_weights"] = sources["s_weights"][sum(map(len, bad)) :]
    return {name: tuple(replace(beat, wait=0) for beat in beats[:cycles]) for name, beats in begun.items()}


def _words(design: Design, x_t: Integers) -> Iterator[int]:
    """Beats of one x_t, each value in whole bytes."""
    given = design.spec.incoming
    step, count = byte_width(given.fmt.width), given.words
    for start in range(0, len(x_t), count):
        values = x_t[start : start + count]
        yield sum((int(value) & ((1 << step) - 1)) << n * step for n, value in enumerate(values))


def works(design: Design, array: Array, turn: Turn) -> bool:
    """Whether an array has something to do in a turn: a recurrent one in all, in those that take a state too; a linear
    one in steps, behind the recurrent ones in those that are answered.
    """
    return array.recurrent or (turn.is_step and (array in design.net.feeding or computes(design, turn)))


def computes(design: Design, turn: Turn) -> bool:
    """Whether the last array has something to do in a turn."""
    head = design.spec.model.head
    return head is None or head.when == "step" or turn.final


def result_words(design: Design, turn: Turn) -> int:
    """Result words of a turn; those of a filler do not leave."""
    head, last = design.spec.model.head, design.net.arrays[-1]
    if not turn.real or not computes(design, turn):
        return 0
    return 1 if head and head.kind == "argmax" else last.output_beats
