"""What the bench in C++ is given, as text, and which flags have to rise in which step."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from accel.architecture.array import Array
from accel.engines.flags import after_frame
from accel.engines.script import state_of, works
from accel.engines.torn import passes, sent_beats, sent_states, unknown_token
from accel.engines.weight_frames import FLAGS, first_frames, later_frames
from accel.memory.load_frame import frame, streamed_beats
from accel.model.design import Design
from accel.model.golden import before
from accel.model.samples import Samples
from accel.model.weights import LayerWeights
from accel.schedule.turns import Turn

Frames = Mapping[int, Sequence[Sequence[int]]]
"""Frames of weights, by the step that they come before."""

Flags = dict[str, list[tuple[int, int]]]
"""Flags of the status word, each with the (step, value) of every change."""


@dataclass(frozen=True)
class Sent:
    """In how many beats everything is sent: every x_t, the states of every layer, the weights of every array. `unknown`
    is a step whose token is sent as another number, and that.
    """

    x: list[int]
    states: list[list[int]]
    passes: list[list[int]]
    unknown: tuple[int, int] | None


def sent(design: Design, samples: Samples, order: Sequence[Turn]) -> Sent:
    """Some of it ends where it should not, as `accel.engines.torn` says."""
    taken, given = [turn for turn in order if turn.is_step], [turn for turn in order if not turn.is_step]
    layers = list(enumerate(design.net.layers)) if design.spec.engine.state_streams else []
    states = [
        sent_states(array, [state_of(design, samples, turn, number) for turn in given], 0) for number, array in layers
    ]
    streamed = zip(design.net.arrays, design.weights.layers, strict=True) if design.net.arrays[0].streamed else ()
    own = [passes(streamed_beats(array, layer), _turns(design, array, taken), 0) for array, layer in streamed]
    return Sent(sent_beats(design, samples, taken), states, own, unknown_token(design, samples, taken))


def _turns(design: Design, array: Array, taken: Sequence[Turn]) -> list[Turn]:
    """Steps in which an array reads its weights."""
    return [turn for turn in taken if works(design, array, turn)]


def inputs_text(design: Design, samples: Samples, order: Sequence[Turn], frames: Frames | None = None) -> str:
    """Turns as the bench reads them: how many steps, then for each whether it ends its sequence, and its elements.

    A filler ends its sequence with 2 in place of 1, a step behind which a vector too much comes with 3; one that is cut
    short says, as a negative number, after how many beats. Where weights are loaded, each step is preceded by the
    number of frames, and each frame by its number of words; where states are given, by how many each layer takes before
    it, and each of these by its number of beats. Where weights are streamed, what an array gets in every step comes
    before all steps, and behind each step the number of beats that every array gets.
    """
    zeros, how_sent = [0] * samples.x.shape[2], sent(design, samples, order)
    lines = [f"{sum(turn.is_step for turn in order)}"]
    if design.spec.engine.memory == "stream":
        lines += [
            _pass_text(array, layer) for array, layer in zip(design.net.arrays, design.weights.layers, strict=True)
        ]
    begun: list[Turn] = []
    left = [iter(beats) for beats in how_sent.states], [iter(beats) for beats in how_sent.passes]
    states = [] if samples.states is None else before(design.net, samples.states)
    number = -1
    for turn in order:
        if not turn.is_step:
            begun.append(turn)
            continue
        number += 1
        if frames is not None:
            due = frames.get(number, [])
            lines += [f"{len(due)}", *(" ".join(map(str, [len(words), *_signed(words)])) for words in due)]
        for layer, beats in zip(states, left[0], strict=bool(left[0])):
            values = (" ".join(map(str, [next(beats), *(layer[one.sequence] * one.real).tolist()])) for one in begun)
            lines += [f"{len(begun)}", *values]
        begun = []
        x_t = samples.x[turn.sequence, turn.step].tolist() if turn.real else zeros
        if how_sent.unknown is not None and how_sent.unknown[0] == number:
            x_t = [how_sent.unknown[1]]
        count, whole = how_sent.x[number], design.net.x_beats
        how = -count if count < whole else int(turn.final) + (not turn.real) + 2 * (count > whole)
        lines.append(" ".join(map(str, [how, *x_t])))
        own = zip(design.net.arrays, left[1], strict=bool(left[1]))
        lines += [f"{next(beats)}" for array, beats in own if works(design, array, turn)]
    return "\n".join(lines) + "\n"


def _pass_text(array: Array, layer: LayerWeights) -> str:
    """What is streamed to an array in every step, as signed bytes."""
    assert array.streamed is not None
    beats = b"".join(beat.to_bytes(array.streamed // 8, "little") for beat in streamed_beats(array, layer))
    return " ".join(map(str, np.frombuffer(beats, dtype=np.int8)))


def _signed(words: Sequence[int]) -> list[int]:
    """32-bit words as the integers of the stream."""
    return [(word ^ 1 << 31) - (1 << 31) for word in words]


def chosen_frames(design: Design, order: Sequence[Turn]) -> Frames | None:
    """Frames before the first step, and others spread over the steps, as many as find a set that nobody uses."""
    if design.spec.engine.memory != "scratchpad":
        return None
    steps = sum(turn.is_step for turn in order)
    later = later_frames(design, 0 if steps < 8 else steps * len(frame(design)))
    while True:
        frames: dict[int, list[list[int]]] = {0: first_frames(design)}
        for place, one in enumerate(later, 1):
            frames.setdefault(place * steps // (len(later) + 1), []).append(one)
        if not later or sum(1 for _ in _taken_frames(design, order, frames)) == len(later) + len(frames[0]):
            return frames
        later = later[:-1]


def flags_by_step(design: Design, samples: Samples, order: Sequence[Turn], frames: Frames | None) -> Flags:
    """The changes of every flag: 1 from the step on whose vector, state or weights are torn; of frames as they come."""
    how_sent, taken = sent(design, samples, order), [turn for turn in order if turn.is_step]
    unknown = None if how_sent.unknown is None else how_sent.unknown[0]
    torn = (n for n, beats in enumerate(how_sent.x) if beats != design.net.x_beats or n == unknown)
    found: Flags = {"torn": _first(torn)}
    step_of = [sum(turn.is_step for turn in order[:n]) for n, turn in enumerate(order) if not turn.is_step]
    for array, beats in zip(design.net.layers, how_sent.states, strict=bool(how_sent.states)):
        torn = (step for step, count in zip(step_of, beats, strict=True) if count != array.output_beats)
        found[f"{array.name}_state_torn"] = _first(torn)
    for array, beats in zip(design.net.arrays, how_sent.passes, strict=bool(how_sent.passes)):
        steps = [n for n, turn in enumerate(taken) if works(design, array, turn)]
        torn = (step for step, count in zip(steps, beats, strict=True) if count != array.streamed_beats)
        found[f"{array.name}_weights_torn"] = _first(torn)
    if frames is not None:
        found |= _frame_flags(design, order, frames)
    return {name: changes for name, changes in found.items() if changes}


def _first(steps: Iterator[int]) -> list[tuple[int, int]]:
    first = next(steps, None)
    return [] if first is None else [(first, 1)]


def _frame_flags(design: Design, order: Sequence[Turn], frames: Frames) -> Flags:
    """What is said after each step of the last frame that was taken."""
    said = dict.fromkeys(["loaded", *(f"load_{name}" for name in FLAGS)], 0)
    after: dict[int, dict[str, int]] = {}
    shown, changes = dict(said), Flags()
    for step, words in _taken_frames(design, order, frames):
        said = after_frame(said, words, frame(design))
        after[step] = said
    for step, now in after.items():
        for name, value in now.items():
            if value != shown[name]:
                changes.setdefault(name, []).append((step, value))
        shown = now
    return changes


def _taken_frames(design: Design, order: Sequence[Turn], frames: Frames) -> Iterator[tuple[int, Sequence[int]]]:
    """Every frame that is taken, with its step: as soon as no sequence uses the set before the last one."""
    streams, good, waiting = design.spec.engine.streams, frame(design), deque[Sequence[int]]()
    active, loaded, step = 0, False, 0
    used: dict[int, int] = {}
    for number, turn in enumerate(order):
        if not turn.is_step:
            continue
        waiting += frames.get(step, [])
        while waiting and (not loaded or all(one == active for one in used.values())):
            words = waiting.popleft()
            yield step, words
            if list(words) == good:
                active, loaded = 1 - active, True
        if turn.step == 0:
            used[number % streams] = active
        step += 1
        if turn.final:
            del used[number % streams]
