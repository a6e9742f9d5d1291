"""What every engine takes and returns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from accel.architecture.cells.activations import OUT, SUM
from accel.base.faults import Fault, Refused, Unfinished
from accel.base.fixed import Integers
from accel.engines.shared import as_counted
from accel.model.design import Design
from accel.model.golden import run as run_golden
from accel.model.samples import Samples
from accel.model.trace import Trace

LOGITS = "logits"
"""The signal of a head: its exact sums with their biases, arg max or not."""


class ToolMissing(Unfinished):
    """The engine needs a program that is not on this machine; says which and what for. Reported as `not run`."""


class EngineFailed(Exception):
    """What an engine ran did what the design must not: it hung, or left its range. Reported as `different`."""


class ProgramFailed(Unfinished):
    """A program that the engine needs ended with an error, so nothing was compared; carries the log's last lines.

    Reported as `failed`.
    """


def converted(design: Design) -> Path:
    """The Verilog that `generate` has left in the work folder. Refused where there is none."""
    return generated(design.work / "rtl" / f"{design.spec.identifier}.v")


def generated(path: Path) -> Path:
    """A file that `generate` leaves. Refused where it is not there."""
    if not path.is_file():
        raise Refused([Fault(str(path), "what `sparrow generate` leaves", "no such file")])
    return path


@dataclass(frozen=True)
class Status:
    """What the status word counts: steps, and by layer and signal what narrowing clipped."""

    steps: int
    saturations: dict[str, dict[str, int]]


@dataclass(frozen=True)
class Ports:
    """All outputs of a design in every cycle: their names, and the (cycle, text) of every change, the text being a
    hexadecimal number for each, or - while a word is not valid, with commas between.
    """

    names: tuple[str, ...]
    changes: list[tuple[int, str]]

    def at(self, cycle: int) -> list[str]:
        """What each output was in a cycle."""
        seen = [text for when, text in self.changes if when <= cycle]
        return seen[-1].split(",") if seen else ["nothing"] * len(self.names)


@dataclass
class Observed:
    """What an engine did with samples, padding left out.

    `signals` maps layer name to signal name to int64 [steps of all sequences in order, hidden]; an engine reports those
    of `accel.architecture.cells` that it can see, at least what its cell requires; the head's `logits`, and the `sum`
    and `out` of the linear layers in front of it, are int64 [results, outputs], whatever leaves the accelerator.
    `outputs` is int64 [results, values], in order. `last_states` are h_n and c_n as they leave, laid out as
    `Samples.states`, where the spec has them. `status` is what the status word counted in these steps, None from an
    engine that does not count. `step_cycles` are the cycles from each step's start to the next one's where the input
    never waited (HDL engines), `lags`, an entry for each layer but the first, those from its start there to its start
    at a later layer. `ports` are all outputs in every cycle, from an HDL engine in a run of at most `verify.slow_steps`
    steps.
    """

    signals: dict[str, dict[str, Integers]]
    outputs: Integers
    step_cycles: Integers | None = None
    status: Status | None = None
    last_states: Integers | None = None
    lags: list[Integers] = field(default_factory=list)
    ports: Ports | None = None


Engine = Callable[[Design, Samples], Observed]
"""An engine. Raises ToolMissing, ProgramFailed or EngineFailed; never returns something it did not compute."""


def flat(signal: Integers, lengths: Integers) -> Integers:
    """[sequences, steps, ...] to [steps of all sequences, ...], padding left out."""
    return np.concatenate([rows[: int(length)] for rows, length in zip(signal, lengths, strict=True)])


def observed(design: Design, trace: Trace, samples: Samples) -> Observed:
    """A golden-like trace as an engine's observation."""
    head = design.spec.model.head
    once = head is not None and head.when == "last"
    lengths = np.ones_like(samples.lengths) if once else samples.lengths
    layers = zip(design.net.layers, trace.layers, strict=True)
    signals = {a.name: {name: flat(v, samples.lengths) for name, v in t.signals.items()} for a, t in layers}
    for array, values in zip(design.net.feeding, trace.feeding, strict=True):
        signals[array.name] = {name: flat(values[name], samples.lengths) for name in (SUM, OUT)}
    for array, values in zip(design.net.linear, trace.linear, strict=True):
        signals[array.name] = {name: flat(values[name], lengths) for name in (SUM, OUT)}
    if design.net.head is not None and trace.logits is not None:
        signals[design.net.head.name] = {LOGITS: flat(trace.logits, lengths)}
    counts = {a.name: t.saturations for a, t in zip(design.net.layers, trace.layers, strict=True) if t.saturations}
    status = Status(samples.steps, as_counted(design, counts)) if counts else None
    return Observed(signals, flat(trace.outputs, lengths), status=status, last_states=_last(design, trace, samples))


def _last(design: Design, trace: Trace, samples: Samples) -> Integers | None:
    """The state of every layer after its last step, where it leaves the accelerator."""
    if not design.spec.engine.state_streams:
        return None
    rows, steps = np.arange(len(samples.lengths)), samples.lengths - 1
    layers = zip(design.net.layers, trace.layers, strict=True)
    parts = [layer.signals[name][rows, steps] for array, layer in layers for name in array.cell.states]
    return np.concatenate(parts, axis=1)


def reference(design: Design, samples: Samples) -> Observed:
    """What every engine must equal: the golden model over the whole batch at once."""
    return observed(design, run_golden(design.net, design.weights, samples.x, samples.lengths, samples.states), samples)


def golden(design: Design, samples: Samples) -> Observed:
    """The golden model one sequence at a time, as hardware meets them: neither neighbours nor padding may matter."""
    if design.spec.model.stateful:
        return reference(design, samples)  # each sequence goes on from the one before
    alone = [reference(design, samples.only(number)) for number in range(len(samples.lengths))]
    signals = {
        layer: {name: np.concatenate([one.signals[layer][name] for one in alone]) for name in named}
        for layer, named in alone[0].signals.items()
    }
    status = sum_status([one.status for one in alone if one.status is not None])
    last = [one.last_states for one in alone if one.last_states is not None]
    last_states = np.concatenate(last) if last else None
    return Observed(signals, np.concatenate([one.outputs for one in alone]), status=status, last_states=last_states)


def sum_status(parts: Sequence[Status], times: Sequence[int] = ()) -> Status:
    """Counts of several runs together, each as many times as `times` says (once, if it says nothing)."""
    counted = list(zip(parts, times or [1] * len(parts), strict=True))
    return Status(
        steps=sum(part.steps * count for part, count in counted),
        saturations={
            layer: {name: sum(part.saturations[layer][name] * count for part, count in counted) for name in named}
            for layer, named in parts[0].saturations.items()
        },
    )


def filler_status(design: Design) -> Status:
    """What a sequence of one step of zeros adds to the status word."""
    zeros, one = np.zeros((1, 1, design.spec.incoming.values), dtype=np.int64), np.ones(1, dtype=np.int64)
    status = reference(design, Samples(zeros, one, -one)).status
    assert status is not None
    return status
