"""Runs engines on the same integers and demands equality: every signal, every result, every cycle count."""

from __future__ import annotations

import time
import traceback
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, Protocol

from accel.architecture.array import Array
from accel.architecture.cells.activations import OUT, SUM
from accel.base.faults import Refused
from accel.base.fixed import Integers
from accel.base.progress import Progress, silent
from accel.engines.counts import cycle_faults, lag_faults, status_faults
from accel.engines.covered import Covered, Sequences
from accel.engines.differences import Required, differences, sentence
from accel.engines.engine import (
    LOGITS,
    Engine,
    EngineFailed,
    Observed,
    Ports,
    ProgramFailed,
    ToolMissing,
    reference,
)
from accel.engines.memories import Memories
from accel.engines.peers import Peers
from accel.model.design import Design
from accel.model.samples import Samples
from accel.schedule.schedule import steady

Verdict = Literal["equal", "different", "failed", "crashed", "not run"]
"""`failed`: a program of this machine ended early; `crashed`: our own code did. Neither has shown anything."""


class Prediction(Protocol):
    """What the schedule promises: `accel.schedule.schedule.Schedule` keeps it."""

    def cycles_over(self, samples: Samples) -> int:
        """Cycles from step to step in the middle of a long sequence, or as they settle over these."""

    def busy_over(self, samples: Samples) -> float:
        """Share of the lanes' cycles in which they work."""

    def intervals(self, samples: Samples) -> Integers:
        """Cycles from each step's begin to the next one's over these sequences, [steps - 1]."""

    def lags(self, samples: Samples) -> list[Integers]:
        """Cycles from each step's begin at the first layer to its begin at each later one, [steps] each."""


@dataclass(frozen=True)
class DeviceUnderTest:
    """An engine under test. A `clocked` one must measure its cycles, have a status word, and show activations, what
    cells keep and what is read of it; another one must show every signal. One that `counts` has a status word, too; a
    `slow` one gets `verify.slow_steps` steps.
    """

    engine: Engine
    clocked: bool = False
    slow: bool = False
    counts: bool = False


@dataclass(frozen=True)
class Result:
    """What became of one engine; the fields are those of `verify.json`. `unseen` are signals that it does not show,
    `peer` is the engine whose outputs were its own in every cycle of the first `verify.slow_steps` steps.
    """

    engine: str
    status: Verdict
    steps: int
    mismatches: int
    cycles_per_step: int | None
    seconds: float
    reason: str
    unseen: tuple[str, ...] = ()
    peer: str = ""
    traceback: str = ""


@dataclass(frozen=True)
class Verification:
    """`verify.json`: the job, the prediction, what lies in memories, what is reached, and one result an engine."""

    spec: str
    sequences: int
    corners: int
    steps: int
    lanes: int
    nonzeros_per_step: int
    predicted_cycles_per_step: int
    utilisation: float
    memories: Memories
    coverage: Covered
    engines: tuple[Result, ...]

    @property
    def different(self) -> tuple[Result, ...]:
        """The engines that are not equal."""
        return self.having("different")

    def having(self, status: Verdict) -> tuple[Result, ...]:
        """The engines with this result."""
        return tuple(result for result in self.engines if result.status == status)

    def plain(self) -> dict[str, Any]:
        """As JSON data."""
        return asdict(self)


def verify(
    design: Design,
    sequences: Sequences,
    devices: Mapping[str, DeviceUnderTest],
    predicted: Prediction,
    memories: Memories,
    coverage: Covered,
    progress: Progress = silent,
) -> Verification:
    """Run every device under test on the sequences, and compare it with the golden model.

    `memories` has been compared before, `coverage` is what the sequences reach. Slow engines get as many leading
    sequences as fit into `verify.slow_steps`; their result says how many steps.
    """
    samples, layers = sequences.all, design.net.layers
    lanes = sum(array.multipliers for array in design.in_hardware.net.layers)
    nonzeros = sum(array.nonzeros for array in layers)
    results, peers = list[Result](), Peers()
    for name, device in devices.items():
        progress("verify", len(results), len(devices), name)
        result, ports = _examined(name, device, design, samples, predicted)
        if result.status == "equal" and ports is not None:
            result = _beside(result, *peers.compared(name, ports))
        results.append(result)
    return Verification(
        spec=design.spec.name,
        sequences=len(sequences.real.lengths),
        corners=len(samples.lengths) - len(sequences.real.lengths),
        steps=samples.steps,
        lanes=lanes,
        nonzeros_per_step=nonzeros,
        predicted_cycles_per_step=predicted.cycles_over(samples),
        utilisation=round(predicted.busy_over(samples), 4),
        memories=memories,
        coverage=coverage,
        engines=tuple(results),
    )


