"""Blocks at the borders, each by its contract, with random pauses on both sides."""

from __future__ import annotations

import random
import zlib
from typing import Any

import pytest

from accel.architecture.vector import Vector
from accel.rtl.blocks.primitives.signals import bits, flag
from accel.rtl.blocks.streams.axis import AxiStream, AxiWords, axis_input, axis_output
from accel.rtl.blocks.streams.fillers import Fillers, withhold
from accel.rtl.blocks.streams.load_check import check_frame, crc_step
from accel.rtl.blocks.streams.output_fifo import Results, credit, output_fifo
from accel.rtl.blocks.streams.ping_pong import Beats, PingPong
from accel.rtl.blocks.streams.receiver import receive
from accel.rtl.blocks.streams.resynchronise import resynchronise
from accel.rtl.blocks.streams.weight_sets import Loading
from tests.rtl.traffic import AsBeats, Beat, Clocked, Sink, Source, run

SEEDS = pytest.mark.parametrize("seed", range(4))


def vectors(rng: random.Random, count: int, number: int, longest: int) -> list[list[Beat]]:
    """Vectors of 1 to `longest` beats: whole, cut by `last`, or (where longer than `count`) with too much."""
    made = []
    for _ in range(number):
        size = rng.choice((count, count, rng.randint(1, longest)))
        made.append([(rng.randint(1, 255), n == size - 1) for n in range(size)])
    return made


@SEEDS
@pytest.mark.parametrize("count", [1, 2, 5])
def test_a_frame_is_filled_up_or_cut_to_its_beats_and_told_and_the_next_is_in_step(count: int, seed: int) -> None:
    clocked, i, o, torn = Clocked(), Beats(8), Beats(8), flag()
    sent = vectors(random.Random(seed), count, 12, count + 3)
    wanted = [word for vector in sent for word, _ in (vector + [(0, True)] * count)[:count]]
    told: list[bool] = []
    source, sink = Source(i, [beat for vector in sent for beat in vector]), Sink(o)
    made = resynchronise(clocked.clk, clocked.reset, i, o, torn, count, True)
    run(clocked, made, [source], [sink], 600, seed, each=lambda: told.append(bool(torn)))
    assert [word for word, _ in sink.got] == wanted
    assert told[-1] == any(len(vector) != count for vector in sent)
    assert sorted(told) == told  # once told, it stays


@SEEDS
def test_a_vector_without_last_is_followed_by_the_next_of_its_sequence(seed: int) -> None:
    clocked, i, o, torn = Clocked(), Beats(8), Beats(8), flag()
    rng = random.Random(seed)
    beats = [(rng.randint(1, 255), n % 6 == 5) for n in range(36)]  # sequences of two vectors of three
    sink = Sink(o)
    made = resynchronise(clocked.clk, clocked.reset, i, o, torn, 3, False)
    run(clocked, made, [Source(i, beats)], [sink], 300, seed, each=lambda: _require(not torn))
    assert sink.got == beats


def _require(condition: Any) -> None:
    assert condition


@SEEDS
@pytest.mark.parametrize("every_step", [True, False])
def test_of_fillers_nothing_leaves_and_of_others_everything_in_order(every_step: bool, seed: int) -> None:
    clocked, fillers, rng = Clocked(), Fillers(), random.Random(seed)
    internal, port, words, depth = AxiWords(8), AxiWords(8), 3, 4
    steps = [(rng.random() < 0.5, rng.random() < 0.4) for _ in range(24)]  # ends its sequence, is a filler
    steps = [(ends or filler, filler) for ends, filler in steps]
    source, sink, wanted = Source(AsBeats(internal), []), Sink(AsBeats(port)), []
    left, coming = iter(steps), []

    def before(rng: random.Random) -> None:
        made = len(coming) - source.sent // words
        going = made < depth and rng.random() < 0.3
        step = next(left, None) if going else None
        fillers.complete.next = step is not None
        if coming and len(source.beats) < words * len(coming):  # what came in before, leaves from now on
            source.beats = [beat for beats in coming for beat in beats]
        if step is None:
            return
        ends, filler = step
        fillers.ends.next, fillers.filler.next = ends, filler
        if every_step or ends:
            beats = [(rng.randint(0, 255), ends and n == words - 1) for n in range(words)]
            coming.append(beats)
            wanted.extend([] if filler else beats)

    made = withhold(clocked.clk, clocked.reset, fillers, internal, port, words, every_step, depth)
    run(clocked, made, [source], [sink], 900, seed, before)
    assert next(left, None) is None
    assert sink.got == wanted
    assert source.sent == len(source.beats)


