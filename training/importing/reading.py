"""What was read of an ONNX file at one size of its axes: the network, and where x_t, states and answers lie."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from accel.model import windows
from training.importing import frames
from training.importing.axes import shape_beside
from training.importing.graph_file import GraphFile
from training.importing.network import Array, FloatNetwork
from training.importing.walk import Given


@dataclass(frozen=True)
class Reading:
    """A network as it was read at one size of each axis of the input, [steps, sequences] of which are `rows`."""

    file: GraphFile
    output: str
    input: str
    sizes: tuple[int, ...]
    features: int | None
    """The axis of x_t."""
    network: FloatNetwork
    rows: Array
    """Number of the input's row at each step of each sequence; of windows, at each frame."""
    axis: int | None
    """The axis of the output's values; None where each stands alone."""
    answers: Array
    """Row (step * sequences + sequence) of each answer, in the output's shape without that axis."""
    others: int
    """Size of axes of other inputs that may have any size of their own."""
    states: tuple[tuple[Given | None, Given | None], ...]
    """Of each layer, where in other inputs h_0 and c_0 lie."""

    @property
    def steps(self) -> int:
        """Steps of this reading."""
        return frames.steps_of(self.rows, self.network.window)

    @property
    def sequences(self) -> int:
        """Sequences of this reading."""
        return int(self.rows.shape[1])

    def shape(self, name: str) -> tuple[int, ...]:
        """Of an input at the sizes of this reading."""
        return self.sizes if name == self.input else shape_beside(self.file, name, self.input, self.sizes, self.others)

    def arranged(self, x: Array) -> Array:
        """x [sequences, steps, inputs] in the axes of the file's input; windows are taken apart."""
        if self.network.window is not None:
            x = windows.undone(x, self.network.window, len(self.rows))
        flat = np.empty((self.rows.size, x.shape[2]), x.dtype)
        flat[self.rows.T] = x
        if self.features is None:
            return flat.reshape(self.sizes)
        rest = [size for axis, size in enumerate(self.sizes) if axis != self.features]
        return np.moveaxis(flat.reshape(*rest, -1), -1, self.features)

    def gathered(self, value: Array) -> Array:
        """x [sequences, steps, inputs] of a value in the axes of the file's input: `arranged` undone, frames where that
        takes windows.
        """
        rows = value[..., None] if self.features is None else np.moveaxis(value, self.features, -1)
        return np.asarray(rows.reshape(self.rows.size, -1)[self.rows.T])

    def collected(self, output: Array) -> Array:
        """What the file answered as [sequences, steps or 1, outputs]. Raises ValueError where its shape is another."""
        values = output[..., None] if self.axis is None else np.moveaxis(output, self.axis, -1)
        if values.shape[:-1] != self.answers.shape:
            raise ValueError(f"{output.shape} for answers {self.answers.shape}")
        ordered = np.argsort(self.answers, axis=None)
        flat = values.reshape(self.answers.size, -1)[ordered]
        return flat.reshape(-1, self.sequences, flat.shape[1]).swapaxes(0, 1)

    def placed(self, answers: Array) -> Array:
        """Answers [sequences, steps or 1, outputs] in the axes of the file's output: `collected` undone."""
        ordered = answers.swapaxes(0, 1).reshape(self.answers.size, -1)
        flat = np.empty_like(ordered)
        flat[np.argsort(self.answers, axis=None)] = ordered
        values = flat.reshape(*self.answers.shape, -1)
        return values[..., 0] if self.axis is None else np.moveaxis(values, -1, self.axis)
