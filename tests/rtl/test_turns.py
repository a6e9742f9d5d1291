"""Which step begins a sequence, with which weights, and what leaves on the way between layers."""

from __future__ import annotations

import random
from itertools import pairwise
from typing import Any

import pytest

from accel.architecture.vector import Vector
from accel.memory.load_frame import Section
from accel.rtl.blocks.primitives.signals import flag
from accel.rtl.blocks.streams.ages import age_steps, age_turns, fresh_after_each, fresh_once
from accel.rtl.blocks.streams.axis import AxiStream
from accel.rtl.blocks.streams.fillers import Fillers, watch_vectors
from accel.rtl.blocks.streams.load_fill import Store, aim, fill
from accel.rtl.blocks.streams.output_fifo import Results, stream_adapter
from accel.rtl.blocks.streams.ping_pong import Beats, PingPong
from accel.rtl.blocks.streams.weight_sets import Loading, await_weights, choose_set, count_uses
from tests.rtl.traffic import Beat, Clocked, Sink, Source, run

STREAMS = pytest.mark.parametrize("streams", [1, 2, 3])


@STREAMS
def test_a_step_starts_a_sequence_where_the_last_one_of_its_stream_was_final(streams: int) -> None:
    clocked, ping_pong, finals = Clocked(), PingPong(Vector(2, 1, 8, 0)), [True] * streams

    def before(rng: random.Random) -> None:
        ping_pong.take.next = ping_pong.turn.next = rng.random() < 0.6
        ping_pong.final.next = rng.random() < 0.4

    def each() -> None:
        assert (ping_pong.starts, ping_pong.opens, ping_pong.leads, ping_pong.fresh) == (finals[0],) * 4
        if ping_pong.take:
            finals.append(bool(ping_pong.final))
            finals.pop(0)

    made = [age_steps(clocked.clk, clocked.reset, ping_pong, streams), fresh_after_each(ping_pong)]
    run(clocked, made, [], [], 120, before=before, each=each)


def test_a_stateful_model_is_fresh_once() -> None:
    clocked, ping_pong, taken = Clocked(), PingPong(Vector(2, 1, 8, 0)), [0]

    def before(rng: random.Random) -> None:
        ping_pong.take.next = rng.random() < 0.3

    def each() -> None:
        assert ping_pong.fresh == (taken[0] == 0)
        taken[0] += bool(ping_pong.take)

    run(clocked, fresh_once(clocked.clk, clocked.reset, ping_pong), [], [], 40, before=before, each=each)
    assert taken[0] > 1


@STREAMS
def test_a_turn_for_the_state_comes_before_a_sequences_first_step(streams: int) -> None:
    clocked, ping_pong = Clocked(), PingPong(Vector(2, 1, 8, 0))
    ages = [(True, False)] * streams  # of each stream: its last step was final, its state has been taken

    def before(rng: random.Random) -> None:
        ping_pong.turn.next = turning = rng.random() < 0.7
        ping_pong.take.next = turning and not ping_pong.opens
        ping_pong.final.next = rng.random() < 0.4

    def each() -> None:
        starts, given = ages[0]
        assert (ping_pong.starts, ping_pong.opens, ping_pong.fresh) == (starts, starts and not given, False)
        assert ping_pong.leads == (starts and given)
        if ping_pong.turn:
            ages.append((bool(ping_pong.final), not ping_pong.final) if ping_pong.take else (starts, True))
            ages.pop(0)

    run(clocked, age_turns(clocked.clk, clocked.reset, ping_pong, streams), [], [], 150, before=before, each=each)


@pytest.mark.parametrize("count", [1, 3])
def test_an_x_is_told_of_with_its_last_beat_and_the_mark_that_came_with_it(count: int) -> None:
    clocked, axis, beats, told = Clocked(), AxiStream(1, 8, marked=True), Beats(8), Fillers()
    number = [0]

    def before(rng: random.Random) -> None:
        moving = rng.random() < 0.7
        axis.tvalid.next = axis.tready.next = beats.valid.next = beats.ready.next = moving
        beats.last.next, axis.tuser.next = rng.random() < 0.3, rng.random() < 0.5

    def each() -> None:
        moving = bool(beats.valid and beats.ready)
        complete = moving and number[0] % count == count - 1
        assert told.complete == complete
        if complete:
            assert (told.ends, bool(told.filler)) == (beats.last, bool(axis.tuser))
        number[0] += moving

    made = watch_vectors(clocked.clk, clocked.reset, axis, beats, told, count)
    run(clocked, made, [], [], 120, before=before, each=each)


