"""Vectors in the payloads of the serial line: whole bytes a value, beats filled up with zeros."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from accel.base.fixed import Integers
from fpga.frames import BoardError


@dataclass(frozen=True)
class Packing:
    """How the vectors of a design lie in a payload."""

    inputs: int
    input_words: int
    input_bytes: int
    values: int
    output_words: int
    output_bytes: int
    signed: bool

    def packed(self, x: npt.NDArray[np.int64]) -> bytes:
        """The payload of a sequence, [steps, inputs]; ValueError for a wrong shape or range."""
        if x.ndim != 2 or x.shape[1] != self.inputs or len(x) == 0 or not np.issubdtype(x.dtype, np.integer):
            raise ValueError(f"x: wanted integers [steps, {self.inputs}], got {x.dtype} {x.shape}")
        limit = 1 << (8 * self.input_bytes - 1)
        if x.min() < -limit or x.max() >= limit:
            raise ValueError(f"x: wanted {-limit} to {limit - 1}, got {x.min()} to {x.max()}")
        filled = np.pad(x, ((0, 0), (0, -self.inputs % self.input_words)))
        return b"".join(int(value).to_bytes(self.input_bytes, "little", signed=True) for value in filled.ravel())

    def unpacked(self, payload: bytes) -> Integers:
        """The results in a payload, [results, values]; BoardError where it holds no whole vectors."""
        size = self.output_bytes
        vector = self.values + -self.values % self.output_words
        if not payload or len(payload) % (vector * size):
            raise BoardError(f"results of {len(payload)} bytes, no multiple of {vector * size}")
        parts = (payload[start : start + size] for start in range(0, len(payload), size))
        values = [int.from_bytes(part, "little", signed=self.signed) for part in parts]
        return np.array(values, dtype=np.int64).reshape(-1, vector)[:, : self.values]