def _examined(
    name: str, device: DeviceUnderTest, design: Design, samples: Samples, predicted: Prediction
) -> tuple[Result, Ports | None]:
    """Run one engine on what it gets; one with a clock that gets all runs the steps of the slow ones by themselves too,
    with their gaps and back-pressure, and shows its outputs there.
    """
    leading = samples.within(design.spec.verify.slow_steps)
    if device.slow or leading.steps == samples.steps:
        return examine(name, device, design, leading, predicted)
    result, ports = examine(name, device, design, samples, predicted)
    if not device.clocked or result.status != "equal":
        return result, ports
    again, ports = examine(name, device, design, leading, predicted)
    seconds = round(result.seconds + again.seconds, 3)
    if again.status == "equal":
        return replace(result, seconds=seconds), ports
    return replace(again, seconds=seconds, reason=f"the first {leading.steps} steps alone: {again.reason}"), ports


def _beside(result: Result, peer: str, why: str) -> Result:
    """A result, compared in every cycle with a peer (none for the first); why it is not as that."""
    if not why:
        return replace(result, peer=peer)
    return replace(result, status="different", peer=peer, reason=f"not as {peer}: {why}")


def compare(name: str, device: DeviceUnderTest, design: Design, samples: Samples, predicted: Prediction) -> Result:
    """Run one engine and compare it. What it raises becomes its result, but Refused and what the machine lacks."""
    return examine(name, device, design, samples, predicted)[0]


def examine(
    name: str, device: DeviceUnderTest, design: Design, samples: Samples, predicted: Prediction
) -> tuple[Result, Ports | None]:
    """`compare`, and the outputs in every cycle where the engine showed them."""
    start = time.perf_counter()
    try:
        got = device.engine(design, samples)
    except ToolMissing as missing:
        return Result(name, "not run", 0, 0, None, 0.0, str(missing)), None
    except EngineFailed as failure:
        return Result(name, "different", 0, 0, None, _since(start), f"failed: {failure}"), None
    except ProgramFailed as failure:
        return Result(name, "failed", 0, 0, None, _since(start), str(failure)), None
    except (Refused, OSError, MemoryError):
        raise
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        reason = f"{type(error).__name__} in {where.name}, line {where.lineno}: {error}"
        return Result(name, "crashed", 0, 0, None, _since(start), reason, traceback=traceback.format_exc()), None
    seconds = _since(start)
    expected = reference(design, samples)
    found = list(differences(expected, got, required_signals(design, device.clocked)))
    reasons = [sentence(found, samples, _once(design))] if found else []
    reasons += list(cycle_faults(got.step_cycles, device.clocked, predicted.intervals(samples)))
    if device.clocked and len(design.in_hardware.net.layers) > 1 and not reasons:
        reasons += list(lag_faults(got.lags, predicted.lags(samples)))
    reasons += list(status_faults(expected.status, got.status, device.clocked or device.counts))
    cycles = None if got.step_cycles is None or not got.step_cycles.size else steady(got.step_cycles)
    status: Verdict = "different" if reasons else "equal"
    mismatches = sum(difference.count for difference in found)
    result = Result(
        name, status, samples.steps, mismatches, cycles, seconds, "; ".join(reasons), _unseen(expected, got)
    )
    return result, got.ports


def required_signals(design: Design, clocked: bool) -> Required:
    """Signals of each layer, linear ones too, that an engine must show: all, or with a clock those that have ports."""
    layers = {array.name: _of_hardware(array) if clocked else tuple(array.cell.signals) for array in design.net.layers}
    layers |= {array.name: (SUM, OUT) for array in (*design.net.feeding, *design.net.linear)}
    return layers | ({design.net.head.name: (LOGITS,)} if design.net.head else {})


def _of_hardware(array: Array) -> tuple[str, ...]:
    return tuple(name for level in array.cell.levels for name in (*level.gates, level.carried, level.state))


def _unseen(expected: Observed, got: Observed) -> tuple[str, ...]:
    """Signals of the golden model that an engine does not show."""
    every = ((layer, name) for layer, named in expected.signals.items() for name in named)
    return tuple(f"{layer}.{name}" for layer, name in every if name not in got.signals.get(layer, {}))


def _once(design: Design) -> bool:
    """Whether a sequence has one result, and the head one row."""
    head = design.spec.model.head
    return head is not None and head.when == "last"


def _since(start: float) -> float:
    return round(time.perf_counter() - start, 3)
