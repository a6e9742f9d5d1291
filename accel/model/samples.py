"""Test sequences as integers: the second hand-over from training, `samples.npz`; and the corners for every engine."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from accel.architecture.network import network
from accel.base.archives import read_arrays, require_integers
from accel.base.faults import Fault, Refused
from accel.base.files import write_bytes
from accel.base.fixed import Integers
from accel.spec import Spec


@dataclass(frozen=True)
class Samples:
    """Sequences x, int64 [sequences, steps, values] as the input stream brings them (`Spec.incoming`: elements in
    `formats.input`, or a token), padded with zeros to the longest.

    `lengths` [sequences] are the real numbers of steps, `labels` [sequences] the classes (-1 where a task has none).
    `states` are what every layer begins with where it is given, [sequences, values]: layer by layer h_0, then c_0; of a
    cell whose h follows from what it keeps (GRU) the latter alone.
    """

    x: Integers
    lengths: Integers
    labels: Integers
    states: Integers | None = None

    def first(self, count: int) -> Samples:
        """The first `count` sequences."""
        states = None if self.states is None else self.states[:count]
        return Samples(self.x[:count], self.lengths[:count], self.labels[:count], states)

    def behind(self, count: int) -> Samples:
        """All but the first `count` sequences."""
        states = None if self.states is None else self.states[count:]
        return Samples(self.x[count:], self.lengths[count:], self.labels[count:], states)

    def only(self, number: int) -> Samples:
        """One sequence, without padding."""
        length, one = int(self.lengths[number]), slice(number, number + 1)
        states = None if self.states is None else self.states[one]
        return Samples(self.x[one, :length], self.lengths[one], self.labels[one], states)

    @property
    def steps(self) -> int:
        """Steps of all sequences together."""
        return int(self.lengths.sum())

    def within(self, steps: int) -> Samples:
        """As many leading sequences as fit into `steps` steps, at least one (cut to `steps` if it alone is longer)."""
        count = max(1, int(np.searchsorted(np.cumsum(self.lengths), steps, side="right")))
        head = self.first(count)
        longest = min(int(head.lengths.max()), max(1, steps))
        return replace(head, x=head.x[:, :longest], lengths=np.minimum(head.lengths, longest))

    def __add__(self, other: Samples) -> Samples:
        longest = max(self.x.shape[1], other.x.shape[1])
        x = np.concatenate([np.pad(part.x, ((0, 0), (0, longest - part.x.shape[1]), (0, 0))) for part in (self, other)])
        lengths = np.concatenate([self.lengths, other.lengths])
        states = None
        if self.states is not None and other.states is not None:
            states = np.concatenate([self.states, other.states])
        return Samples(x, lengths, np.concatenate([self.labels, other.labels]), states)


def with_states(samples: Samples, spec: Spec) -> Samples:
    """Random states for every sequence where the spec says that they are given: the same for the same seed."""
    if not spec.engine.state_streams:
        return samples
    rng, count = np.random.default_rng(spec.training.seed + 2), len(samples.lengths)
    parts = [
        rng.integers(fmt.lo, fmt.hi + 1, (count, array.outputs))
        for array in network(spec).layers
        for fmt in array.state_formats
    ]
    return replace(samples, states=np.concatenate(parts, axis=1))


def save(path: Path, samples: Samples) -> None:
    """Write `samples.npz` atomically."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, x=samples.x.astype(np.int32), lengths=samples.lengths, labels=samples.labels)
    write_bytes(path, buffer.getvalue())


def load(path: Path, spec: Spec) -> Samples:
    """Read `samples.npz`; Refused where it does not fit the spec."""
    arrays = read_arrays(path, "a samples file made by sparrow")
    if missing := [name for name in ("x", "lengths", "labels") if name not in arrays]:
        raise Refused([Fault(f"{path}: arrays", "x, lengths and labels", f"none called {' or '.join(missing)}")])
    require_integers(arrays, str(path))
    samples = Samples(*(arrays[name].astype(np.int64) for name in ("x", "lengths", "labels")))
    if faults := list(_faults(samples, spec, str(path))):
        raise Refused(faults)
    return with_states(samples, spec)


