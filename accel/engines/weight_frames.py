"""Frames of weights that a bench sends where weights are loaded: good ones, among bad ones of every kind."""

from __future__ import annotations

from collections.abc import Sequence

from accel.memory.load_frame import WORD, frame, sealed
from accel.model.design import Design

FLAGS = ("short", "long", "shape", "checksum")
"""What the status word says of the last frame that ended."""
MOST = 16
"""Frames that come while sequences run, at most."""


def first_frames(design: Design) -> list[list[int]]:
    """Those before the first step: a bad one of every kind, then the design's weights."""
    long, strange, short, unsealed = _bad(design)
    return [long, strange, short, unsealed, frame(design)]


def later_frames(design: Design, cycles: int) -> list[list[int]]:
    """Those while sequences run, as many as `cycles` leave room for, two at least: the design's weights once more, for
    the other set, and each time a bad one, which leaves the set that nobody uses with wrong weights.
    """
    good, (long, strange, short, unsealed) = frame(design), _bad(design)
    every = 2 * [good, unsealed, good, short, good, long, good, strange]
    return every[: max(2, min(MOST, cycles // len(good) // 2 * 2))]


def _bad(design: Design) -> list[list[int]]:
    """Frames with every bit of the weights turned, each wrong in one thing: too long, of a strange shape, too short, of
    a wrong checksum.
    """
    good, every = frame(design), (1 << WORD) - 1
    turned = [good[0], *(word ^ every for word in good[1:-1])]
    strange = [turned[0] ^ 1, *turned[1:]]
    return [[*sealed(turned), 0], sealed(strange), sealed(turned[:-1]), [*turned, sealed(turned)[-1] ^ 1]]


def faults(words: Sequence[int], good: Sequence[int]) -> dict[str, int]:
    """What the flags say of a frame, beside the one that fits."""
    whole = len(words) == len(good)
    return {
        "short": int(len(words) < len(good)),
        "long": int(len(words) > len(good)),
        "shape": int(words[0] != good[0]),
        "checksum": int(whole and words[-1] != sealed(list(words[:-1]))[-1]),
    }