@SEEDS
def test_results_leave_in_order_and_a_step_is_reserved_only_where_it_has_room(seed: int) -> None:
    clocked, results, stream, rng = Clocked(), Results(8), Beats(8), random.Random(seed)
    words, steps = 3, 2
    finals = [rng.random() < 0.4 for _ in range(20)]
    left, burst, wanted = iter(finals), [], []

    def before(rng: random.Random) -> None:
        results.reserve.next = results.valid.next = False
        if not burst and results.room and rng.random() < 0.5:
            final = next(left, None)
            if final is not None:
                results.reserve.next = True
                burst.extend((rng.randint(0, 255), final, n == words - 1) for n in range(words))
        elif burst:
            word, final, closing = burst.pop(0)
            results.valid.next, results.word.next = True, word
            results.final.next, results.closing.next = final, closing
            wanted.append((word, final and closing))

    sink = Sink(stream, share=0.3)
    run(clocked, output_fifo(clocked.clk, clocked.reset, results, stream, words, steps), [], [sink], 900, seed, before)
    assert len(wanted) == words * len(finals)
    assert sink.got == wanted


@SEEDS
def test_as_many_steps_have_room_as_were_given_back_and_a_few(seed: int) -> None:
    clocked, reserve, released, room, steps = Clocked(), flag(), flag(), flag(), 3
    held = [0]

    def before(rng: random.Random) -> None:
        reserve.next = held[0] < steps and rng.random() < 0.6
        released.next = held[0] > 0 and rng.random() < 0.4

    def each() -> None:
        assert bool(room) == (held[0] < steps)
        held[0] += bool(reserve) - bool(released)

    run(clocked, credit(clocked.clk, clocked.reset, reserve, released, room, steps), [], [], 300, seed, before, each)


@SEEDS
def test_a_bank_holds_a_vector_from_its_completion_until_it_is_released(seed: int) -> None:
    check_receive(seed, 3, False)


@SEEDS
@pytest.mark.parametrize("count", [2, 6])
def test_words_of_both_halves_of_a_vector_lie_in_turn(count: int, seed: int) -> None:
    check_receive(seed, count, True)