def _faults(samples: Samples, spec: Spec, place: str) -> Iterator[Fault]:
    """What about stored samples does not fit the spec."""
    x, lengths, labels, given = samples.x, samples.lengths, samples.labels, spec.incoming
    if x.ndim != 3 or x.shape[2] != given.values or not x.size:
        yield Fault(f"{place}: x", f"shape [sequences, steps, {given.values}]", str(x.shape))
        return
    if lengths.shape != x.shape[:1] or labels.shape != x.shape[:1]:
        wanted, got = f"one for each of {len(x)} sequences", f"shapes {lengths.shape} and {labels.shape}"
        yield Fault(f"{place}: lengths, labels", wanted, got)
        return
    longest = min(x.shape[1], spec.model.longest or x.shape[1])
    for name, found, low, high in (("x", x, given.lo, given.hi), ("lengths", lengths, 1, longest)):
        if found.min() < low or found.max() > high:
            yield Fault(f"{place}: {name}", f"{low} to {high}", f"{found.min()} to {found.max()}")


def seeded(spec: Spec, sequences: int, steps: int) -> Samples:
    """Random sequences of the spec's format, of lengths 1 to `steps`, or to the longest that it takes: the same for the
    same seed.
    """
    rng, given = np.random.default_rng(spec.training.seed + 1), spec.incoming
    steps = min(steps, spec.model.longest or steps)
    lengths = rng.integers(1, steps + 1, sequences)
    lengths[0] = steps
    x = rng.integers(given.lo, given.hi + 1, (sequences, steps, given.values))
    x[np.arange(steps) >= lengths[:, None]] = 0
    return _at_extremes(with_states(Samples(x, lengths, np.full(sequences, -1)), spec), spec)


def corners(spec: Spec, steps: int = 4) -> Samples:
    """All-minimum, all-maximum, alternating extremes (which saturate most), and zeros; states are extremes, of the last
    one zeros.
    """
    given = spec.incoming
    shape = min(steps, spec.model.longest or steps), given.values
    checker = np.where(np.add.outer(*map(np.arange, shape)) % 2, given.lo, given.hi)
    rows = [np.full(shape, value) for value in (given.lo, given.hi)] + [checker, np.zeros(shape)]
    x = np.stack(rows).astype(np.int64)
    found = _at_extremes(with_states(Samples(x, np.full(len(x), shape[0]), np.full(len(x), -1)), spec), spec)
    if found.states is not None:
        found.states[-1] = 0
    return found


def _at_extremes(samples: Samples, spec: Spec) -> Samples:
    """Every value of the states that are given at the nearer end of its format."""
    if samples.states is None:
        return samples
    lows, highs = (_every_state(spec, side) for side in ("lo", "hi"))
    return replace(samples, states=np.where(samples.states < 0, lows, highs))


def _every_state(spec: Spec, side: str) -> Integers:
    """The smallest or the largest integer of every value of a sequence's states."""
    formats = ((fmt, array.outputs) for array in network(spec).layers for fmt in array.state_formats)
    return np.concatenate([np.full(count, getattr(fmt, side), dtype=np.int64) for fmt, count in formats])


def brief(spec: Spec, sequences: int, last: int = 1) -> Samples:
    """Random sequences of one step each: as many as possible are under way at once. The last one has `last` steps.

    States are extremes.
    """
    rng, given = np.random.default_rng(spec.training.seed + 4), spec.incoming
    last = min(last, spec.model.longest or last)
    x = rng.integers(given.lo, given.hi + 1, (sequences, last, given.values))
    x[:-1, 1:] = 0
    lengths = np.ones(sequences, dtype=np.int64)
    lengths[-1:] = last
    return with_states(Samples(x, lengths, np.full(sequences, -1)), spec)
