"""Vectors in the payloads of the serial line: whole bytes a value, beats filled up with zeros."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from accel.base.fixed import Fixed, Integers
from accel.model.windows import formed
from accel.spec.network import Window
from fpga.frames import BoardError


@dataclass(frozen=True)
class Packing:
    """How the vectors of a design lie in a payload."""

    inputs: int
    input_words: int
    input_bytes: int
    input_format: tuple[int, int]
    """Width and fraction of a value of x_t."""
    values: int
    output_words: int
    output_bytes: int
    signed: bool
    every_step: bool
    """Whether each step has a result, or a sequence one."""
    longest: int | None = None
    """Steps of the longest sequence, where the design holds sequences."""
    vocabulary: int | None = None
    """Tokens that have a row, where the design has an embedding; a vector is a token then."""
    window: tuple[int, int, int, int] | None = None
    """Frames of a window, frames to the next one, zeros in front and behind, where a vector is a window of frames."""

    def windows(self, frames: npt.ArrayLike) -> npt.NDArray[Any]:
        """The vectors of a sequence of frames, [steps, inputs] of [frames, channels].

        ValueError for another shape, too few frames, and where vectors are not of frames.
        """
        if self.window is None:
            raise ValueError("frames: wanted none, as the network has no model.window")
        found, (steps, stride, *pad) = np.asarray(frames), self.window
        window = Window(steps=steps, stride=stride, pad=(pad[0], pad[1]))
        if found.ndim != 2 or found.shape[1] * steps != self.inputs or window.steps_of(len(found)) < 1:
            wanted = f"at least {window.frames_of(1)} frames of {self.inputs // steps} numbers"
            raise ValueError(f"frames: wanted {wanted}, got {found.shape}")
        return np.asarray(formed(found[None], window)[0])

    def packed(self, x: npt.ArrayLike) -> bytes:
        """The payload of a sequence, [steps, inputs].

        Integers are of the input's format, real numbers are rounded half up to it and saturated. ValueError for another
        shape, too many steps, an integer out of range, NaN.
        """
        sequence, fmt = np.asarray(x), Fixed(*self.input_format)
        vectors = sequence.ndim == 2 and sequence.shape[1] == self.inputs and len(sequence) > 0
        if not vectors or sequence.dtype.kind not in "iuf":
            wanted = f"integers or real numbers [steps, {self.inputs}]"
            raise ValueError(f"x: wanted {wanted}, got {sequence.dtype} {sequence.shape}")
        if self.longest is not None and len(sequence) > self.longest:
            raise ValueError(f"x: wanted at most {self.longest} steps (model.longest), got {len(sequence)}")
        if sequence.dtype.kind == "f":
            sequence = fmt.quantize(sequence)
        if self.vocabulary is not None and not (sequence.min() >= 0 and sequence.max() < self.vocabulary):
            wanted = f"tokens from 0 to {self.vocabulary - 1}"
            raise ValueError(f"x: wanted {wanted}, got {sequence.min()} to {sequence.max()}")
        if sequence.min() < fmt.lo or sequence.max() > fmt.hi:
            raise ValueError(f"x: wanted {fmt.lo} to {fmt.hi} ({fmt}), got {sequence.min()} to {sequence.max()}")
        filled = np.pad(sequence, ((0, 0), (0, -self.inputs % self.input_words)))
        return b"".join(int(value).to_bytes(self.input_bytes, "little", signed=True) for value in filled.ravel())

    def unpacked(self, payload: bytes, steps: int) -> Integers:
        """The results of a sequence of `steps` steps, [results, values].

        BoardError where the payload holds more or less than these.
        """
        size, vector = self.output_bytes, self.values + -self.values % self.output_words
        wanted = (steps if self.every_step else 1) * vector * size
        if len(payload) != wanted:
            raise BoardError(f"results of {len(payload)} bytes, wanted {wanted}")
        parts = (payload[start : start + size] for start in range(0, len(payload), size))
        values = [int.from_bytes(part, "little", signed=self.signed) for part in parts]
        return np.array(values, dtype=np.int64).reshape(-1, vector)[:, : self.values]
