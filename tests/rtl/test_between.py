"""Words of h_t on their way to the next layer: within two ends, or x_t of their layer added; room is that behind."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from accel.architecture.array import Array
from accel.architecture.cells.activations import ACTIVATIONS
from accel.architecture.cells.operations import Clip
from accel.architecture.latencies import CLIPPED, RESIDUAL
from accel.architecture.network import Network, network
from accel.architecture.residual import Residual
from accel.base.fixed import Fixed
from accel.rtl.blocks.rows.between import add_inputs, clip_words
from accel.rtl.blocks.streams.output_fifo import Results
from accel.rtl.blocks.streams.ping_pong import Beats
from tests.designs import spec
from tests.rtl.traffic import Clocked, run


def two_layers() -> Network:
    """Words of two values, h of six bits, four of them fraction."""
    formats = {
        "input": [8, 6],
        "gate": [16, 8],
        "activation": [12, 11],
        "cell": [16, 11],
        "state": [6, 4],
        "bias": [12, 8],
    }
    return network(
        spec(model={"inputs": 3, "hidden": [4, 4]}, engine={"units": 4, "cells_per_cycle": 2}, formats=formats)
    )


def first() -> tuple[Array, Clip]:
    """The layer in front of a ReLU."""
    operation = ACTIVATIONS["relu"].operations[-1]
    assert isinstance(operation, Clip)
    return two_layers().layers[0], operation


def values(word: int, width: int) -> list[int]:
    """The two values of a word."""
    half = 1 << width - 1
    return [((word >> width * n & 2 * half - 1) ^ half) - half for n in range(2)]


def word_of(each: Any, width: int) -> int:
    """The word of two values."""
    return sum((int(value) & (1 << width) - 1) << width * n for n, value in enumerate(each))


def check_clip(kind: str, seed: int) -> None:
    """Random words through an activation."""
    array, operation = two_layers().layers[0], ACTIVATIONS[kind].operations[-1]
    assert isinstance(operation, Clip)
    clocked, results, linked = Clocked(), Results(12), Results(12)
    sent: list[tuple[int, bool, bool]] = []
    got: list[tuple[int, bool, bool]] = []

    def before(rng: random.Random) -> None:
        results.valid.next, results.word.next = rng.random() < 0.7, rng.randrange(1 << 12)
        results.final.next, results.closing.next = rng.random() < 0.3, rng.random() < 0.5

    def each() -> None:
        got.extend([told(linked)] if linked.valid else [])
        sent.extend([told(results)] if results.valid else [])
        assert 0 <= len(sent) - len(got) <= CLIPPED

    made = clip_words(clocked.clk, clocked.reset, results, linked, array, operation)
    run(clocked, made, [], [], 120, seed, before, each)
    ends = operation.within(array.h)
    wanted = [(word_of(np.clip(values(word, 6), *ends), 6), *marks) for word, *marks in sent]
    assert len(got) > 60
    assert got == wanted[: len(got)]


def told(results: Results) -> tuple[int, bool, bool]:
    """A word and its marks."""
    return int(results.word), bool(results.closing), bool(results.final)


@pytest.mark.parametrize("kind", ["relu", "hard_tanh", "hard_sigmoid"])
def test_every_value_lies_within_the_ends(kind: str) -> None:
    check_clip(kind, 1)


def check_sum(out: tuple[int, int], seed: int, crossed: bool = False, final: bool = False) -> None:
    """x_t comes in, and some cycles later h_t comes out, up to three words behind; each meets its own x_t.

    Where it is `crossed`, two of four words are: the first and the last; with `final` h_t of some steps alone goes on.
    """
    residual = Residual(Fixed(6, 4), Fixed(8, 6), Fixed(*out), crossed, False, final)
    clocked, results, linked, beats = Clocked(), Results(12), Results(2 * out[0]), Beats(16)
    x: list[int] = []
    h: list[int] = []
    got: list[int] = []
    ages: list[int] = []
    goes: list[bool] = []
    came: list[int] = []

    def before(rng: random.Random) -> None:
        results.final.next = rng.random() < 0.5
        beats.valid.next, beats.word.next = rng.random() < 0.7, rng.randrange(1 << 16)
        beats.ready.next = len(ages) < 3 and rng.random() < 0.8
        results.valid.next, results.word.next = (
            bool(ages) and ages[0] > 3 and rng.random() < 0.8,
            rng.randrange(1 << 12),
        )

    def each() -> None:
        ages[:] = [age + 1 for age in ages]
        if results.valid:
            h.append(int(results.word))
            goes.append(bool(results.final) or not final)
            ages.pop(0)
        if beats.valid and beats.ready:
            came.append(int(beats.word))
            if not crossed or len(came) % 4 in (1, 0):
                x.append(int(beats.word))
                ages.append(0)
        got.extend([int(linked.word)] if linked.valid else [])
        assert 0 <= sum(goes) - len(got) <= RESIDUAL

    array = two_layers().layers[0]
    made = add_inputs(clocked.clk, clocked.reset, results, linked, beats, array, residual, 2)
    run(clocked, made, [], [], 300, seed, before, each)
    pairs, plain = zip(h, x, strict=False), replace(residual, crossed=False)
    sums = [plain.of(np.array(values(one, 6)), np.array(values(other, 8))) for one, other in pairs]
    sums = [both for both, on in zip(sums, goes, strict=True) if on]
    assert len(got) > 25
    assert got == [word_of(both, out[0]) for both in sums][: len(got)]


@pytest.mark.parametrize("out", [(6, 4), (10, 6), (12, 8)], ids=["saturates", "exact", "finer"])
def test_h_meets_the_x_that_it_was_made_of(out: tuple[int, int]) -> None:
    check_sum(out, 1)


def test_of_two_directions_h_meets_its_half_of_either_vector() -> None:
    check_sum((10, 6), 2, crossed=True)


def test_the_sum_of_a_last_step_alone_goes_on() -> None:
    check_sum((10, 6), 3, final=True)


def check_room(made_of: Callable[[Any, Any, Results, Results], Any]) -> None:
    """What takes the words says whether there is room, and hears of what is reserved at once."""
    clocked, results, linked = Clocked(), Results(12), Results(12)
    seen: list[bool] = []

    def before(rng: random.Random) -> None:
        results.reserve.next, linked.room.next = rng.random() < 0.5, rng.random() < 0.5

    def each() -> None:
        assert bool(results.room) == bool(linked.room)
        assert bool(linked.reserve) == bool(results.reserve)
        seen.append(bool(linked.room))

    run(clocked, made_of(clocked.clk, clocked.reset, results, linked), [], [], 30, before=before, each=each)
    assert {*seen} == {True, False}


def clipping(clk: Any, reset: Any, results: Results, linked: Results) -> Any:
    """Words through a ReLU."""
    return clip_words(clk, reset, results, linked, *first())


def test_room_is_that_of_what_takes_the_words() -> None:
    check_room(clipping)
