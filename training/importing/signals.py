"""A tensor on the way from x to the answer: where each of its elements comes from, found by running, not by rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from training.importing.network import Array

X = -1
"""Number of the source that is the graph's input; recurrent layers count from 0."""


class Unfit(Exception):
    """Shapes that do not go together."""


def broadcast(*shapes: tuple[int, ...]) -> tuple[int, ...]:
    """The shape that ONNX's broadcasting makes of several. Raises Unfit."""
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        raise Unfit from None


class Uneven(Exception):
    """A constant that is not the same for every step and sequence, or values of several steps in one vector."""


@dataclass(frozen=True)
class Signal:
    """Each element is one of `matrix @ v + offset` for one vector v of a source (x_t, or h_t of a recurrent layer).

    The source's vectors are its rows, counted from 0 (of a recurrent layer: step * sequences + sequence). An element
    with the number row * n + k in `places` is value k of the n values of that row. So whatever moves elements about,
    may be run on `places` as they are.
    """

    source: int
    matrix: Array
    """float64 [n, length of v]"""
    offset: Array
    """float64 [n]"""
    places: Array
    """int64, in the shape of the tensor."""
    folded: tuple[str, ...] = ()
    """Nodes behind matrix and offset."""

    @property
    def count(self) -> int:
        """n, the values of a row."""
        return len(self.offset)

    def moved(self, places: Array) -> Signal:
        """The same values in other places."""
        return replace(self, places=places)

    def is_beside(self, other: Signal) -> bool:
        """Whether both have values of the same rows."""
        same = (self.matrix, other.matrix), (self.offset, other.offset)
        return self.source == other.source and all(np.array_equal(*pair) for pair in same)

    def affine(self, scale: Array, shift: Array, node: str) -> Signal:
        """scale * self + shift, element by element as ONNX broadcasts. Raises Uneven where rows would differ, Unfit."""
        shape = broadcast(self.places.shape, scale.shape, shift.shape)
        wide = self.moved(np.broadcast_to(self.places, shape))
        try:
            by, plus = wide.each(scale, 1.0), wide.each(shift, 0.0)
        except Uneven:  # a value that stands in several places may go with several constants
            wide = wide.apart()
            by, plus = wide.each(scale, 1.0), wide.each(shift, 0.0)
        matrix, offset = by[:, None] * wide.matrix, by * wide.offset + plus
        return Signal(self.source, matrix, offset, wide.places, (*self.folded, node))

    def apart(self) -> Signal:
        """The same with a value of its own for each place along the axis of values. Raises Uneven where none is."""
        axis = self.axis()
        matrix, offset, rows = self.moved(np.moveaxis(self.places, axis, -1)).vectors()
        places = rows[..., None] * len(offset) + np.arange(len(offset))
        return replace(self, matrix=matrix, offset=offset, places=np.moveaxis(places, -1, axis))

    def each(self, values: Array, default: float) -> Array:
        """Constants of a whole tensor as one for each of the n values. Raises Uneven where rows would differ."""
        flat, value = np.broadcast_to(values, self.places.shape).ravel(), (self.places % self.count).ravel()
        found = np.full(self.count, default)
        found[value] = flat
        if not np.array_equal(found[value], flat):
            raise Uneven
        return found

    def times(self, weight: Array, node: str) -> Signal:
        """self @ weight [n, m] over the last axis. Raises Uneven where that axis is not one row's values."""
        matrix, offset, rows = self.vectors()
        columns = weight.shape[1]
        places = rows[..., None] * columns + np.arange(columns)
        return Signal(self.source, weight.T @ matrix, weight.T @ offset, places, (*self.folded, node))

    def vectors(self) -> tuple[Array, Array, Array]:
        """Matrix and offset of what lies along the last axis, in its order, and the row at each other place."""
        if self.places.ndim == 0 or self.places.size == 0:
            raise Uneven
        rows, values = np.divmod(self.places, self.count)
        order = values.reshape(-1, values.shape[-1])[0]
        if np.any(rows != rows[..., :1]) or np.any(values != order):
            raise Uneven
        return self.matrix[order], self.offset[order], rows[..., 0]

    def axis(self) -> int:
        """The axis along which a row's values lie, the last of several possible. Raises Uneven where there is none."""
        for axis in reversed(range(self.places.ndim)):
            try:
                self.moved(np.moveaxis(self.places, axis, -1)).vectors()
            except Uneven:
                continue
            return axis
        raise Uneven


SPAN = 1 << 40
"""More than there are places of one signal."""


@dataclass(frozen=True)
class Mixed:
    """Values of several sources side by side, such as the last states of all layers. What of it is of one source is a
    Signal again.
    """

    parts: tuple[Signal, ...]
    places: Array
    """int64, in the shape of the tensor: the number of the part times SPAN, and the place in it."""

    @classmethod
    def of(cls, parts: Sequence[Signal], axis: int) -> Mixed:
        """Signals side by side along an axis."""
        places = [SPAN * number + part.places for number, part in enumerate(parts)]
        return cls(tuple(parts), np.concatenate(places, axis))

    def moved(self, places: Array) -> Mixed | Signal:
        """The same values in other places."""
        numbers = np.unique(places // SPAN)
        if len(numbers) == 1:
            return self.parts[int(numbers[0])].moved(places % SPAN)
        return replace(self, places=places)


def of_layer(number: int, steps: int, sequences: int, hidden: int) -> Signal:
    """h_t of a recurrent layer: [steps, sequences, hidden]."""
    places = np.arange(steps * sequences * hidden).reshape(steps, sequences, hidden)
    return Signal(number, np.eye(hidden), np.zeros(hidden), places)


def of_input(shape: tuple[int, ...], features: int | None) -> Signal:
    """The graph's input, with x_t along the axis `features`; None where x_t is a single number without an axis."""
    if features is None:
        return Signal(X, np.eye(1), np.zeros(1), np.arange(int(np.prod(shape))).reshape(shape))
    rest = [size for axis, size in enumerate(shape) if axis != features]
    places = np.arange(int(np.prod(shape))).reshape(*rest, shape[features])
    return Signal(X, np.eye(shape[features]), np.zeros(shape[features]), np.moveaxis(places, -1, features))
