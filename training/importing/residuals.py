"""Add of h_t of a recurrent layer and of the x_t that it reads itself, on the way to the next recurrent layer."""

from __future__ import annotations

from typing import Any

import numpy as np

from training.importing.arithmetic import add
from training.importing.network import Array
from training.importing.signals import Signal, Uneven, X
from training.importing.walk import Added, Handler, Layer, Traversal, Value


def is_plain(matrix: Array, offset: Array) -> bool:
    """Whether the values of a source are passed as they are, all of them and in their order."""
    return matrix.shape == (len(offset),) * 2 and np.array_equal(matrix, np.eye(len(offset))) and not offset.any()


def add_any(walk: Traversal, node: Any, given: list[Value]) -> list[Value]:
    """Add and Sum: of a signal and constants, or a residual."""
    signals = [value for value in given if isinstance(value, Signal)]
    pairs = (signals, signals[::-1]) if len(signals) == len(given) == 2 else ()
    for h, x in pairs:
        if (rows := _rows(walk, h, x)) is not None:
            walk.layers.append(Added(h.source, walk.file.place(node), walk.name(node)))
            count = h.count
            places = rows[..., None] * count + np.arange(count)
            return [Signal(len(walk.layers) - 1, np.eye(count), np.zeros(count), places)]
    return add(walk, node, given)


def _rows(walk: Traversal, h: Signal, x: Signal) -> Array | None:
    """The rows of a layer's h_t, where `x` is what the layer reads in the same steps; else None."""
    layer = None if h.source == X else walk.layers[h.source]
    if not isinstance(layer, Layer) or not layer.plain or layer.read != x.source or h.places.shape != x.places.shape:
        return None
    try:
        (*of_h, rows), (*of_x, read) = h.vectors(), x.vectors()
    except Uneven:
        return None
    if not (is_plain(*of_h) and is_plain(*of_x) and h.count == x.count) or rows.max() >= layer.rows.size:
        return None
    return rows if np.array_equal(layer.rows.ravel()[rows], read) else None


HANDLERS: dict[str, Handler] = {"Add": add_any, "Sum": add_any}
