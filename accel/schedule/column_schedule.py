"""The column dataflow in time: what is not zero decides when each column is taken, to the cycle.

Every register that a column passes holds one thing; it is loaded as soon as it is empty or being emptied. So each event
is the maximum of what it waits for, as `accel.rtl.blocks.columns.operand_queue`, `walk` and `drain` build it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from accel.architecture.columns import ColumnArray
from accel.architecture.latencies import QUEUE, column_flush, scale_delay, slot_to_state
from accel.architecture.network import Network
from accel.architecture.vector import Vector
from accel.base.fixed import Integers
from accel.model import golden
from accel.model.samples import Samples
from accel.model.weights import Weights
from accel.schedule.turns import Turn, turns

TO_MEMORY = QUEUE - 2
"""From a beat to the output register of the queue's memory."""


def launch_to_state(array: ColumnArray) -> int:
    """From a drain's launch to the first h_t: group, slot, scales where there are some, cell stage."""
    return 2 + scale_delay(array) + slot_to_state(array)


@dataclass(frozen=True)
class Load:
    """What of a step is not zero: elements of each beat of x_t and h_t, h None where a sequence ends and drops it."""

    x: Sequence[int]
    h: Sequence[int] | None
    fresh: bool
    """Nothing of h_{t-1} is read."""


Loads = list[tuple[Load, ...]]
"""The loads of each turn, a layer each."""


def loads(net: Network, weights: Weights, samples: Samples) -> Loads:
    """What of every turn is not zero, as the golden model finds it."""
    taken = turns(samples.lengths.tolist(), net.spec.engine.streams)
    real = _counts(net, weights, samples.x, samples.lengths)
    empty = np.zeros((1, 1, net.spec.model.inputs), dtype=np.int64)
    filler = [] if all(turn.real for turn in taken) else _counts(net, weights, empty, np.array([1]))
    return [
        tuple(_load(net, layer, turn, number) for layer in (real if turn.real else filler))
        for number, turn in enumerate(taken)
    ]


def dense_loads(net: Network, lengths: Sequence[int]) -> Loads:
    """Turns without a single zero."""
    longest = (len(lengths), max(lengths))
    full = [
        (
            _beats(np.ones((*longest, a.inputs), bool), a.x_vector),
            _beats(np.ones((*longest, a.outputs), bool), a.h_vector),
        )
        for a in net.layers
    ]
    taken = turns(lengths, net.spec.engine.streams)
    return [tuple(_load(net, layer, turn, number) for layer in full) for number, turn in enumerate(taken)]


def _counts(net: Network, weights: Weights, x: Integers, lengths: Integers) -> list[tuple[Integers, Integers]]:
    """For each layer, what is not zero in every beat of x and of h: [sequences, steps, beats]."""
    found, given = [], x
    for array, trace in zip(net.layers, golden.run(net, weights, x, lengths).layers, strict=True):
        h = trace.h
        kept = np.abs(h) >= weights.threshold_at(array)
        found.append((_beats(given != 0, array.x_vector), _beats(kept, array.h_vector)))
        given = h
    return found


def _beats(counts: np.ndarray, vector: Vector) -> Integers:
    """Elements that count, [..., elements], as their number in each beat."""
    spare = vector.beats * vector.words - counts.shape[-1]
    padded = np.pad(counts, [(0, 0)] * (counts.ndim - 1) + [(0, spare)])
    found: Integers = padded.reshape(*counts.shape[:-1], vector.beats, vector.words).sum(axis=-1)
    return found


def _load(net: Network, layer: tuple[Integers, Integers], turn: Turn, number: int) -> Load:
    x, h = (counts[max(0, turn.sequence), turn.step].tolist() for counts in layer)
    stateful = net.spec.model.stateful
    return Load(x, h if stateful or not turn.final else None, fresh=number == 0 if stateful else turn.step == 0)


@dataclass
class Waits:
    """Cycles of the lanes: with a column, and without one, by what they wait for."""

    busy: int = 0
    input: int = 0
    """For x_t."""
    accumulators: int = 0
    """For the accumulators that an earlier step's sums are still read from."""
    state: int = 0
    """For h_{t-1} out of the cell stage."""
    ends: int = 0
    """On vectors whose end comes alone."""

    @property
    def cycles(self) -> int:
        """All of them."""
        return self.busy + self.input + self.accumulators + self.state + self.ends


