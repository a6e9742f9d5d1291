"""The bench as a MyHDL process: it drives the rendered blocks themselves, or their Verilog through `Cosimulation`."""

from __future__ import annotations

from typing import Any

from myhdl import Simulation, StopSimulation, block, delay, instance

from accel.blocks.signals import flag
from accel.engines.bench import IDLE_AFTER, RESET_CYCLES, Record, Script, blank, require_results


@block
def bench(signals: Any, layers: tuple[str, ...], script: Script, record: Record, unknown: Any) -> Any:
    """Clock, reset, source, sink and monitors. Inputs change at the falling edge; the rising edge samples.

    MyHDL clears every signal when a simulation ends, so whatever counts is recorded in its cycle.
    """
    clk, reset, s_axis, m_axis = signals["clk"], signals["reset"], signals["s_axis"], signals["m_axis"]

    @instance
    def clocking():
        while True:
            yield delay(1)
            clk.next = not clk

    @instance
    def sending():
        reset.next = 1
        for _ in range(RESET_CYCLES):
            yield clk.negedge
        reset.next = 0
        for beat in script.beats:
            for _ in range(beat.wait):
                yield clk.negedge
            s_axis.tdata.next = beat.word
            s_axis.tlast.next = beat.last
            s_axis.tvalid.next = True
            yield clk.posedge
            while not s_axis.tready:
                yield clk.posedge
            yield clk.negedge
            s_axis.tvalid.next = False

    @instance
    def receiving():
        for pause in script.pauses:
            m_axis.tready.next = False
            for _ in range(pause):
                yield clk.negedge
            m_axis.tready.next = True
            yield clk.posedge
            while not m_axis.tvalid or reset:
                yield clk.posedge
            yield clk.negedge

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
            quiet += len(record.results) >= len(script.pauses)
            if cycle > script.limit:
                raise StopSimulation
        raise StopSimulation

    return clocking, sending, receiving, watching


def _sample(signals: Any, layers: tuple[str, ...], cycle: int, record: Record) -> None:
    m_axis = signals["m_axis"]
    if m_axis.tvalid and m_axis.tready:
        record.results.append((cycle, int(m_axis.tdata), bool(m_axis.tlast)))
    for name in layers:
        watched, seen = signals[name], record.layers[name]
        if watched.begin:
            seen["begin"].append(cycle)
        for signal in ("gates", "c", "h"):
            if getattr(watched, f"{signal}_valid"):
                seen[signal].append(int(getattr(watched, signal)))


def simulate(dut: Any, signals: Any, layers: tuple[str, ...], script: Script, unknown: Any = None) -> Record:
    """Run the bench around a block instance or a Cosimulation. Raises EngineFailed when results stay away.

    `unknown` is the flag of a simulator that knows unknown values.
    """
    record = blank(layers)
    watched = flag() if unknown is None else unknown
    Simulation(dut, bench(signals, layers, script, record, watched)).run(quiet=1)
    require_results(record, script)
    return record
