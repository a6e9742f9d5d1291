"""Conv: over single steps a linear layer; over several, right behind the input, a linear layer over windows of it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from accel.spec.network import Window
from training.importing.arithmetic import attributes, one_signal, product
from training.importing.frames import Framed
from training.importing.network import Array
from training.importing.signals import Signal, Uneven, X
from training.importing.walk import Handler, Traversal, Value


class Along(NamedTuple):
    """How a convolution goes along one axis."""

    kernel: int
    stride: int
    front: int
    behind: int


SINGLE = Along(1, 1, 0, 0)


def convolve(walk: Traversal, node: Any, given: list[Value]) -> list[Value]:
    """A linear layer over axis 1, of one step or of windows of steps; groups are blocks of its matrix."""
    signal, (weight, *bias) = one_signal(walk, node, given)
    options = attributes(node)
    if not isinstance(given[0], Signal) or weight.ndim != signal.places.ndim or weight.ndim < 3:
        raise walk.refuse(node, "a Conv of x with constant weights", f"weights {list(weight.shape)}")
    weight = _whole(walk, node, weight, int(options.get("group", 1)), signal.places.shape[1])
    along = [_along(walk, node, options, weight.shape, axis) for axis in range(weight.ndim - 2)]
    long = [axis for axis, one in enumerate(along) if one != SINGLE]
    if not long:
        flat = weight.reshape(weight.shape[:2]).T
        made = product(walk, node, signal.moved(np.moveaxis(signal.places, 1, -1)), flat, True)
    else:
        made = _over_steps(walk, node, signal, weight, long, along)
    for constant in bias:
        made = made.affine(np.ones(()), constant, "")
    return [made.moved(np.moveaxis(made.places, -1, 1))]


def _whole(walk: Traversal, node: Any, weight: Array, groups: int, channels: int) -> Array:
    """The weights [outputs, channels, ...] of all groups, zeros where an output does not read a channel."""
    outputs, inner = weight.shape[:2]
    if groups < 1 or outputs % groups or inner * groups != channels:
        raise walk.refuse(node, f"weights for {channels} channels", f"{groups} groups of {inner}")
    whole = np.zeros((outputs, channels, *weight.shape[2:]))
    for group, rows in enumerate(np.split(np.arange(outputs), groups)):
        whole[rows, group * inner : (group + 1) * inner] = weight[rows]
    return whole


def _along(walk: Traversal, node: Any, options: dict[str, Any], shape: tuple[int, ...], axis: int) -> Along:
    """Kernel, stride and zeros along one of the axes behind the channels."""
    axes, kernel = len(shape) - 2, shape[2 + axis]
    strides, dilations = (list(options.get(key) or [1] * axes) for key in ("strides", "dilations"))
    pads, auto = list(options.get("pads") or [0] * 2 * axes), options.get("auto_pad", b"NOTSET")
    if dilations[axis] != 1 and kernel > 1:
        raise walk.refuse(node, "a Conv without dilation, whose windows have no gaps", f"dilation {dilations[axis]}")
    front, behind = pads[axis], pads[axes + axis]
    if auto in (b"SAME_UPPER", b"SAME_LOWER"):
        if strides[axis] != 1:
            raise walk.refuse(node, "zeros that do not depend on the number of steps", f"{auto.decode()} and a stride")
        less, more = (kernel - 1) // 2, kernel // 2
        front, behind = (less, more) if auto == b"SAME_UPPER" else (more, less)
    elif auto == b"VALID":
        front, behind = 0, 0
    if min(front, behind) < 0 or max(front, behind) >= max(kernel, 2):
        raise walk.refuse(node, f"0 to {kernel - 1} zeros at an end", f"{front} and {behind}")
    return Along(kernel, strides[axis], front, behind)


def _over_steps(
    walk: Traversal, node: Any, signal: Signal, weight: Array, long: list[int], along: list[Along]
) -> Signal:
    """The product with windows of the input, with the values behind the other axes."""
    if len(long) > 1 or signal.source != X:
        wanted = (
            "a Conv over the steps of the input itself (cut the file behind it with --from, and leave it to the host)"
        )
        got = "one over two axes" if len(long) > 1 else "one over what was computed, or looked up"
        raise walk.refuse(node, wanted, got)
    time = 2 + long[0]
    places, taps = (np.moveaxis(array, time, 2) for array in (signal.places, weight))
    if np.prod(places.shape[3:], dtype=int) != 1:
        raise Uneven
    sequences, channels, frames = places.shape[:3]
    kernel, stride, front, behind = along[long[0]]
    window = Window(steps=kernel, stride=stride, pad=(front, behind))
    flat = signal.moved(places.reshape(sequences, channels, frames).swapaxes(1, 2))
    matrix, offset, rows = flat.vectors()
    if (front or behind) and offset.any():
        raise walk.refuse(node, "zeros at the ends of x itself", "of what a constant was added to")
    steps = window.steps_of(frames)
    if steps < 1:
        raise walk.refuse(node, f"at least {window.frames_of(1)} steps", str(frames))
    taps = taps.reshape(*taps.shape[:3])
    wide = np.concatenate([taps[..., tap] @ matrix for tap in range(kernel)], axis=1)
    walk.layers.append(Framed(window, rows.T, X, walk.file.place(node), signal.folded))
    count = len(wide)
    numbers = np.arange(steps * sequences).reshape(steps, sequences).T[..., None] * count + np.arange(count)
    shape = (sequences, steps, *[1] * (places.ndim - 3), count)
    made = np.moveaxis(numbers.reshape(shape), 1, 1 + long[0])
    return Signal(len(walk.layers) - 1, wide, taps.sum(axis=2) @ offset, made, (*signal.folded, walk.name(node)))


HANDLERS: dict[str, Handler] = {"Conv": convolve}
