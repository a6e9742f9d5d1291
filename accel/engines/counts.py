"""What an engine counted, against what it should have: cycles of steps, and the status word."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from accel.base.fixed import Integers
from accel.engines.engine import Status


def cycle_faults(measured: Integers | None, clocked: bool, predicted: Integers) -> Iterator[str]:
    """Intervals between steps, [steps - 1] cycles, that are not the predicted ones, or that a `clocked` engine did not
    measure.
    """
    if measured is None or not measured.size:
        if clocked:
            yield "measured no cycles"
        return
    if not _free(predicted.size + 1) - 1 <= measured.size <= predicted.size:
        yield f"measured {measured.size} intervals between {predicted.size + 1} steps"
        return
    wrong = np.flatnonzero(measured != predicted[: measured.size])
    if wrong.size:
        first = int(wrong[0])
        where = f"{wrong.size} of {measured.size} measured steps, the first is number {first}"
        yield f"cycles per step: expected {predicted[first]}, got {int(measured[first])} ({where})"


def lag_faults(measured: Sequence[Integers], predicted: Sequence[Integers]) -> Iterator[str]:
    """Steps that begin at a later layer in another cycle than they should; [steps] cycles a later layer."""
    if len(measured) != len(predicted):
        yield f"measured steps at {len(measured)} later layers, not at {len(predicted)}"
        return
    for number, (seen, wanted) in enumerate(zip(measured, predicted, strict=True), 1):
        if not _free(wanted.size) <= seen.size <= wanted.size:
            yield f"layer {number}: measured {seen.size} steps of {wanted.size}"
            continue
        wrong = np.flatnonzero(seen != wanted[: seen.size])
        if wrong.size:
            first = int(wrong[0])
            where = f"({wrong.size} of {seen.size} measured steps, the first is number {first})"
            yield f"layer {number}: cycles behind the first: expected {wanted[first]}, got {seen[first]} {where}"


def status_faults(expected: Status | None, got: Status | None, required: bool) -> Iterator[str]:
    """Parts of the status word that are not the golden model's, are missing, or that it does not have."""
    assert expected is not None
    if got is None:
        if required:
            yield "reported no status word"
        return
    if got.steps != expected.steps:
        yield f"status word: expected {expected.steps} steps, got {got.steps}"
    for layer, counts in expected.saturations.items():
        for signal, count in counts.items():
            seen = got.saturations.get(layer, {}).get(signal)
            if seen != count:
                yield f"status word: expected {count} saturations of {layer}.{signal}, got {seen}"
    known = {(layer, signal) for layer, counts in expected.saturations.items() for signal in counts}
    for layer, counts in got.saturations.items():
        for signal in counts:
            if (layer, signal) not in known:
                yield f"status word: expected no saturations of {layer}.{signal}, got {counts[signal]}"


def _free(steps: int) -> int:
    """Of a number of steps, those that run freely at least, and are measured: the first half."""
    return steps if steps < 4 else steps // 2 + 1
