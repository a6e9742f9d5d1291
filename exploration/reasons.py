"""What keeps a design from being faster, in a sentence."""

from __future__ import annotations

from dataclasses import fields

from accel.architecture.constraints import linear_key
from accel.schedule.schedule import Schedule
from accel.schedule.stage import Waits
from exploration.hardware import Machine

WAITING = {
    "input": "for x_t",
    "accumulators": "for sums that are still read",
    "state": "for h of the step before",
    "ends": "on ends of vectors",
}
"""What lanes by columns wait for, by the names in `Waits`."""


def reason(machine: Machine) -> str:
    """What decides how many cycles a step takes: the input, weights from outside, lanes that work, or what they wait
    for.
    """
    timing, layers = machine.timing, machine.net.layers
    cycles, beats = timing.cycles_per_step, machine.net.arrays[0].input_beats
    if timing.skips_states:
        return _by_columns(machine, timing)
    if beats >= cycles:
        return f"an x_t comes in {beats} beats: engine.input_words"
    for array in layers:
        if array.streamed and array.streamed_beats >= cycles:
            return f"the weights of {array.name} come in {array.streamed_beats} beats a step: engine.memory_width"
    number = max(range(len(timing.stages)), key=timing.interval)
    array, interval = timing.stages[number].array, timing.interval(number)
    if interval <= array.depth:
        return f"the lanes of {array.name} work in every cycle: fewer weights or more lanes"
    waiting = f"the lanes of {array.name} work in {array.depth} of {interval} cycles"
    if array.kind is None:
        return f"{waiting}: {linear_key(machine.net, array)}.units"
    return f"{waiting} and wait for h of the step before: engine.streams or engine.order"


def _by_columns(machine: Machine, timing: Schedule) -> str:
    if machine.samples is None:
        return "by columns, here without zeros; real ones take fewer cycles"
    each = timing.waits(machine.samples)
    total = sum(one.cycles for one in each)
    whole = {name.name: sum(getattr(one, name.name) for one in each) for name in fields(Waits)}
    busy = whole.pop("busy")
    most = max(whole, key=lambda name: whole[name])
    found = f"the lanes work on columns that are not zero in {busy / total:.0%} of their cycles"
    return f"{found}, and wait most {WAITING[most]} ({whole[most] / total:.0%})"
