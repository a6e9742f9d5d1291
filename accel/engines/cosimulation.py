"""The bench as a MyHDL process: it drives the rendered blocks themselves, or their Verilog through `Cosimulation`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from myhdl import Simulation, StopSimulation, block, delay, instance

from accel.engines.bench import (
    IDLE_AFTER,
    RESET_CYCLES,
    Beat,
    Record,
    Script,
    blank,
    complete,
    require_results,
    unseen,
)
from accel.engines.ports import HIDDEN, flags, listed, ports, status, watched
from accel.rtl.blocks.primitives.signals import flag
from accel.rtl.blocks.rows.head import LinearObserved


class Source:
    """An input stream, and the beats that are still to come."""

    def __init__(self, axis: Any, beats: Sequence[Beat]) -> None:
        self.axis, self.beats, self.sent = axis, beats, 0
        self.tuser = axis.tuser if hasattr(axis, "tuser") else flag()
        self.wait = beats[0].wait if beats else 0

    def drive(self) -> None:
        """What it offers in the cycle that begins."""
        offers = self.sent < len(self.beats) and self.wait == 0
        self.axis.tvalid.next = offers
        if offers:
            beat = self.beats[self.sent]
            self.axis.tdata.next, self.axis.tlast.next, self.tuser.next = beat.word, beat.last, beat.filler

    def step(self) -> None:
        """The rising edge."""
        if self.axis.tvalid and self.axis.tready:
            self.sent += 1
            self.wait = self.beats[self.sent].wait if self.sent < len(self.beats) else 0
        elif self.wait:
            self.wait -= 1


class Sink:
    """An output stream, and the cycles that it is not ready before each word."""

    def __init__(self, axis: Any, pauses: Sequence[int]) -> None:
        self.axis, self.pauses, self.got = axis, pauses, 0
        self.pause = pauses[0] if pauses else 0

    def drive(self) -> None:
        """Whether it is ready in the cycle that begins."""
        self.axis.tready.next = self.pause == 0

    def step(self) -> None:
        """The rising edge."""
        if self.axis.tvalid and self.axis.tready:
            self.got += 1
            self.pause = self.pauses[self.got] if self.got < len(self.pauses) else 0
        elif self.pause:
            self.pause -= 1


class Watch:
    """All outputs in every cycle, as text: hexadecimal numbers, words that are not valid left out."""

    def __init__(self, signals: dict[str, Any]) -> None:
        found, shown = ports(signals), watched(listed(signals)[1])
        self.names = tuple(name for name, _ in shown)
        self.pairs = [(found[name], found[guard] if guard else None) for name, guard in shown]

    def text(self) -> str:
        """What they are now."""
        return ",".join(f"{int(port):x}" if guard is None or guard else HIDDEN for port, guard in self.pairs)


@block
def bench(signals: Any, layers: tuple[str, ...], script: Script, record: Record, unknown: Any) -> Any:
    """Clock, reset, sources, sinks and what is watched. Inputs change at the falling edge; the rising edge samples.

    MyHDL clears every signal when a simulation ends, so whatever counts is recorded in its cycle.
    """
    clk = signals["clk"]

    @instance
    def clocking():
        while True:
            yield delay(1)
            clk.next = not clk

    @instance
    def driving():
        yield from _reset(signals, script)
        yield from _cut(signals, script)
        yield from _reset(signals, script)
        yield from _run(signals, layers, script, record, unknown)
        raise StopSimulation

    return clocking, driving


def _reset(signals: Any, script: Script) -> Iterator[Any]:
    """The cycles of a reset, in which no source offers anything."""
    signals["reset"].next = 1
    for name in script.sources:
        signals[name].tvalid.next = False
    if "states" in signals:
        signals["states"].threshold.next = script.threshold
    for _ in range(RESET_CYCLES):
        yield signals["clk"].negedge
    signals["reset"].next = 0


def _cut(signals: Any, script: Script) -> Iterator[Any]:
    """Beats that a reset cuts off, before all that counts."""
    before = [Source(signals[name], beats) for name, beats in script.before.items()]
    for name in script.sinks:
        signals[name].tready.next = False
    for _ in range(script.cut_after):
        for source in before:
            source.drive()
        yield signals["clk"].posedge
        for source in before:
            source.step()
        yield signals["clk"].negedge


def _run(signals: Any, layers: tuple[str, ...], script: Script, record: Record, unknown: Any) -> Iterator[Any]:
    """The cycles that count, into the record, until all has come or the script's limit."""
    clk, watch, held = signals["clk"], Watch(signals), flags(signals)
    sources = {name: Source(signals[name], beats) for name, beats in script.sources.items()}
    sinks = [Sink(signals[name], pauses) for name, pauses in script.sinks.items()]
    ends: list[Source | Sink] = [*sources.values(), *sinks]
    record.outputs = watch.names
    cycle, quiet, shown = 0, 0, dict.fromkeys(held, 0)
    while quiet < IDLE_AFTER and cycle <= script.limit:
        for end in ends:
            end.drive()
        yield clk.posedge
        _sample(signals, layers, cycle, record)
        _sample_flags(held, shown, cycle, record)
        if script.watched and (not record.ports or record.ports[-1][1] != watch.text()):
            record.ports.append((cycle, watch.text()))
        for end in ends:
            end.step()
        record.taken = {name: source.sent for name, source in sources.items()}
        record.unknown = record.unknown or bool(unknown)
        cycle += 1
        quiet += complete(record, script)
        if quiet < IDLE_AFTER:
            yield clk.negedge
    record.cycles = cycle - 1
    record.status = {name: int(value) for name, value in status(signals).items()}


