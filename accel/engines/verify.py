"""Runs engines on the same integers and demands equality: every signal, every result, every cycle count."""

from __future__ import annotations

import time
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, Protocol

import numpy as np

from accel.architecture.array import Array
from accel.architecture.cells.activations import OUT, SUM
from accel.base.faults import Refused
from accel.base.fixed import Integers
from accel.base.progress import Progress, silent
from accel.engines.counts import cycle_faults, lag_faults, status_faults
from accel.engines.covered import Covered, Sequences
from accel.engines.engine import LOGITS, Engine, EngineFailed, Observed, ProgramFailed, ToolMissing, reference
from accel.engines.memories import Memories
from accel.model.design import Design
from accel.model.samples import Samples
from accel.schedule.schedule import steady

Verdict = Literal["equal", "different", "failed", "crashed", "not run"]
"""`failed`: a program of this machine ended early; `crashed`: our own code did. Neither has shown anything."""

LAST_STATES = "h_n and c_n"

Required = Mapping[str, tuple[str, ...]]
"""Signals of each layer without which an engine has shown nothing."""


class Prediction(Protocol):
    """What the schedule promises: `accel.schedule.schedule.Schedule` keeps it."""

    def cycles_over(self, samples: Samples) -> int:
        """Cycles from step to step in the middle of a long sequence, or as they settle over these."""

    def busy_over(self, samples: Samples) -> float:
        """Share of the lanes' cycles in which they work."""

    def intervals(self, samples: Samples) -> Integers:
        """Cycles from each step's begin to the next one's over these sequences."""

    def lags(self, samples: Samples) -> list[Integers]:
        """Cycles from each step's begin at the first layer to its begin at each later one."""


@dataclass(frozen=True)
class Contender:
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
    """What became of one engine; the fields are those of `verify.json`. `unseen` are signals that it does not show."""

    engine: str
    status: Verdict
    steps: int
    mismatches: int
    cycles_per_step: int | None
    seconds: float
    reason: str
    unseen: tuple[str, ...] = ()
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


@dataclass(frozen=True)
class Difference:
    """One signal against its expectation: how many integers differ, and the first (row, column, expected, got)."""

    signal: str
    count: int
    row: int
    column: int
    expected: str
    got: str


def verify(
    design: Design,
    sequences: Sequences,
    contenders: Mapping[str, Contender],
    predicted: Prediction,
    memories: Memories,
    coverage: Covered,
    progress: Progress = silent,
) -> Verification:
    """Run every contender on the sequences, and compare it with the golden model.

    `memories` has been compared before, `coverage` is what the sequences reach. Slow engines get as many leading
    sequences as fit into `verify.slow_steps`; their result says how many steps.
    """
    samples, layers = sequences.all, design.net.layers
    lanes = sum(array.multipliers for array in layers)
    nonzeros = sum(array.nonzeros for array in layers)
    results: list[Result] = []
    for name, contender in contenders.items():
        progress("verify", len(results), len(contenders), name)
        given = samples.within(design.spec.verify.slow_steps) if contender.slow else samples
        results.append(judge(name, contender, design, given, predicted))
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


def judge(name: str, contender: Contender, design: Design, samples: Samples, predicted: Prediction) -> Result:
    """Run one engine and compare it. What it raises becomes its result, but Refused and what the machine lacks."""
    start = time.perf_counter()
    try:
        got = contender.engine(design, samples)
    except ToolMissing as missing:
        return Result(name, "not run", 0, 0, None, 0.0, str(missing))
    except EngineFailed as failure:
        return Result(name, "different", 0, 0, None, _since(start), f"failed: {failure}")
    except ProgramFailed as failure:
        return Result(name, "failed", 0, 0, None, _since(start), str(failure))
    except (Refused, OSError, MemoryError):
        raise
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        reason = f"{type(error).__name__} in {where.name}, line {where.lineno}: {error}"
        return Result(name, "crashed", 0, 0, None, _since(start), reason, traceback=traceback.format_exc())
    seconds = _since(start)
    expected = reference(design, samples)
    found = list(differences(expected, got, required_signals(design, contender.clocked)))
    reasons = [_sentence(found, samples, _once(design))] if found else []
    reasons += list(cycle_faults(got.step_cycles, contender.clocked, predicted.intervals(samples)))
    if contender.clocked and len(design.net.layers) > 1 and not reasons:
        reasons += list(lag_faults(got.lags, predicted.lags(samples)))
    reasons += list(status_faults(expected.status, got.status, contender.clocked or contender.counts))
    cycles = None if got.step_cycles is None or not got.step_cycles.size else steady(got.step_cycles)
    status: Verdict = "different" if reasons else "equal"
    mismatches = sum(difference.count for difference in found)
    return Result(name, status, samples.steps, mismatches, cycles, seconds, "; ".join(reasons), _unseen(expected, got))


