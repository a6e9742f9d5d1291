"""Memories, queues and counters: what was written is read, in order, whoever pauses."""

from __future__ import annotations

import random
from collections import deque
from typing import Any

import pytest

from accel.rtl.blocks.primitives.arithmetic import add, align, clips, multiply
from accel.rtl.blocks.primitives.counters import count_held, count_round
from accel.rtl.blocks.primitives.fifo import Fifo, fifo
from accel.rtl.blocks.primitives.memory import ram, rom, rom_on_demand, scratchpad
from accel.rtl.blocks.primitives.register import delay, gather
from accel.rtl.blocks.primitives.signals import bits, flag, signed
from accel.rtl.blocks.primitives.words import bits_above
from tests.marks import first
from tests.rtl.traffic import Clocked, run

SEEDS = pytest.mark.parametrize("seed", first(range(3)))


@SEEDS
@pytest.mark.parametrize("depth", [1, 2, 3, 4, 5])
def test_a_queue_gives_what_it_took_in_order_and_holds_no_more_than_its_depth(depth: int, seed: int) -> None:
    clocked, push, entry, end = Clocked(), flag(), bits(8), Fifo(8, depth)
    inside: deque[int] = deque()
    taken: list[int] = []
    given: list[int] = []

    def before(rng: random.Random) -> None:
        push.next = len(inside) < depth and rng.random() < 0.6
        entry.next = rng.randrange(256)
        end.ready.next = rng.random() < 0.5

    def each() -> None:
        assert len(inside) - 1 <= end.held <= len(inside)  # one may stand at the end
        if end.valid and end.ready:
            taken.append(int(end.word))
            inside.popleft()
        if push:
            given.append(int(entry))
            inside.append(int(entry))

    run(clocked, fifo(clocked.clk, clocked.reset, push, entry, end, depth), [], [], 300, seed, before, each)
    assert len(taken) > 40
    assert given[: len(taken)] == taken


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8])
def test_a_count_goes_round(count: int) -> None:
    clocked, moves, number, seen = Clocked(), flag(), bits(4), [0]

    def before(rng: random.Random) -> None:
        moves.next = rng.random() < 0.7

    def each() -> None:
        assert number == seen[0] % count
        seen[0] += bool(moves)

    run(clocked, count_round(clocked.clk, clocked.reset, moves, number, count), [], [], 60, before=before, each=each)
    assert seen[0] > count


def test_what_comes_and_does_not_go_is_held() -> None:
    clocked, comes, goes, held, inside = Clocked(), flag(), flag(), bits(4), [0]

    def before(rng: random.Random) -> None:
        comes.next = inside[0] < 9 and rng.random() < 0.5
        goes.next = inside[0] > 0 and rng.random() < 0.5

    def each() -> None:
        assert held == inside[0]
        inside[0] += int(comes) - int(goes)

    run(clocked, count_held(clocked.clk, clocked.reset, comes, goes, held), [], [], 200, before=before, each=each)


def test_a_rom_gives_the_word_at_the_address_a_cycle_later() -> None:
    clocked, address, word, asked = Clocked(), bits(3), bits(8), [None]
    contents = (7, 250, 3, 4, 99, 0, 1, 255)

    def before(rng: random.Random) -> None:
        address.next = rng.randrange(8)

    def each() -> None:
        assert asked[0] is None or word == contents[asked[0]]
        asked[0] = int(address)  # type: ignore[call-overload]

    run(clocked, rom(clocked.clk, address, word, contents, ""), [], [], 40, before=before, each=each)


@SEEDS
def test_a_ram_keeps_what_was_written_last_and_its_word_while_it_is_not_enabled(seed: int) -> None:
    clocked, enable, write = Clocked(), flag(), flag()
    place, written, address, word = bits(3), signed(6), bits(3), signed(6)
    stored, wanted = [0] * 8, [0]

    def before(rng: random.Random) -> None:
        enable.next, write.next = rng.random() < 0.6, rng.random() < 0.6
        chosen = rng.sample(range(8), 2)  # no schedule reads what is being written
        place.next, address.next, written.next = chosen[0], chosen[1], rng.randrange(-32, 32)

    def each() -> None:
        assert word == wanted[0]
        if enable:
            wanted[0] = stored[int(address)]
        if write:
            stored[int(place)] = int(written)

    made = ram(clocked.clk, enable, write, place, written, address, word, 8)
    run(clocked, made, [], [], 200, seed, before, each)


