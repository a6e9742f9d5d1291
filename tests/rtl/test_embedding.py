"""Tokens and the rows of a table, each block by its contract, with random pauses on both sides."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from accel.architecture.embedding import Embedding
from accel.architecture.latencies import EMBEDDING
from accel.base.fixed import Fixed
from accel.rtl.blocks.primitives.signals import flag
from accel.rtl.blocks.streams.embedding import admit_tokens, look_up_rows
from accel.rtl.blocks.streams.ping_pong import Beats
from tests.rtl.traffic import Beat, Clocked, Sink, Source, run

SIZES = {"one word": (2, 1), "three": (5, 3), "four": (7, 4)}


def rows(tokens: int, beats: int) -> list[int]:
    """Words of a table, all different."""
    return [10 * token + beat + 1 for token in range(tokens) for beat in range(beats)]


def check_look_up(size: str, seed: int, share: float) -> None:
    """Random tokens; the sink is ready in a share of the cycles."""
    (tokens, beats), clocked, rng = SIZES[size], Clocked(), random.Random(seed)
    embedding, words = Embedding(tokens, beats, 1, Fixed(8, 4)), rows(tokens, beats)
    i, o = Beats(embedding.token_width), Beats(8)
    sent = [(rng.randrange(tokens), rng.random() < 0.3) for _ in range(20)]
    sink = Sink(o, share)
    made = look_up_rows(clocked.clk, clocked.reset, i, o, embedding, words, "")
    run(clocked, made, [Source(i, sent)], [sink], 900, seed)
    assert sink.got == [
        (words[token * beats + beat], last and beat == beats - 1) for token, last in sent for beat in range(beats)
    ]


@pytest.mark.parametrize("share", [0.3, 1.0])
@pytest.mark.parametrize("size", SIZES)
def test_each_token_gives_the_words_of_its_row(size: str, share: float) -> None:
    check_look_up(size, 1, share)


@pytest.mark.parametrize("size", SIZES)
def test_rows_follow_each_other_without_a_gap(size: str) -> None:
    (tokens, beats), clocked = SIZES[size], Clocked()
    embedding = Embedding(tokens, beats, 1, Fixed(8, 4))
    i, o = Beats(embedding.token_width), Beats(8)
    came: list[int] = []
    gone: list[int] = []
    cycle = [0]

    def before(_: random.Random) -> None:
        i.valid.next, i.word.next, o.ready.next = True, tokens - 1, True

    def each() -> None:
        came.extend([cycle[0]] if i.valid and i.ready else [])
        gone.extend([cycle[0]] if o.valid and o.ready else [])
        cycle[0] += 1

    made = look_up_rows(clocked.clk, clocked.reset, i, o, embedding, rows(tokens, beats), "")
    run(clocked, made, [], [], 40, before=before, each=each)
    assert gone == list(range(came[0] + EMBEDDING, 40))
    assert len(came) > 5
    assert [after - at for at, after in pairwise(came)] == [beats] * (len(came) - 1)


def check_admit(tokens: int, numbers: list[int], unknown: int) -> None:
    """Numbers of eight bits with a sign, of which `unknown` are no tokens."""
    clocked, i, torn = Clocked(), Beats(8), flag()
    o = Beats((tokens - 1).bit_length())
    beats: list[Beat] = [(number & 0xFF, place % 3 == 2) for place, number in enumerate(numbers)]
    told: list[bool] = []
    sink = Sink(o)
    made = admit_tokens(clocked.clk, clocked.reset, i, o, torn, tokens)
    run(clocked, made, [Source(i, beats)], [sink], 200, each=lambda: told.append(bool(torn)))
    wanted = [number if 0 <= number < tokens else 0 for number in numbers]
    assert sink.got == list(zip(wanted, [last for _, last in beats], strict=True))
    assert told[-1] == (unknown > 0)
    assert sorted(told) == told


@pytest.mark.parametrize("wrong", [5, 8, 13, 127, -1, -128, -123])
def test_a_number_that_is_no_token_counts_as_the_first_one_and_is_told(wrong: int) -> None:
    check_admit(5, [1, 4, wrong, 3, 0, 2], 1)


def test_every_token_passes_and_nothing_is_told() -> None:
    check_admit(5, [4, 0, 1, 2, 3, 4], 0)
