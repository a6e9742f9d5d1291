"""When a turn begins: what has to be there, what needs room, and how long after the one before."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from accel.architecture.vector import Vector
from accel.rtl.blocks.primitives.signals import bits, flag
from accel.rtl.blocks.rows.begin import begin_held, begin_level, begin_step, begin_turn
from accel.rtl.blocks.streams.ping_pong import PingPong
from tests.rtl.traffic import Clocked, run

EMITS = pytest.mark.parametrize("emits", [True, False], ids=["every step emits", "the last step emits"])


class Bench:
    """A ping-pong buffer whose signals come at random, and how long ago the last turn began."""

    def __init__(self, waits: bool = False) -> None:
        self.clocked, self.ping_pong = Clocked(), PingPong(Vector(2, 1, 8, 0))
        self.room, self.waiting = flag(), flag() if waits else None
        self.rested, self.turns = 0, 0
        """Cycles that still have to pass; turns that began."""

    def drive(self, rng: random.Random) -> None:
        """Give the ping-pong buffer and the rooms what a cycle has."""
        ping_pong = self.ping_pong
        for signal in (ping_pong.available, ping_pong.opens, self.room):
            signal.next = rng.random() < 0.7
        ping_pong.final.next = rng.random() < 0.4
        if self.waiting is not None:
            self.waiting.next = rng.random() < 0.3

    def ready(self) -> bool:
        """Whether a turn may begin as far as time goes."""
        return self.rested == 0 and not self.waiting

    def fits(self, emits: bool) -> bool:
        """Whether what a step emits has room."""
        return bool(self.room) or not (emits or self.ping_pong.final)

    def passes(self, turn: bool, interval: int) -> None:
        """On to the next cycle."""
        if turn:
            self.rested, self.turns = interval - 1, self.turns + 1
        elif self.rested and not self.waiting:
            self.rested -= 1

    def run(self, made: Any, each: Callable[[], None], before: Callable[[random.Random], None] | None = None) -> None:
        """Many cycles, with turns in many of them."""
        run(self.clocked, made, [], [], 400, 1, before or self.drive, each)
        assert self.turns > 20


@EMITS
@pytest.mark.parametrize("waits", [False, True])
@pytest.mark.parametrize("interval", [1, 2, 5])
def test_a_step_begins_with_its_x_its_room_and_its_interval(interval: int, waits: bool, emits: bool) -> None:
    bench = Bench(waits)
    ping_pong = bench.ping_pong

    def each() -> None:
        begins = bool(ping_pong.available) and bench.ready() and bench.fits(emits)
        assert (ping_pong.take, ping_pong.turn) == (begins, begins)
        bench.passes(begins, interval)

    ports = bench.clocked.clk, bench.clocked.reset, ping_pong, bench.room, bench.waiting
    bench.run(begin_step(*ports, emits, interval), each)


@EMITS
def test_a_turn_that_takes_a_state_needs_a_bank_that_was_read_and_a_last_step_room_for_its_own(
    emits: bool,
) -> None:
    bench, states, state_room, unread = Bench(), PingPong(Vector(2, 1, 8, 0)), flag(), [0]
    ping_pong, seen = bench.ping_pong, set[str]()

    def before(rng: random.Random) -> None:
        bench.drive(rng)
        states.available.next, state_room.next = rng.random() < 0.7, rng.random() < 0.6
        states.release.next = unread[0] > 0 and rng.random() < 0.15

    def each() -> None:
        room = bench.fits(emits) and (bool(state_room) or not ping_pong.final)
        step = bool(ping_pong.available) and bench.ready() and room and not ping_pong.opens
        state = bool(states.available) and bench.ready() and unread[0] < 2 and bool(ping_pong.opens)
        assert (ping_pong.take, states.take, states.turn, ping_pong.turn) == (step, state, state, step or state)
        unread[0] += state - bool(states.release)
        seen.update({"step"} if step else {"state"} if state else {"full"} if unread[0] == 2 else set())
        bench.passes(step or state, 2)

    ports = bench.clocked.clk, bench.clocked.reset, ping_pong, states, bench.room, state_room, None
    bench.run(begin_turn(*ports, emits, 2), each, before)
    assert seen == {"step", "state", "full"}


@EMITS
def test_a_state_of_the_accelerators_own_waits_for_no_x(emits: bool) -> None:
    bench = Bench()
    ping_pong = bench.ping_pong

    def each() -> None:
        step = bool(ping_pong.available) and bench.ready() and bench.fits(emits) and not ping_pong.opens
        assert (ping_pong.take, ping_pong.turn) == (step, step or (bench.ready() and bool(ping_pong.opens)))
        bench.passes(bool(ping_pong.turn), 3)

    ports = bench.clocked.clk, bench.clocked.reset, ping_pong, bench.room, None
    bench.run(begin_held(*ports, emits, 3), each)


@EMITS
def test_levels_behind_the_first_begin_as_soon_as_their_interval_has_passed(emits: bool) -> None:
    bench, level, running, intervals = Bench(), bits(2), bits(2), (2, 5, 3)
    ping_pong = bench.ping_pong

    def before(rng: random.Random) -> None:
        bench.drive(rng)
        level.next = bench.turns % 3
        running.next = (bench.turns - 1) % 3

    def each() -> None:
        step = bool(ping_pong.available) and bench.ready() and bench.fits(emits) and level == 0
        turn = step or (bench.ready() and level != 0)
        assert (ping_pong.take, ping_pong.turn) == (step, turn)
        bench.passes(turn, intervals[int(level)])

    ports = bench.clocked.clk, bench.clocked.reset, ping_pong, bench.room, running, level
    bench.run(begin_level(*ports, emits, intervals), each, before)