def required_signals(design: Design, clocked: bool) -> Required:
    """Signals of each layer, linear ones too, that an engine must show: all, or with a clock those that have ports."""
    layers = {array.name: _of_hardware(array) if clocked else tuple(array.cell.signals) for array in design.net.layers}
    layers |= {array.name: (SUM, OUT) for array in design.net.linear}
    return layers | ({design.net.head.name: (LOGITS,)} if design.net.head else {})


def _of_hardware(array: Array) -> tuple[str, ...]:
    return tuple(name for level in array.cell.levels for name in (*level.gates, level.kept, level.state))


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


def differences(expected: Observed, got: Observed, required: Required) -> Iterator[Difference]:
    """Every signal that is missing, unknown, too short, too long or unequal, and the results likewise.

    Signals come in the order in which they come about: the first that differs is nearest the cause.
    """
    order = {name: number for number, name in enumerate(expected.signals)}
    for layer in sorted(expected.signals.keys() | got.signals.keys(), key=lambda name: (order.get(name, -1), name)):
        wanted, seen = expected.signals.get(layer, {}), got.signals.get(layer, {})
        place = {name: number for number, name in enumerate(wanted or seen)}
        names = seen.keys() | set(required.get(layer, ()))
        for name in sorted(names, key=lambda name: (place.get(name, -1), name)):
            yield from _compare(f"{layer}.{name}", wanted.get(name), seen.get(name))
    yield from _compare("outputs", expected.outputs, got.outputs)
    if expected.last_states is not None or got.last_states is not None:
        yield from _compare(LAST_STATES, expected.last_states, got.last_states)


def _compare(signal: str, expected: Integers | None, got: Integers | None) -> Iterator[Difference]:
    if expected is None or got is None:
        yield Difference(signal, 1, 0, 0, *("nothing" if side is None else "a signal" for side in (expected, got)))
        return
    if not np.issubdtype(got.dtype, np.integer):
        yield Difference(signal, got.size, 0, 0, "integers", str(got.dtype))
        return
    if expected.shape[1:] != got.shape[1:]:
        yield Difference(signal, expected.size, 0, 0, f"shape {expected.shape}", f"shape {got.shape}")
        return
    both = min(len(expected), len(got))
    unequal = np.argwhere(expected[:both] != got[:both])
    count = len(unequal) + abs(expected.size - got.size)
    if len(unequal):
        row, column = (int(part) for part in unequal[0])
        yield Difference(signal, count, row, column, str(expected[row, column]), str(got[row, column]))
    elif count:
        yield Difference(signal, count, both, 0, f"{len(expected)} rows", f"{len(got)} rows")


def _sentence(found: list[Difference], samples: Samples, once: bool) -> str:
    """The first difference in the order of time: where it is, what was expected, what came.

    `once` tells that a head has a row a sequence, that of its last step.
    """
    ends = np.cumsum(samples.lengths) - 1
    signals = [difference for difference in found if difference.signal not in ("outputs", LAST_STATES)]
    if once:
        signals = [_at_end(difference, ends) for difference in signals]
    first = min(signals, key=lambda difference: difference.row) if signals else found[0]
    wanted = f"expected {first.expected}, got {first.got}"
    if first.signal == LAST_STATES:
        return f"{LAST_STATES} differ first in sequence {first.row}, value {first.column}: {wanted}"
    if not signals:
        return f"outputs differ first at result {first.row}, value {first.column}: {wanted}"
    sequence, step = _position(first.row, samples.lengths)
    place = f"step {first.row} (sequence {sequence}, step {step}), unit {first.column}"
    return f"{first.signal} differs first at {place}: {wanted}"


def _at_end(difference: Difference, ends: Integers) -> Difference:
    """A difference of a linear layer, whose rows are sequences, at the last step of its sequence."""
    if not difference.signal.endswith((f".{LOGITS}", f".{SUM}", f".{OUT}")):
        return difference
    return replace(difference, row=int(ends[min(difference.row, len(ends) - 1)]))


def _position(row: int, lengths: Integers) -> tuple[int, int]:
    """Sequence and step within it of a step counted over all sequences."""
    ends = np.cumsum(lengths)
    sequence = int(np.searchsorted(ends, row, side="right"))
    return sequence, row - int(ends[sequence - 1] if sequence else 0)
