"""Words of h_t on their way to the next layer: each value between two ends, a cycle later, and room for two steps."""

from __future__ import annotations

import random

import pytest

from accel.architecture.cells.activations import ACTIVATIONS
from accel.architecture.cells.operations import Clip
from accel.architecture.latencies import CLIPPED
from accel.architecture.network import network
from accel.rtl.blocks.primitives.signals import flag
from accel.rtl.blocks.rows.between import clip_words
from accel.rtl.blocks.streams.output_fifo import Results
from accel.rtl.blocks.streams.ping_pong import Beats
from tests.designs import spec
from tests.rtl.traffic import Clocked, run


def check_clip(kind: str, seed: int) -> None:
    """Random words of two values of six bits, four of them fraction."""
    formats = {
        "input": [8, 6],
        "gate": [16, 8],
        "activation": [12, 11],
        "cell": [16, 11],
        "state": [6, 4],
        "bias": [12, 8],
    }
    chosen = spec(model={"inputs": 3, "hidden": [4, 4]}, engine={"units": 4, "cells_per_cycle": 2}, formats=formats)
    array, operation = network(chosen).layers[0], ACTIVATIONS[kind].operations[-1]
    assert isinstance(operation, Clip)
    clocked, results, beats, released = Clocked(), Results(12), Beats(12), flag()
    sent: list[tuple[int, bool]] = []
    got: list[tuple[int, bool]] = []

    def before(rng: random.Random) -> None:
        results.valid.next, results.word.next = rng.random() < 0.7, rng.randrange(1 << 12)
        results.final.next = rng.random() < 0.3

    def each() -> None:
        got.extend([(int(beats.word), bool(beats.last))] if beats.valid else [])
        sent.extend([(int(results.word), bool(results.final))] if results.valid else [])
        assert 0 <= len(sent) - len(got) <= CLIPPED

    made = clip_words(clocked.clk, clocked.reset, results, beats, released, array, operation)
    run(clocked, made, [], [], 120, seed, before, each)
    least, most = operation.within(array.h)

    def clipped(word: int) -> int:
        values = [((word >> 6 * n & 63) ^ 32) - 32 for n in range(2)]
        return sum((min(max(value, least), most) & 63) << 6 * n for n, value in enumerate(values))

    assert len(got) > 60
    assert got == [(clipped(word), last) for word, last in sent][: len(got)]


@pytest.mark.parametrize("kind", ["relu", "hard_tanh", "hard_sigmoid"])
def test_every_value_lies_within_the_ends(kind: str) -> None:
    check_clip(kind, 1)


def check_room() -> None:
    """Two steps have room; a third one waits until a bank is given back."""
    chosen = spec(model={"inputs": 3, "hidden": [4, 4]})
    array, operation = network(chosen).layers[0], ACTIVATIONS["relu"].operations[-1]
    assert isinstance(operation, Clip)
    clocked, results, beats, released = Clocked(), Results(array.h.width), Beats(array.h.width), flag()
    room: list[bool] = []

    def before(_: random.Random) -> None:
        results.reserve.next, released.next = len(room) in (1, 2), len(room) == 5

    made = clip_words(clocked.clk, clocked.reset, results, beats, released, array, operation)
    run(clocked, made, [], [], 9, before=before, each=lambda: room.append(bool(results.room)))
    assert room[1]
    assert not room[5]
    assert room[8]


def test_two_steps_have_room() -> None:
    check_room()