@dataclass(frozen=True)
class Passage:
    """A step's way through a layer: when it begins, its h begins, its sums are read, its first h_t leaves."""

    begin: int
    x_cycles: int
    """From its begin until x is through, waits included."""
    h_begin: int
    h_cycles: int
    """The same of h; 0 where the sequence begins."""
    launch: int
    states: int


@dataclass
class _Queue:
    """A queue of operands in time: cycles from which its registers hold what came last."""

    cycles: int
    """Of the lanes for a column."""
    entered: int = 0
    """The entry register was loaded."""
    freed: int = 0
    """The entry's last element became a column."""
    taken: int = -1
    """The lanes took the last column."""


@dataclass
class ColumnClock:
    """A layer by columns, step after step; cycles as `accel.schedule.schedule` counts them."""

    array: ColumnArray
    waits: Waits = field(default_factory=Waits)

    def __post_init__(self) -> None:
        k_x, k_h = self.array.kept
        self.x, self.h = _Queue(k_x), _Queue(k_h)
        self.free = 0
        """The lanes can take a column."""
        self.vacant = [self.array.groups] * 2
        """The accumulators of each bank can be used; after a reset they are cleared first."""
        self.launched = -self.array.output_beats
        self.states: list[tuple[list[int], Sequence[int]]] = []
        """h of steps to come: cycles of its beats, and what of them is not zero."""
        self.passages: list[Passage] = []

    def step(self, arrivals: Sequence[int], fits: int, load: Load) -> tuple[int, int, list[int]]:
        """One step: x beats come at `arrivals`, results fit from cycle `fits` on.

        Returns the cycle in which the step begins, the one in which x is given back, and those of its h beats.
        """
        bank = len(self.passages) % 2
        if self.array.x_by_rows:
            begin, given = self._read(arrivals[-1] + 1, self.vacant[bank])
        else:
            begin, given = self._walk(self.x, [cycle + 1 for cycle in arrivals], load.x, self.vacant[bank])
        x_end = h_begin = self.free
        if not load.fresh:
            h_begin, _ = self._walk(self.h, *self.states.pop(0), 0)
        launch = max(self.free + column_flush(self.array) + 1, fits, self.launched + self.array.output_beats)
        self.launched, self.vacant[bank] = launch, launch + self.array.output_beats + 1
        written = launch + launch_to_state(self.array)
        results = [written + beat for beat in range(self.array.output_beats)]
        if load.h is not None:
            self.states.append((results, load.h))
        self.passages.append(Passage(begin, x_end - begin, h_begin, self.free - h_begin, launch, results[0]))
        return begin, given, results

    def _read(self, complete: int, vacant: int) -> tuple[int, int]:
        """The lanes go through the rows of W_x; returns when they begin, and when x is given back."""
        begin = max(complete, self.free, vacant)
        wait, unused = begin - self.free, begin - max(self.free, complete)
        if self.passages:
            self.waits.accumulators += unused
            self.waits.input += wait - unused
        self.waits.busy += self.array.h_start
        self.free = begin + self.array.h_start
        return begin, self.free + 1

    def _walk(self, queue: _Queue, beats: Sequence[int], counts: Sequence[int], vacant: int) -> tuple[int, int]:
        """The lanes go through a vector; returns when they take its first column and its last."""
        first, last_beat = None, len(beats) - 1
        for number, (beat, count) in enumerate(zip(beats, counts, strict=True)):
            if not count and number < last_beat:
                continue
            held = max(beat + TO_MEMORY, queue.entered)
            queue.entered = max(held + 1, queue.freed)
            if not count and first is not None and queue.entered < queue.taken:
                queue.freed = queue.entered + 1  # the end joins the column that waits
                continue
            for _ in range(max(1, count)):
                queue.freed = max(queue.entered, queue.taken) + 1
                taken = max(queue.freed, self.free, vacant if first is None else 0)
                self._count(queue, taken, vacant if first is None else 0, count > 0)
                self.free = taken + (queue.cycles if count else 1)
                queue.taken = taken
                first = taken if first is None else first
        assert first is not None
        return first, queue.taken

    def _count(self, queue: _Queue, taken: int, vacant: int, column: bool) -> None:
        """What the lanes did until a column was taken, and do with it."""
        waits, wait = self.waits, max(0, taken - self.free) if self.passages else 0
        unused = min(wait, max(0, taken - max(self.free, queue.freed)))
        assert unused == 0 or vacant == taken
        waits.accumulators += unused
        if queue is self.x:
            waits.input += wait - unused
        else:
            waits.state += wait - unused
        waits.busy += queue.cycles if column else 0
        waits.ends += 0 if column else 1
