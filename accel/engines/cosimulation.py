"""The bench as a MyHDL process: it drives the rendered blocks themselves, or their Verilog through `Cosimulation`."""

from __future__ import annotations

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
from accel.engines.ports import status
from accel.rtl.blocks.primitives.signals import flag
from accel.rtl.blocks.rows.head import LinearObserved


@block
def bench(signals: Any, layers: tuple[str, ...], script: Script, record: Record, unknown: Any) -> Any:
    """Clock, reset, source, sink and monitors. Inputs change at the falling edge; the rising edge samples.

    MyHDL clears every signal when a simulation ends, so whatever counts is recorded in its cycle.
    """
    clk, reset = signals["clk"], signals["reset"]

    @instance
    def clocking():
        while True:
            yield delay(1)
            clk.next = not clk

    @instance
    def resetting():
        reset.next = 1
        if "states" in signals:
            signals["states"].threshold.next = script.threshold
        for _ in range(RESET_CYCLES):
            yield clk.negedge
        reset.next = 0

    @instance
    def watching():
        cycle, quiet = 0, 0
        while quiet < IDLE_AFTER:
            yield clk.posedge
            if reset:
                continue
            _sample(signals, layers, cycle, record)
            record.unknown = record.unknown or bool(unknown)
            cycle += 1
            quiet += complete(record, script)
            if cycle > script.limit:
                raise StopSimulation
        record.cycles = cycle - 1
        record.status = {name: int(value) for name, value in status(signals).items()}
        raise StopSimulation

    sources = [source(clk, signals[name], name, beats, record) for name, beats in script.sources.items()]
    sinks = [sink(clk, reset, signals[name], pauses) for name, pauses in script.sinks.items()]
    return clocking, resetting, watching, sources, sinks


@block
def source(clk: Any, axis: Any, name: str, beats: tuple[Beat, ...], record: Record) -> Any:
    """Sends beats after reset, each after its wait."""
    tuser = axis.tuser if hasattr(axis, "tuser") else flag()

    @instance
    def sending():
        for _ in range(RESET_CYCLES):
            yield clk.negedge
        for beat in beats:
            for _ in range(beat.wait):
                yield clk.negedge
            axis.tdata.next = beat.word
            axis.tlast.next = beat.last
            tuser.next = beat.filler
            axis.tvalid.next = True
            yield clk.posedge
            while not axis.tready:
                yield clk.posedge
            record.taken[name] += 1
            yield clk.negedge
            axis.tvalid.next = False

    return sending


@block
def sink(clk: Any, reset: Any, axis: Any, pauses: tuple[int, ...]) -> Any:
    """Takes words, each after its pause."""

    @instance
    def receiving():
        for pause in pauses:
            axis.tready.next = False
            for _ in range(pause):
                yield clk.negedge
            axis.tready.next = True
            yield clk.posedge
            while not axis.tvalid or reset:
                yield clk.posedge
            yield clk.negedge

    return receiving


def _sample(signals: Any, layers: tuple[str, ...], cycle: int, record: Record) -> None:
    """What is to be seen in a cycle, the status word left out."""
    for name, left in record.sinks.items():
        axis = signals[name]
        if axis.tvalid and axis.tready:
            left.append((cycle, int(axis.tdata), bool(axis.tlast)))
    for name in layers:
        watched, seen = signals[name], record.layers[name]
        if watched.begin:
            seen["begin"].append(cycle)
        for signal in ("gates", "c", "h"):
            if getattr(watched, f"{signal}_valid"):
                seen[signal].append(int(getattr(watched, signal)))
        if hasattr(watched, "queued"):
            seen["queued"][:] = [int(watched.queued)]
    for name, sums_and_outs in record.linear.items():
        for signal, words in sums_and_outs.items():
            if getattr(signals[name], f"{signal}_valid"):
                words.append(int(getattr(signals[name], signal)))
    if "head" in signals and signals["head"].logit_valid:
        record.logits.append(int(signals["head"].logit))


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
