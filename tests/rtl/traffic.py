"""Streams with pauses around a block, natively: beats in, beats out, and whatever else a test does in each cycle."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from myhdl import ResetSignal, Simulation, StopSimulation, block, delay, instance

from accel.rtl.blocks.primitives.signals import flag

Beat = tuple[int, bool]
"""A word, and whether it is the last one."""


@dataclass
class Source:
    """What enters through a stream of `valid`, `ready`, `word` and `last`; each beat waits now and then."""

    stream: Any
    beats: Sequence[Beat]
    sent: int = 0
    offered: bool = False


@dataclass
class Sink:
    """What leaves through one; it is not ready now and then, with `share` of the cycles."""

    stream: Any
    share: float = 0.5
    got: list[Beat] = field(default_factory=list)


@dataclass
class Clocked:
    """A clock, its reset, and the cycle that is under way."""

    clk: Any = field(default_factory=flag)
    reset: Any = field(default_factory=lambda: ResetSignal(0, active=1, isasync=False))


def run(
    clocked: Clocked,
    made: Any,
    sources: Sequence[Source],
    sinks: Sequence[Sink],
    cycles: int,
    seed: int = 1,
    before: Callable[[random.Random], None] = lambda rng: None,
    each: Callable[[], None] = lambda: None,
) -> None:
    """Drive block instances for some cycles; `before` sets what else a cycle drives, `each` sees it settled."""
    rng, clk = random.Random(seed), clocked.clk

    @block
    def bench() -> Any:
        @instance
        def driving():
            clocked.reset.next = 1
            yield from cycle()
            clocked.reset.next = 0
            for _ in range(cycles):
                for source in sources:
                    _offer(source, rng)
                for sink in sinks:
                    sink.stream.ready.next = rng.random() < sink.share
                before(rng)
                yield delay(1)
                for source in sources:
                    source.sent += bool(source.stream.valid and source.stream.ready)
                    source.offered = bool(source.stream.valid and not source.stream.ready)
                for sink in sinks:
                    if sink.stream.valid and sink.stream.ready:
                        sink.got.append((int(sink.stream.word), bool(sink.stream.last)))
                each()
                yield from cycle()
            raise StopSimulation

        def cycle() -> Any:
            clk.next = 1
            yield delay(1)
            clk.next = 0
            yield delay(1)

        return driving

    Simulation(made, bench()).run(quiet=1)


def _offer(source: Source, rng: random.Random) -> None:
    """The next beat, now or later; one that was offered stays until it is taken."""
    stream, waiting = source.stream, source.sent < len(source.beats)
    valid = waiting and (source.offered or rng.random() < 0.6)
    stream.valid.next = valid
    if valid:
        word, last = source.beats[source.sent]
        stream.word.next = word
        stream.last.next = last


class AsBeats:
    """A port of an AXI4-Stream under the names of a stream within."""

    def __init__(self, axis: Any) -> None:
        self.word, self.valid, self.ready, self.last = axis.tdata, axis.tvalid, axis.tready, axis.tlast
