"""Windows of the input's steps, as a convolution over time reads them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from accel.model import windows
from accel.spec.network import Window
from training.importing.graph_file import GraphFile, nodes
from training.importing.network import Array


@dataclass(frozen=True)
class Framed:
    """Windows of the input's rows that were met; row step * sequences + sequence of them is a window."""

    window: Window
    rows: Array
    """Rows of the input, [frames, sequences]."""
    source: int
    place: str
    folded: tuple[str, ...] = ()


def reach(file: GraphFile) -> int:
    """Steps that convolutions of a graph look at beyond a single one, and go on by: none where all are of kernel 1."""
    found = [0]
    for node in nodes(file.graph):
        if node.op_type == "Conv":
            given = {one.name: list(one.ints) for one in node.attribute}
            weight = file.constants.get(node.input[1], np.zeros((1, 1, 1)))
            kernel = given.get("kernel_shape") or list(weight.shape[2:])
            spread = given.get("dilations") or [1] * len(kernel)
            long = sum(size * by for size, by in zip(kernel, spread, strict=False)) - len(kernel)
            found.append(long + max(given.get("strides") or [1]) - 1)
    return max(found)


def consistent(x: Array, window: Window | None) -> Array:
    """Windows [sequences, steps, inputs] that are those of some frames; x as it is where there is no window."""
    if window is None:
        return x
    frames = windows.undone(x, window, window.frames_of(x.shape[1]))
    return windows.formed(frames, window)[:, : x.shape[1]]


def steps_of(rows: Array, window: Window | None) -> int:
    """Steps of so many rows of frames [frames, sequences]."""
    return len(rows) if window is None else int(window.steps_of(len(rows)))


def in_order(rows: Array) -> bool:
    """Whether rows [steps, sequences] are those of all windows, step by step."""
    return bool(np.array_equal(rows, np.arange(rows.size).reshape(rows.shape)))