def check_receive(seed: int, count: int, in_turn: bool) -> None:
    """Random vectors of `count` beats into the banks, taken and given back at random."""
    clocked, rng, half = Clocked(), random.Random(seed), count // 2
    places = [n // half + n % half * 2 for n in range(count)] if in_turn else range(count)
    ping_pong, beats = PingPong(Vector(count, 1, 8, 0)), Beats(8)
    sent = [(rng.randint(0, 255), n % count == count - 1 and rng.random() < 0.5) for n in range(count * 15)]
    wanted = [[word for word, _ in sent[n : n + count]] for n in range(0, len(sent), count)]
    memory: dict[tuple[int, int], int] = {}
    under_way: list[int] = []
    taken: list[tuple[bool, bool]] = []
    write = ping_pong.write

    def bank() -> list[int]:
        return [memory[under_way[0], n] for n in places]

    def before(rng: random.Random) -> None:
        ping_pong.take.next = ping_pong.turn.next = ping_pong.release.next = False
        if under_way:
            assert bank() == wanted[len(taken) - 1]  # from the cycle after it was taken on, until it is given back
            if rng.random() < 0.3:
                ping_pong.release.next = True
                under_way.pop()
        elif ping_pong.available and rng.random() < 0.5:
            ping_pong.take.next = ping_pong.turn.next = True
            under_way.append(int(ping_pong.bank))
            taken.append((bool(ping_pong.final), bool(ping_pong.fresh)))

    def each() -> None:
        if write.enable:
            memory[int(write.bank), int(write.place)] = int(write.word)

    made = receive(clocked.clk, clocked.reset, beats, ping_pong, count, 1, False, False, False, in_turn)
    run(clocked, made, [Source(beats, sent)], [], 900, seed, before, each)
    finals = [last for _, last in sent[count - 1 :: count]]
    assert taken == list(zip(finals, [True, *finals], strict=False))


@SEEDS
def test_values_pass_both_edges_with_their_sign(seed: int) -> None:
    clocked, rng, inner, i, o = Clocked(), random.Random(seed), Beats(20), AxiStream(2, 10), AxiStream(2, 10)
    values = [(rng.randint(-512, 511), rng.randint(-512, 511)) for _ in range(40)]
    words = [sum((value & 0xFFFF) << 16 * n for n, value in enumerate(pair)) for pair in values]
    beats = [(word, rng.random() < 0.3) for word in words]
    sink = Sink(AsBeats(o))
    made = (axis_input(i, inner, 2, 10), axis_output(inner, o, 2, 10, False))
    run(clocked, made, [Source(AsBeats(i), beats)], [sink], 300, seed)
    assert sink.got == beats


@SEEDS
def test_the_checksum_of_words_is_that_of_zlib(seed: int) -> None:
    word, before, after, opening, rng = bits(32), bits(32), bits(32), flag(), random.Random(seed)
    words, crc, clocked = [rng.getrandbits(32) for _ in range(9)], [rng.getrandbits(32)], Clocked()
    left = iter(words)
    done: list[int] = []

    def drive(_: random.Random) -> None:
        opening.next = not done
        done.append(next(left))
        word.next, before.next = done[-1], crc[0]

    def each() -> None:
        crc[0] = int(after)

    run(clocked, crc_step(opening, word, before, after), [], [], len(words), seed, drive, each)
    data = b"".join(each.to_bytes(4, "little") for each in words)
    assert crc[0] ^ 0xFFFFFFFF == zlib.crc32(data)


class Flags:
    """The part of the status word that tells of loads."""

    def __init__(self) -> None:
        self.loaded, self.load_short, self.load_long = flag(), flag(), flag()
        self.load_shape, self.load_checksum = flag(), flag()


DIGEST = 0x5A5A1234


def frame(words: list[int], digest: int = DIGEST) -> list[Beat]:
    data = [digest, *words]
    crc = zlib.crc32(b"".join(word.to_bytes(4, "little") for word in data))
    return [(word, n == len(data)) for n, word in enumerate([*data, crc])]


@SEEDS
@pytest.mark.parametrize("fault", ["", "short", "long", "shape", "checksum"])
def test_a_frame_of_weights_changes_the_sets_only_if_it_is_right(fault: str, seed: int) -> None:
    clocked, axis, loading, flags = Clocked(), AxiWords(32), Loading(), Flags()
    words = [random.Random(seed).getrandbits(32) for _ in range(5)]
    broken = frame(words, DIGEST + (fault == "shape"))
    if fault == "short":
        broken = [*broken[:3], (broken[3][0], True)]
    if fault == "long":
        broken = [*broken[:-1], (broken[-1][0], False), (7, False), (8, True)]
    if fault == "checksum":
        broken[2] = (broken[2][0] ^ 16, False)
    handed: list[int] = []
    seen: list[tuple[bool, ...]] = []

    def each() -> None:
        if loading.valid:
            handed.append(int(loading.word))
        told = (flags.load_short, flags.load_long, flags.load_shape, flags.load_checksum)
        seen.append((bool(loading.loaded), bool(loading.active), *map(bool, told)))

    source = Source(AsBeats(axis), broken)
    made = check_frame(clocked.clk, clocked.reset, axis, loading, flags, len(words) + 2, DIGEST)
    run(clocked, made, [source], [], 100, seed, each=each)
    told = tuple(fault == name for name in ("short", "long", "shape", "checksum"))
    assert seen[-1] == (not fault, not fault, *told)
    assert source.sent == len(broken)
    if fault in ("", "shape"):
        assert handed == words
