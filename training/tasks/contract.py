"""What a task must be, held against one that a person wrote: every breach with its place, wanted and got."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

import numpy as np

from accel.base.faults import Fault
from training.tasks.task import Metric, Split, Task, Text

METRICS = get_args(Metric)


def faults(task: Any, place: str) -> Iterator[Fault]:
    """Breaches of the contract of `Task`, `Split` and `Text`; none where training can rely on it."""
    if not isinstance(task, Task):
        yield Fault(place, "a training.tasks.task.Task", f"a {type(task).__name__}")
        return
    if type(task.classes) is not int or task.classes < 2:
        yield Fault(f"{place}: classes", "a whole number of at least 2", repr(task.classes))
        return
    if task.metric not in METRICS:
        yield Fault(f"{place}: metric", f"one of {', '.join(METRICS)}", repr(task.metric))
    kinds = {name: getattr(task, name) for name in ("train", "valid", "test")}
    for name, part in kinds.items():
        if not isinstance(part, (Split, Text)) or not isinstance(part, type(task.train)):
            yield Fault(f"{place}: {name}", "a Split, or a Text, as the other two", f"a {type(part).__name__}")
            return
    found = [fault for name, part in kinds.items() for fault in _part(part, task, f"{place}: {name}")]
    yield from found
    if not found and isinstance(task.train, Split) and len({part.x.shape[2:] for part in kinds.values()}) > 1:
        shapes = ", ".join(f"{name} {list(part.x.shape)}" for name, part in kinds.items())
        yield Fault(place, "x with as many inputs in each split", shapes)


def _part(part: Split | Text, task: Task, place: str) -> Iterator[Fault]:
    yield from _text(part, task, place) if isinstance(part, Text) else _split(part, task, place)


def _split(part: Split, task: Task, place: str) -> Iterator[Fault]:
    tokens = task.vocabulary is not None
    wanted = (
        (np.int64, 2, "int64 [sequences, steps]") if tokens else (np.float32, 3, "float32 [sequences, steps, inputs]")
    )
    if found := _array(part.x, *wanted):
        yield Fault(f"{place}.x", *found)
        return
    count, steps = part.x.shape[:2]
    for name, values, low, high in (("lengths", part.lengths, 1, steps), ("labels", part.labels, 0, task.classes - 1)):
        if found := _array(values, np.int64, 1, f"int64 [{count}], one a sequence"):
            yield Fault(f"{place}.{name}", *found)
        elif len(values) != count:
            yield Fault(f"{place}.{name}", f"{count} numbers, one a sequence", str(len(values)))
        elif values.min() < low or values.max() > high:
            yield Fault(f"{place}.{name}", f"numbers from {low} to {high}", f"{values.min()} to {values.max()}")
    if tokens:
        yield from _tokens(part.x, task, f"{place}.x")
    elif not np.isfinite(part.x).all():
        yield Fault(f"{place}.x", "finite numbers", f"{int((~np.isfinite(part.x)).sum())} that are not")
    elif part.lengths.shape == (count,) and part.x[np.arange(steps) >= part.lengths[:, None]].any():
        yield Fault(f"{place}.x", "zeros behind the end of a sequence", "other numbers")


def _text(part: Text, task: Task, place: str) -> Iterator[Fault]:
    if task.vocabulary is None:
        yield Fault(place.rsplit(": ", 1)[0], "a vocabulary, where there is a text", "None")
    elif found := _array(part.tokens, np.int64, 1, "int64 [length]"):
        yield Fault(f"{place}.tokens", *found)
    else:
        yield from _tokens(part.tokens, task, f"{place}.tokens")


def _tokens(tokens: np.ndarray, task: Task, place: str) -> Iterator[Fault]:
    assert task.vocabulary is not None
    if tokens.min() < 0 or tokens.max() >= task.vocabulary:
        yield Fault(place, f"tokens from 0 to {task.vocabulary - 1}", f"{tokens.min()} to {tokens.max()}")


def _array(value: Any, dtype: type, dimensions: int, wanted: str) -> tuple[str, str] | None:
    """What is wanted and what came, where an array has another type or shape, or is empty."""
    if not isinstance(value, np.ndarray):
        return f"{wanted}, a numpy array", f"a {type(value).__name__}"
    if value.dtype != dtype or value.ndim != dimensions or not value.size:
        return f"{wanted}, not empty", f"{value.dtype} {list(value.shape)}"
    return None
