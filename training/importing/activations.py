"""Activations between linear layers: what they are in the hardware, and what of them belongs into the layers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from training.importing.arithmetic import attributes, numbers, one_signal
from training.importing.signals import Signal, broadcast
from training.importing.walk import Handler, Traversal, Value


def _of(walk: Traversal, node: Any, signal: Signal, kind: str) -> Signal:
    return walk.activated(walk.name(node), walk.file.place(node), signal, kind)


def plain(kind: str) -> Handler:
    """An operator that the hardware has as it is."""

    def handle(walk: Traversal, node: Any, given: list[Value]) -> list[Value]:
        signal, _ = one_signal(walk, node, given)
        return [_of(walk, node, signal, kind)]

    return handle


def hard_sigmoid(walk: Traversal, node: Any, given: list[Value]) -> list[Value]:
    """max(0, min(1, alpha v + beta)): alpha and beta go into the layer in front."""
    options = {"alpha": 0.2, "beta": 0.5} | attributes(node)
    signal, _ = one_signal(walk, node, given)
    signal = signal.affine(np.full((), options["alpha"]), np.full((), options["beta"]), walk.name(node))
    return [_of(walk, node, signal, "hard_sigmoid")]


def leaky(walk: Traversal, node: Any, given: list[Value]) -> list[Value]:
    """LeakyRelu and PRelu: v above 0, else a slope times v, which is relu(v) - slope relu(-v): a layer of twice the
    rows, of which the next one is told.
    """
    signal, slopes = one_signal(walk, node, given)
    slope = slopes[0] if slopes else np.asarray(attributes(node).get("alpha", 0.01))
    if not isinstance(given[0], Signal) or broadcast(signal.places.shape, slope.shape) != signal.places.shape:
        raise walk.refuse(node, "constant slopes for each value of a step", f"{list(slope.shape)}")
    signal = signal.apart() if slope.size > 1 else signal
    by, unit = signal.each(slope, 0.0), np.eye(signal.count)
    both = replace(
        signal,
        matrix=np.concatenate([signal.matrix, -signal.matrix]),
        offset=np.concatenate([signal.offset, -signal.offset]),
    )
    halves = _of(walk, node, both, "relu")
    matrix = np.concatenate([unit, -by * unit], axis=1)
    return [Signal(halves.source, matrix, np.zeros(signal.count), signal.places, (walk.name(node),))]


def clip(walk: Traversal, node: Any, given: list[Value]) -> list[Value]:
    """Clip to -1 and 1, to 0 and more, or between any two ends: those are 0 and 1 of what is shifted and scaled."""
    signal, _ = one_signal(walk, node, given[:1])
    least, most = _ends(walk, node, given)
    if least is None or (most is not None and not least < most):
        raise walk.refuse(node, "a Clip with a lower end, and no upper one or one above it", f"{least} and {most}")
    if (least, most) == (-1.0, 1.0):
        return [_of(walk, node, signal, "hard_tanh")]
    span, name = 1.0 if most is None else most - least, walk.name(node)
    kind = "relu" if most is None else "hard_sigmoid"
    if (least, span) == (0.0, 1.0):
        return [_of(walk, node, signal, kind)]
    unit = signal.affine(np.full((), 1 / span), np.full((), -least / span), name)
    return [_of(walk, node, unit, kind).affine(np.full((), span), np.full((), least), name)]


def _ends(walk: Traversal, node: Any, given: list[Value]) -> tuple[float | None, float | None]:
    """The two ends of a Clip, from its attributes or, from operator set 11 on, its inputs; None where it has none."""
    found: list[float | None] = [attributes(node).get("min"), attributes(node).get("max")]
    for place, value in enumerate(given[1:3]):
        if value is None:
            continue
        if not isinstance(value, np.ndarray) or value.size != 1:
            raise walk.refuse(node, "ends that are constant numbers", "others")
        found[place] = float(numbers(walk, node, value).ravel()[0])
    least, most = (None if end is None or abs(end) > np.finfo(np.float32).max / 2 else end for end in found)
    return least, most


HANDLERS: dict[str, Handler] = {
    "Relu": plain("relu"),
    **dict.fromkeys(("LeakyRelu", "PRelu"), leaky),
    "Tanh": plain("tanh"),
    "HardSigmoid": hard_sigmoid,
    "Clip": clip,
}
