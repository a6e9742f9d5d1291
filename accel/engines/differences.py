"""What an engine observed against the golden model, value by value, and the first difference as a sentence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from accel.architecture.cells.activations import OUT, SUM
from accel.base.fixed import Integers
from accel.engines.engine import LOGITS, Observed
from accel.model.samples import Samples

LAST_STATES = "h_n and c_n"

Required = Mapping[str, tuple[str, ...]]
"""Signals of each layer without which an engine has shown nothing."""


@dataclass(frozen=True)
class Difference:
    """One signal against its expectation: how many integers differ, and the first (row, column, expected, got)."""

    signal: str
    count: int
    row: int
    column: int
    expected: str
    got: str


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


def sentence(found: list[Difference], samples: Samples, once: bool) -> str:
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
