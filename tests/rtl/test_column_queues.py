"""What the lanes by columns are offered: elements that count, or rows of W_x, one after the other."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import pytest

from accel.architecture.latencies import QUEUE
from accel.architecture.network import network
from accel.architecture.vector import Vector, entry_width
from accel.rtl.blocks.columns.operand_queue import NONZERO, Bounds, Column, lowest, mirror, operand_queue
from accel.rtl.blocks.columns.row_feed import RowReading, fetch_x, give_back, offer_rows
from accel.rtl.blocks.primitives.fifo import Fifo
from accel.rtl.blocks.primitives.signals import bits, flag, signed, signed_list
from accel.rtl.blocks.streams.ping_pong import PingPong, Write
from tests.designs import spec
from tests.rtl.cycles import Plan, numbers, outputs, packed
from tests.rtl.traffic import Clocked, run


@dataclass
class Taken:
    """A column that was taken."""

    void: bool
    value: int
    base: int
    last: bool


def queued(vector: Vector, columns: int, threshold: int | None, seed: int) -> tuple[list[list[int]], list[Taken]]:
    """Vectors at random through a queue, of 3 weights a column from address 7 on; all columns that came out."""
    clocked, rng, count, per_column = Clocked(), random.Random(seed), 8, 3
    enable, number, word = flag(), bits(vector.high), bits(vector.word_width)
    column, end = Column(vector.width, 7 + per_column * columns), Fifo(entry_width(vector), 2 * vector.beats)
    values = [
        [rng.choice((0, 0, *numbers(rng, vector.width, 2), 1, -2, 3, -3)) for _ in range(columns)] for _ in range(count)
    ]
    values[2] = [0] * columns
    filled = [[*one, *numbers(rng, vector.width, vector.beats * vector.words - columns)] for one in values]
    beats, taken, ended = [(n, b) for n in range(count) for b in range(vector.beats)], list[Taken](), [0]
    bounds, mirrored = NONZERO, []
    if threshold is not None:
        bounds, limit = Bounds(signed(vector.width + 1), signed(vector.width + 1)), bits(vector.width - 1)
        mirrored = [mirror(limit, bounds)]

    def before(rng: random.Random) -> None:
        if threshold is not None:
            limit.next = threshold
        column.taken.next = bool(column.valid) and rng.random() < 0.6
        enable.next = False
        if beats and beats[0][0] < ended[0] + 2 and rng.random() < 0.7:  # two vectors at most
            vector_number, beat = beats.pop(0)
            part = filled[vector_number][beat * vector.words : (beat + 1) * vector.words]
            enable.next, number.next, word.next = True, beat, packed(part, vector.width)

    def each() -> None:
        if column.taken:
            taken.append(Taken(bool(column.void), int(column.value), int(column.base), bool(column.last)))
            ended[0] += bool(column.last)

    ports = clocked.clk, clocked.reset, enable, number, word, bounds, column, end
    made = operand_queue(*ports, vector, columns, 2 * vector.beats, per_column, 7)
    run(clocked, [made, *mirrored], [], [], 60 * count, seed, before, each)
    return values, taken


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("threshold", [None, 0, 3])
@pytest.mark.parametrize("vector", [Vector(6, 1, 4, 0), Vector(3, 2, 4, 0), Vector(2, 4, 4, 0)], ids=["1", "2", "4"])
def test_elements_that_count_come_in_order_and_every_vector_ends(vector: Vector, threshold: Any, seed: int) -> None:
    values, taken = queued(vector, vector.beats * vector.words - 1, threshold, seed)
    least = 1 if threshold is None else threshold
    wanted = [(value, 7 + 3 * n) for one in values for n, value in enumerate(one) if abs(value) >= least]
    assert [(one.value, one.base) for one in taken if not one.void] == wanted
    ends = [n for n, one in enumerate(taken) if one.last]
    counts = [sum(abs(value) >= least for value in one) for one in values]
    parts = [taken[first:last] for first, last in zip([0, *(n + 1 for n in ends)], [n + 1 for n in ends], strict=False)]
    assert [sum(not one.void for one in part) for part in parts] == counts
    assert all(one.last for one in taken if one.void)


def test_the_first_column_comes_as_late_as_the_queue_is_long() -> None:
    vector, clocked, plan = Vector(4, 1, 4, 0), Clocked(), Plan()
    enable, number, word = flag(), bits(vector.high), bits(vector.word_width)
    column, end = Column(4, 20), Fifo(entry_width(vector), 8)
    plan.at(3, (enable, 1), (number, 1), (word, 5))
    plan.at(4, (enable, 0))
    ports = clocked.clk, clocked.reset, enable, number, word, NONZERO, column, end
    shown = plan.run(clocked, operand_queue(*ports, vector, 4, 8, 2, 1), [column.valid, column.value, column.base], 9)
    assert shown.index([1, 5, 3]) == 3 + QUEUE
    assert not any(valid for valid, *_ in shown[: 3 + QUEUE])


def test_a_mask_loses_its_lowest_bit() -> None:
    clocked, mask, rest = Clocked(), bits(5), bits(5)
    shown = outputs(clocked, lowest(mask, rest), [mask], [[n] for n in range(32)], [rest])
    assert [after for (after,) in shown] == [n & (n - 1) for n in range(32)]


MIXED: dict[str, Any] = {
    "model": {"inputs": 5, "hidden": [6], "head": None},
    "sparsity": {"pattern": "balanced", "input": 0.4, "recurrent": 0.3, "threshold": 0.1},
    "engine": {"dataflow": {"input": "row", "recurrent": "column"}, "units": 2, "input_words": 2},
}


def test_rows_are_offered_as_long_as_there_is_an_x() -> None:
    array, clocked, rng = network(spec(**MIXED)).layers[0], Clocked(), random.Random(1)
    ping_pong, column, row, number = PingPong(array.x_vector), Column(array.x.width, array.depth), bits(2), [0]

    def before(_: random.Random) -> None:
        ping_pong.available.next = there = rng.random() < 0.7
        column.taken.next = there and rng.random() < 0.6

    def each() -> None:
        assert (column.valid, column.void, column.value) == (ping_pong.available, False, 0)
        assert (row, column.base) == (number[0], number[0] * array.nnz[0])
        assert column.last == (number[0] == array.groups - 1)
        number[0] = (number[0] + bool(column.taken)) % array.groups

    run(clocked, offer_rows(clocked.clk, clocked.reset, ping_pong, column, row, array), [], [], 80, 1, before, each)


def test_x_is_given_back_when_its_last_row_is_done() -> None:
    rng, clocked = random.Random(2), Clocked()
    taken, last, free, release = flag(), flag(), flag(), flag()
    given = [[rng.random() < 0.4, rng.random() < 0.5, rng.random() < 0.5] for _ in range(100)]
    made = give_back(clocked.clk, clocked.reset, taken, last, free, release)
    shown, ending = outputs(clocked, made, [taken, last, free], given, [release]), False
    for (took, ends, idle), (after,) in zip(given, shown[1:], strict=False):
        assert after == (ending and idle)
        ending = ends if took else ending and not idle


def test_a_lane_reads_the_x_of_its_own_weight_or_takes_what_all_share() -> None:
    array, clocked, plan, rng = network(spec(**MIXED)).layers[0], Clocked(), Plan(), random.Random(3)
    reading, x, lanes, vector = RowReading(array), Write(array.x_vector), array.rows_per_unit, array.x_vector
    word, shared = bits(lanes * array.index_width), signed_list(1, array.operand_width)
    operand = signed_list(lanes, array.operand_width)
    held = [numbers(rng, vector.width, vector.beats * vector.words) for _ in range(2)]
    for n in range(2 * vector.beats):
        bank, place = divmod(n, vector.beats)
        written = packed(held[bank][place * vector.words : (place + 1) * vector.words], vector.width)
        plan.at(n, (x.enable, 1), (x.bank, bank), (x.place, place), (x.word, written))
    start = 2 * vector.beats
    plan.at(start, (x.enable, 0))
    wanted = {}
    for cycle in range(start, start + 60):
        columns, bank, from_x = [rng.randrange(array.inputs) for _ in operand], rng.randrange(2), rng.randrange(2)
        h = numbers(rng, array.operand_width, 1)[0]
        places = [(n // vector.words << vector.low) + n % vector.words for n in columns]
        plan.at(cycle, (word, packed(places, array.index_width)), (reading.x_bank, bank))
        plan.at(cycle + 1, (reading.from_x, from_x), (shared[0], h))
        wanted[cycle + 2] = [held[bank][n] << array.x_shift for n in columns] if from_x else [h] * lanes
    made = fetch_x(clocked.clk, word, reading, x, shared, operand, array, 0)
    shown = plan.run(clocked, made, operand, 2)
    assert {n: shown[n] for n in wanted} == wanted