@SEEDS
def test_a_scratchpad_reads_one_set_while_the_other_is_written(seed: int) -> None:
    clocked, chosen, write = Clocked(), flag(), flag()
    address, word, place, written = bits(2), bits(5), bits(3), bits(5)
    stored, wanted = [0] * 8, [0]

    def before(rng: random.Random) -> None:
        chosen.next, address.next = rng.random() < 0.5, rng.randrange(4)
        write.next, written.next = rng.random() < 0.7, rng.randrange(32)
        place.next = ((not chosen.next) << 2) + rng.randrange(4)

    def each() -> None:
        assert word == wanted[0]
        wanted[0] = stored[(int(chosen) << 2) + int(address)]
        if write:
            stored[int(place)] = int(written)

    made = scratchpad(clocked.clk, chosen, address, word, write, place, written, 4)
    run(clocked, made, [], [], 200, seed, before, each)


def test_signals_are_gathered_lowest_first_and_high_bits_taken() -> None:
    clocked, low, high, one = Clocked(), signed(3), bits(4), flag()
    word, above = bits(8), bits(5)

    def before(rng: random.Random) -> None:
        low.next, high.next, one.next = rng.randrange(-4, 4), rng.randrange(16), rng.random() < 0.5

    def each() -> None:
        assert word == int(low) % 8 + (int(high) << 3) + (int(one) << 7)
        assert above == int(word) >> 3

    run(clocked, [gather([low, high, one], word), bits_above(word, above, 3)], [], [], 60, before=before, each=each)


@pytest.mark.parametrize(
    ("make", "wanted", "width"),
    [
        pytest.param(lambda clk, a, b, o: add(clk, a, b, o), lambda a, b: a + b, 8, id="add"),
        pytest.param(lambda clk, a, b, o: multiply(clk, a, b, o), lambda a, b: a * b, 12, id="multiply"),
        pytest.param(lambda clk, a, b, o: align(a, o, 3), None, 8, id="align"),
        pytest.param(lambda clk, a, b, o: clips(clk, b, o, 4), lambda a, b: not -8 <= b < 8, 1, id="clips"),
    ],
)
def test_operations_keep_every_bit(make: Any, wanted: Any, width: int) -> None:
    clocked, a, b, last = Clocked(), signed(5), signed(7), [(0, 0)]
    o = flag() if width == 1 else signed(width)

    def before(rng: random.Random) -> None:
        a.next, b.next = rng.choice([-16, 15, rng.randrange(-16, 16)]), rng.choice([-64, 63, rng.randrange(-64, 64)])

    def each() -> None:
        assert o == (int(a) << 3 if wanted is None else wanted(*last[0]))
        last[0] = int(a), int(b)

    def started(rng: random.Random) -> None:
        before(rng)

    run(clocked, make(clocked.clk, a, b, o), [], [], 80, before=started, each=each)


@pytest.mark.parametrize("cycles", [0, 1, 2, 5])
def test_a_signal_comes_as_many_cycles_later(cycles: int) -> None:
    clocked, i, o, wanted = Clocked(), bits(4), bits(4), [0] * cycles

    def before(rng: random.Random) -> None:
        i.next = rng.randrange(16)

    def each() -> None:
        wanted.append(int(i))
        assert o == wanted.pop(0)

    run(clocked, delay(clocked.clk, clocked.reset, i, o, cycles), [], [], 40, before=before, each=each)


def test_a_queue_that_is_a_word_too_short_is_caught() -> None:
    clocked, push, entry, end, taken = Clocked(), flag(), bits(8), Fifo(8, 4), list[int]()

    def before(rng: random.Random) -> None:
        push.next = entry < 6
        entry.next = entry + 1 if entry < 6 else 6
        end.ready.next = entry == 6

    def each() -> None:
        if end.valid and end.ready:
            taken.append(int(end.word))

    run(clocked, fifo(clocked.clk, clocked.reset, push, entry, end, 2), [], [], 20, before=before, each=each)
    assert taken != [1, 2, 3, 4, 5, 6]


def test_a_memory_that_is_not_asked_keeps_its_word() -> None:
    clocked, enable, address, word, wanted = Clocked(), flag(), bits(2), bits(8), [0]
    contents = (5, 6, 7, 8)

    def before(rng: random.Random) -> None:
        enable.next, address.next = rng.random() < 0.5, rng.randrange(4)

    def each() -> None:
        assert word == wanted[0]
        wanted[0] = contents[int(address)] if enable else wanted[0]

    made = rom_on_demand(clocked.clk, enable, address, word, contents, "")
    run(clocked, made, [], [], 60, before=before, each=each)