@pytest.mark.parametrize(
    "section", [Section(2, 3, 20), Section(1, 2, 40), Section(3, 1, 32)], ids=["short", "two parts", "one word"]
)
@pytest.mark.parametrize("seed", range(3))
def test_words_fill_a_sections_memories_one_after_the_other(section: Any, seed: int) -> None:
    clocked, loading, begins, after, store = Clocked(), Loading(), flag(), flag(), Store(section)
    count = section.parts * section.depth * section.memories
    rng = random.Random(seed)
    words = [rng.getrandbits(32) for _ in range(count)]
    left, written, ended, hits = iter([*words, *[0] * 9]), dict[tuple[int, int], int](), [0], [0]
    writes = [flag() for _ in range(section.memories)]
    cycle = [0]

    def before(rng: random.Random) -> None:
        cycle[0] += 1
        begins.next = cycle[0] == 1
        loading.valid.next = moving = cycle[0] > 1 and rng.random() < 0.6
        if moving:
            loading.word.next = next(left, 0)

    def each() -> None:
        ended[0] += bool(after)
        hits[0] += sum(map(bool, writes))
        if store.enable:
            written[int(store.memory), int(store.address)] = int(store.word)
            assert bool(writes[int(store.memory)])

    made: list[Any] = [fill(clocked.clk, clocked.reset, loading, begins, after, store, section)]
    made += [aim(store, write, number) for number, write in enumerate(writes)]
    run(clocked, made, [], [], 8 * count + 20, seed, before, each)
    joined = [words[n : n + section.parts] for n in range(0, count, section.parts)]
    values = [sum(word << 32 * n for n, word in enumerate(parts)) % (1 << section.width) for parts in joined]
    idle = 1 << (len(store.address) - 1)  # the set that no sequence uses
    places = [(m, idle + a) for m in range(section.memories) for a in range(section.depth)]
    assert (written, ended[0], hits[0]) == (dict(zip(places, values, strict=True)), 1, len(places))


def test_two_steps_results_have_room_in_the_next_layers_banks() -> None:
    clocked, results, beats, release, under_way = Clocked(), Results(8), Beats(8), flag(), [0]

    def before(rng: random.Random) -> None:
        results.reserve.next = under_way[0] < 2 and rng.random() < 0.5
        release.next = under_way[0] > 0 and rng.random() < 0.3
        results.valid.next, results.word.next, results.final.next = (
            rng.random() < 0.5,
            rng.randrange(256),
            rng.random() < 0.5,
        )
        results.weight_set.next = rng.random() < 0.5

    def each() -> None:
        assert results.room == (under_way[0] < 2)
        assert (beats.valid, beats.word, beats.last) == (results.valid, results.word, results.final)
        assert beats.weight_set == results.weight_set
        under_way[0] += int(results.reserve) - int(release)

    made = stream_adapter(clocked.clk, clocked.reset, results, beats, release, True)
    run(clocked, made, [], [], 150, before=before, each=each)


def test_a_set_is_free_when_all_sequences_that_began_with_it_have_left() -> None:
    clocked, ping_pong, results, loading, uses = Clocked(), PingPong(Vector(2, 1, 8, 0)), Results(8), Loading(), [0, 0]

    def before(rng: random.Random) -> None:
        ping_pong.turn.next, ping_pong.leads.next, ping_pong.weight_set.next = (rng.random() < 0.5 for _ in range(3))
        chosen = rng.randrange(2)
        ends = uses[chosen] > 0 and rng.random() < 0.6
        results.valid.next, results.closing.next, results.final.next, results.weight_set.next = ends, True, True, chosen
        loading.idle.next = rng.random() < 0.5

    def each() -> None:
        assert loading.free == (uses[int(loading.idle)] == 0)
        if ping_pong.turn and ping_pong.leads:
            uses[int(ping_pong.weight_set)] += 1
        if results.valid:
            uses[int(results.weight_set)] -= 1

    made = count_uses(clocked.clk, clocked.reset, ping_pong, results, loading)
    run(clocked, made, [], [], 300, before=before, each=each)


@STREAMS
def test_a_sequence_keeps_the_set_that_was_active_when_it_started(streams: int) -> None:
    clocked, ping_pong, loading, kept = Clocked(), PingPong(Vector(2, 1, 8, 0)), Loading(), [False] * streams

    def before(rng: random.Random) -> None:
        ping_pong.turn.next, ping_pong.starts.next = rng.random() < 0.6, rng.random() < 0.4
        loading.active.next = rng.random() < 0.5

    def each() -> None:
        assert ping_pong.weight_set == (loading.active if ping_pong.starts else kept[0])
        if ping_pong.turn:
            kept.append(bool(ping_pong.weight_set))
            kept.pop(0)

    made = choose_set(clocked.clk, clocked.reset, ping_pong, loading, streams)
    run(clocked, made, [], [], 150, before=before, each=each)


@pytest.mark.parametrize("seed", range(3))
def test_no_beat_passes_before_there_are_weights(seed: int) -> None:
    clocked, i, o, loading, cycle = Clocked(), Beats(8), Beats(8), Loading(), [0]
    sent: list[Beat] = [(n, n % 3 == 2) for n in range(30)]
    source, sink, counts = Source(i, sent), Sink(o), [0]

    def before(_: random.Random) -> None:
        cycle[0] += 1
        loading.loaded.next = cycle[0] > 40

    def each() -> None:
        counts.append(len(sink.got))

    run(clocked, await_weights(i, o, loading), [source], [sink], 300, seed, before, each)
    assert counts[38] == 0
    assert sink.got == sent
    assert all(later >= earlier for earlier, later in pairwise(counts))
