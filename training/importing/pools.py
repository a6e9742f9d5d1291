"""A mean or a maximum over the steps of a sequence, behind the last recurrent layer."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from training.importing.arithmetic import attributes, one_signal
from training.importing.signals import Signal, X
from training.importing.walk import Added, Handler, Layer, Pooling, Traversal, Value


def over_steps(kind: Literal["mean", "max"]) -> Handler:
    """ReduceMean and ReduceMax. A mean of what is affine in h_t is affine in the mean; a maximum is of h_t alone."""

    def handle(walk: Traversal, node: Any, given: list[Value]) -> list[Value]:
        signal, _ = one_signal(walk, node, given[:1])
        layer = walk.layers[signal.source] if signal.source != X else None
        layer = walk.layers[layer.source] if isinstance(layer, Added) else layer
        if not isinstance(layer, Layer):
            raise walk.refuse(node, f"a {kind} of h_t over its steps", "one of something else")
        chosen = np.eye(signal.matrix.shape[1])[signal.matrix.argmax(axis=1)]
        if kind == "max" and (signal.offset.any() or not np.array_equal(signal.matrix, chosen)):
            raise walk.refuse(node, "a maximum of h_t itself, what is affine behind it", "one of what was made of h_t")
        axis, kept = _axis(walk, node, given, signal)
        steps, sequences = layer.rows.shape
        rows, values = np.divmod(np.moveaxis(signal.places, axis, 0), signal.count)
        expected = rows[0] + sequences * np.arange(steps).reshape(-1, *[1] * rows[0].ndim)
        whole = len(rows) == steps and np.all(rows[0] < sequences) and np.array_equal(rows, expected)
        if not whole or np.any(values != values[0]):
            raise walk.refuse(node, f"a {kind} over all steps, and nothing else", f"axis {axis}")
        walk.layers.append(Pooling(kind, signal.source, walk.file.place(node), signal.folded))
        places = rows[-1] * signal.count + values[-1]
        places = np.expand_dims(places, axis) if kept else places
        made = Signal(len(walk.layers) - 1, signal.matrix, signal.offset, places)
        return [made]

    return handle


def _axis(walk: Traversal, node: Any, given: list[Value], signal: Signal) -> tuple[int, bool]:
    """The one axis that is reduced, and whether it stays."""
    options = attributes(node)
    axes = options.get("axes")
    if len(given) > 1 and given[1] is not None:
        if not isinstance(given[1], np.ndarray):
            raise walk.refuse(node, "axes that are constant", "others")
        axes = given[1].ravel().tolist()
    if axes is None or len(axes) != 1:
        raise walk.refuse(node, "one axis, that of the steps", "all of them" if axes is None else f"axes {list(axes)}")
    return int(axes[0]) % signal.places.ndim, bool(options.get("keepdims", 1))


HANDLERS: dict[str, Handler] = {"ReduceMean": over_steps("mean"), "ReduceMax": over_steps("max")}
