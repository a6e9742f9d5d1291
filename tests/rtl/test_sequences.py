"""Buffers of whole sequences, each by its contract, with random pauses on both sides."""

from __future__ import annotations

import random

import pytest

from accel.architecture.latencies import MIRROR, MIRROR_NEXT
from accel.architecture.mirror import Mirror
from accel.rtl.blocks.primitives.signals import flag
from accel.rtl.blocks.streams.limit import limit_steps
from accel.rtl.blocks.streams.mirror import mirror_steps
from accel.rtl.blocks.streams.ping_pong import Beats
from tests.rtl.traffic import Beat, Clocked, Sink, Source, run

LONGEST = 5
MIRRORS = {
    "pairs": Mirror(LONGEST, 1, 8, crossed=False, pairs=True),
    "wide pairs": Mirror(LONGEST, 3, 8, crossed=False, pairs=True),
    "crossed pairs": Mirror(LONGEST, 4, 8, crossed=True, pairs=True),
    "crossed": Mirror(LONGEST, 2, 8, crossed=True, pairs=False),
    "last": Mirror(LONGEST, 4, 8, crossed=True, pairs=False, last_only=True),
    "pairs of words in turn": Mirror(LONGEST, 4, 8, crossed=True, pairs=True, in_turn=True),
    "words in turn": Mirror(LONGEST, 2, 8, crossed=True, pairs=False, in_turn=True),
}
Vectors = list[list[int]]


def drawn(rng: random.Random, beats: int, longest: int) -> list[Vectors]:
    """Sequences of one step to a number of steps."""
    lengths = [rng.choice((1, 2, longest, rng.randint(1, longest))) for _ in range(8)]
    return [[[rng.randint(0, 255) for _ in range(beats)] for _ in range(length)] for length in lengths]


def stream(sequences: list[Vectors]) -> list[Beat]:
    """Their beats, the last one of each marked."""
    return [
        (word, step is steps[-1] and place == len(step) - 1)
        for steps in sequences
        for step in steps
        for place, word in enumerate(step)
    ]


def as_read(mirror: Mirror, steps: Vectors) -> Vectors:
    """What the buffer gives of a sequence, step by step."""
    half, given = mirror.beats // 2, []
    for number in range(len(steps) - 1 if mirror.last_only else 0, len(steps)):
        own, image = steps[number], steps[-1 - number]
        if mirror.in_turn:
            own, image = (vector[::2] + vector[1::2] for vector in (own, image))
        if mirror.crossed:
            own, image = own[:half] + image[half:], image[:half] + own[half:]
        given.append(own + image if mirror.pairs else own)
    return given


def check_mirror(kind: str, seed: int, share: float) -> None:
    """Random sequences through a buffer, whose output is ready in a share of the cycles."""
    mirror, clocked, i, o = MIRRORS[kind], Clocked(), Beats(8), Beats(8)
    sequences = drawn(random.Random(seed), mirror.beats, LONGEST)
    sink = Sink(o, share)
    run(
        clocked,
        mirror_steps(clocked.clk, clocked.reset, i, o, mirror),
        [Source(i, stream(sequences))],
        [sink],
        900,
        seed,
    )
    assert sink.got == stream([as_read(mirror, steps) for steps in sequences])


@pytest.mark.parametrize("share", [0.3, 1.0])
@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("kind", MIRRORS)
def test_a_buffer_gives_each_step_beside_its_mirror_image(kind: str, seed: int, share: float) -> None:
    check_mirror(kind, seed, share)


def test_a_sequence_leaves_as_soon_as_it_is_whole_and_the_next_one_right_behind() -> None:
    mirror, clocked, i, o = MIRRORS["wide pairs"], Clocked(), Beats(8), Beats(8)
    came: list[int] = []
    gone: list[tuple[int, bool]] = []
    cycle = [0]

    def each() -> None:
        if i.valid and i.ready and i.last:
            came.append(cycle[0])
        if o.valid and o.ready:
            gone.append((cycle[0], bool(o.last)))
        cycle[0] += 1

    steps = [[[1, 2, 3]] * 2] * 2
    run(
        clocked,
        mirror_steps(clocked.clk, clocked.reset, i, o, mirror),
        [Source(i, stream([[list(step) for step in sequence] for sequence in steps]))],
        [Sink(o, 1.0)],
        120,
        each=each,
    )
    first, second = gone[: 2 * mirror.given], gone[2 * mirror.given :]
    assert [at for at, _ in first] == list(range(came[0] + MIRROR, came[0] + MIRROR + 12))
    assert second[0][0] == max(came[1] + MIRROR, first[-1][0] + MIRROR_NEXT)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("count", "longest"), [(1, 1), (2, 4), (3, 3)])
def test_what_comes_behind_the_longest_sequence_is_dropped_and_told(count: int, longest: int, seed: int) -> None:
    clocked, i, o, cut, torn = Clocked(), Beats(8), Beats(8), flag(), flag()
    sequences = drawn(random.Random(seed), count, longest + 3)
    told: list[bool] = []
    sink = Sink(o)
    made = limit_steps(clocked.clk, clocked.reset, i, o, cut, torn, count, longest)
    run(clocked, made, [Source(i, stream(sequences))], [sink], 600, seed, each=lambda: told.append(bool(torn)))
    wanted = [steps[:longest] for steps in sequences]
    assert [word for word, _ in sink.got] == [word for word, _ in stream(wanted)]
    ends = [last for place, (_, last) in enumerate(sink.got) if place % count == count - 1]
    assert ends == [step is steps[-1] for steps in wanted for step in steps]
    assert told[-1] == any(len(steps) > longest for steps in sequences)
    assert sorted(told) == told


def test_the_longest_sequence_passes_and_nothing_is_told() -> None:
    clocked, i, o, cut, torn = Clocked(), Beats(8), Beats(8), flag(), flag()
    beats, told, sink = stream([[[1, 2], [3, 4], [5, 6]]] * 2), [False], Sink(o)
    made = limit_steps(clocked.clk, clocked.reset, i, o, cut, torn, 2, 3)
    run(clocked, made, [Source(i, beats)], [sink], 60, each=lambda: told.append(bool(torn)))
    assert len(sink.got) == len(beats)
    assert not any(told)


def test_a_vector_that_was_cut_short_is_told_too() -> None:
    clocked, i, o, cut, torn = Clocked(), Beats(8), Beats(8), flag(), flag()
    told: list[bool] = []

    def before(_: random.Random) -> None:
        cut.next = len(told) > 3

    made = limit_steps(clocked.clk, clocked.reset, i, o, cut, torn, 2, 3)
    run(clocked, made, [], [Sink(o)], 8, before=before, each=lambda: told.append(bool(torn)))
    assert told == [False] * 4 + [True] * 4