def _sample(signals: Any, layers: tuple[str, ...], cycle: int, record: Record) -> None:
    """What is to be seen in a cycle, the status word left out."""
    for name, ends in record.ends.items():
        axis = signals[name]
        if axis.tvalid and axis.tready and axis.tlast:
            ends.append(cycle)
    for name, left in record.sinks.items():
        axis = signals[name]
        if axis.tvalid and axis.tready:
            left.append((cycle, int(axis.tdata), bool(axis.tlast)))
    for name in layers:
        layer, seen = signals[name], record.layers[name]
        if layer.begin:
            seen["begin"].append(cycle)
        for signal in ("gates", "c", "h"):
            if getattr(layer, f"{signal}_valid"):
                seen[signal].append(int(getattr(layer, signal)))
        if hasattr(layer, "queued"):
            seen["queued"][:] = [int(layer.queued)]
    for name, sums_and_outs in record.linear.items():
        for signal, words in sums_and_outs.items():
            if getattr(signals[name], f"{signal}_valid"):
                words.append(int(getattr(signals[name], signal)))
    if "head" in signals and signals["head"].logit_valid:
        record.logits.append(int(signals["head"].logit))


def _sample_flags(held: dict[str, Any], shown: dict[str, int], cycle: int, record: Record) -> None:
    """Flags of the status word that are other than they were `shown`."""
    for name, signal in held.items():
        if shown[name] != signal:
            shown[name] = int(signal)
            record.flags.setdefault(name, []).append((cycle, shown[name]))


def simulate(dut: Any, signals: Any, layers: tuple[str, ...], script: Script, unknown: Any = None) -> Record:
    """Run the bench around a block instance or a Cosimulation. Raises EngineFailed when results stay away.

    `unknown` is the flag of a simulator that knows unknown values.
    """
    record = blank(layers, script)
    record.linear = {name: unseen() for name, seen in signals.items() if isinstance(seen, LinearObserved)}
    watched = flag() if unknown is None else unknown
    Simulation(dut, bench(signals, layers, script, record, watched)).run(quiet=1)
    require_results(record, script)
    return record
