"""The flags of the status word: each rises with the vector that it tells of, and no sooner and no later."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from accel.engines.bench import Beat, Record, Script
from accel.engines.engine import EngineFailed
from accel.engines.weight_frames import FLAGS, faults
from accel.memory.load_frame import frame
from accel.model.design import Design

TORN_AFTER = 1
"""Cycles from the beat that ends a vector too early to its flag."""
JUDGED_AFTER = 2
"""Cycles from the last beat of a frame of weights to what the flags say of it."""


@dataclass(frozen=True)
class Stream:
    """How an input stream is cut into vectors: `count` beats each, and whether each of them has its `tlast`."""

    flag: str
    count: int
    framed: bool
    most: int | None = None
    """Beats of the longest sequence, where it has an end."""
    tokens: int | None = None
    """Numbers from 0 on that a beat may be; None for any."""


@dataclass(frozen=True)
class Change:
    """A flag that changes to a value, between two cycles, both included."""

    first: int
    last: int
    value: int

    def is_met(self, cycle: int, value: int) -> bool:
        """Whether a change that was seen is this one."""
        return self.first <= cycle <= self.last and value == self.value


def streams(design: Design) -> dict[str, Stream]:
    """The input streams that have a flag for a torn vector, by name."""
    found = {"s_axis": Stream("torn", design.net.x_beats, False, _most(design), design.spec.model.vocabulary)}
    for array in design.net.arrays:
        if array.recurrent and design.spec.engine.state_streams:
            found[f"s_state_{array.name}"] = Stream(f"{array.name}_state_torn", array.output_beats, True)
        if array.streamed:
            found[f"s_weights_{array.name}"] = Stream(f"{array.name}_weights_torn", array.streamed_beats, True)
    return found


def _most(design: Design) -> int | None:
    longest = design.spec.model.longest
    return None if longest is None else longest * design.net.x_beats


def names(design: Design) -> list[str]:
    """All flags of a design's status word."""
    loads = ["loaded", *(f"load_{name}" for name in FLAGS)] if design.spec.engine.memory == "scratchpad" else []
    return [*(stream.flag for stream in streams(design).values()), *loads]


def check_flags(design: Design, driven: Script, record: Record) -> None:
    """Every flag changed when it should, and not otherwise. Raises EngineFailed."""
    wanted: dict[str, list[Change]] = {name: [] for name in names(design)} | dict(_torn(design, driven, record))
    if design.spec.engine.memory == "scratchpad":
        wanted |= _loaded(design, driven.sources["s_weights"], record.ends["s_weights"])
    for name, changes in wanted.items():
        seen = record.flags.get(name, [])
        met = len(seen) == len(changes) and all(one.is_met(*two) for one, two in zip(changes, seen, strict=True))
        if not met:
            raise EngineFailed(f"status word: {name}: wanted {_told(changes)}, got {_told_seen(seen)}")


def final(design: Design, driven: Script) -> dict[str, int]:
    """What all flags say in the end."""
    found = {one.flag: int(torn_vector(driven.sources[name], one) is not None) for name, one in streams(design).items()}
    if "s_weights" in driven.sources:
        said = {"loaded": 0}
        for words in frames_of(driven.sources["s_weights"]):
            said = after_frame(said, words, frame(design))
        found |= said
    return found


def _torn(design: Design, driven: Script, record: Record) -> Iterator[tuple[str, list[Change]]]:
    for name, stream in streams(design).items():
        place = torn_vector(driven.sources[name], stream)
        if place is None:
            continue
        number, early = place
        before, end = [-1, *record.ends[name]][number : number + 2]
        yield stream.flag, [Change(end + TORN_AFTER if early else before + 1, end + TORN_AFTER, 1)]


def torn_vector(beats: Sequence[Beat], stream: Stream) -> tuple[int, bool] | None:
    """Which `tlast` of a stream is the first one that comes too early (True) or too late, or ends a sequence with a
    number that is no token, which it comes with (True) or not; None where all are right.
    """
    number, ends, whole = 0, 0, 0
    for beat in beats:
        number, whole = number + 1, whole + 1
        if stream.tokens is not None and beat.word >= stream.tokens:
            return ends, beat.last
        if beat.last:
            if number < stream.count or (stream.framed and number > stream.count):
                return ends, number < stream.count
            if stream.most is not None and whole > stream.most:
                return ends, False
            number, ends, whole = 0, ends + 1, 0
        elif number == stream.count and not stream.framed:
            number = 0
    return None


def _loaded(design: Design, beats: Sequence[Beat], ends: Sequence[int]) -> dict[str, list[Change]]:
    """What every frame of weights changes of what is said of the last one."""
    wanted: dict[str, list[Change]] = {}
    said = dict.fromkeys(["loaded", *(f"load_{name}" for name in FLAGS)], 0)
    for words, end in zip(frames_of(beats), ends, strict=True):
        for name, value in after_frame(said, words, frame(design)).items():
            if value != said[name]:
                wanted.setdefault(name, []).append(Change(end + JUDGED_AFTER, end + JUDGED_AFTER, value))
            said[name] = value
    return wanted


def after_frame(said: Mapping[str, int], words: Sequence[int], good: Sequence[int]) -> dict[str, int]:
    """What the flags say after a frame, where they said something else before."""
    found = faults(words, good)
    return {f"load_{name}": found[name] for name in FLAGS} | {"loaded": int(said["loaded"] or not any(found.values()))}


def frames_of(beats: Sequence[Beat]) -> Iterator[list[int]]:
    """The words of every frame."""
    words: list[int] = []
    for beat in beats:
        words.append(beat.word)
        if beat.last:
            yield words
            words = []


def _told(changes: Sequence[Change]) -> str:
    return ", ".join(f"{one.value} in cycle {one.first} to {one.last}" for one in changes) or "no change"


def _told_seen(seen: Sequence[tuple[int, int]]) -> str:
    return ", ".join(f"{value} in cycle {cycle}" for cycle, value in seen) or "no change"
