"""What stays on the host before and behind the part of a graph that is in the accelerator, run beside it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from accel.base.faults import Fault, Refused
from accel.model import sequences
from accel.model.sequences import Data
from training.importing import graph_file, onnx_model, onnx_runs
from training.importing.network import Array, ended
from training.importing.reading import Reading


@dataclass(frozen=True)
class Heard:
    """What the accelerator is given, and how the part's own tensors lie: one reading a run of the host's piece."""

    given: Data
    """What comes to the part: x, or the frames that windows are formed of."""
    data: Data
    """What the accelerator reads."""
    at: Reading
    runs: int
    single: bool
    """Whether the host's input was given once, not one a run."""


class Piece:
    """A graph with one input and one output that the host runs. Refused: others."""

    def __init__(self, path: Path) -> None:
        self.file = graph_file.load(path)
        if len(self.file.inputs) != 1 or len(self.file.outputs) != 1:
            got = f"{len(self.file.inputs)} and {len(self.file.outputs)}"
            raise Refused([Fault(str(path), "a piece with one input and one output", got)])
        self.input, self.output = self.file.inputs[0], self.file.outputs[0]

    @cached_property
    def call(self) -> onnx_runs.Call:
        """What runs it."""
        return onnx_runs.runner(self.file.model)

    @property
    def axes(self) -> list[int | str]:
        """Of its input."""
        return self.file.axes(self.input)

    def __call__(self, value: Array, place: str) -> Array:
        """What it answers to numbers that came from `place`. Refused: a shape that it does not take."""
        kind = self.file.kind(self.input, np.dtype(np.float32))
        try:
            return np.asarray(self.call(self.output, {self.input: value.astype(kind)}))
        except Exception as error:  # those of runtimes have no common base
            why = f"{list(value.shape)}: {' '.join(str(error).split())[:160]}"
            raise Refused([Fault(place, f"{self.input} {self.axes} of {self.file.path.name}", why)]) from None


class Around:
    """The pieces of a cut graph. Refused: files that are no such pieces."""

    def __init__(self, core: Path, before: Path | None, after: Path | None) -> None:
        self.core = onnx_model.read(core)
        self.before, self.after = (None if path is None else Piece(path) for path in (before, after))

    def heard(self, path: Path) -> Heard:
        """What a file gives the accelerator: x as the host's piece takes it, or [runs, ...] of such; without a piece
        before, x [sequences, steps, inputs] as everywhere. Refused: other shapes, lengths beside a piece.
        """
        found = sequences.arrays(path)
        if (self.before or self.after) and "lengths" in found:
            wanted = "none beside a piece of the host, which takes whole runs"
            raise Refused([Fault(f"{path}: lengths", wanted, "some")])
        if self.before is not None:
            return self._encoded(self.before, found["x"], path)
        core = self.core.network
        given = sequences.load(path, core.incoming, core.vocabulary)
        data = self._read(given, path)
        at = onnx_model.at_size(self.core, *data.x.shape[:2])
        if len(data.x) % at.sequences or at.steps != data.x.shape[1]:
            wanted = f"{at.steps} steps of a multiple of {at.sequences} sequences, as {self.core.file.path.name} has"
            raise Refused([Fault(f"{path}: x", wanted, str(list(data.x.shape)))])
        return Heard(given, data, at, len(data.x) // at.sequences, at.sequences == len(data.x))

    def _encoded(self, piece: Piece, raw: Array, path: Path) -> Heard:
        axes = piece.axes
        if raw.ndim not in (len(axes), len(axes) + 1) or 0 in raw.shape:
            wanted = f"{piece.input} {axes}, or runs of such"
            raise Refused([Fault(f"{path}: x", wanted, f"{raw.dtype} {list(raw.shape)}")])
        if not np.issubdtype(raw.dtype, np.number) or np.iscomplexobj(raw) or not np.isfinite(raw).all():
            raise Refused([Fault(f"{path}: x", "finite real numbers", "others")])
        single = raw.ndim == len(axes)
        runs = [piece(one, f"{path}: x") for one in ([raw] if single else raw)]
        at = onnx_model.at_shape(self.core, runs[0].shape)
        x = np.concatenate([at.gathered(one) for one in runs]).astype(np.float64)
        given = Data(x, np.full(len(x), x.shape[1]), path.name)
        return Heard(given, self._read(given, path), at, len(runs), single)

    def _read(self, given: Data, path: Path) -> Data:
        """What the part's network reads of what comes to it."""
        window = self.core.network.window
        return given if window is None else sequences.windowed(given, window, str(path))

    def answered(self, y: Array, heard: Heard) -> Array:
        """What the whole graph answers, one a run, of the part's `y` as `accel.engines.predict` has them."""
        if self.after is None:
            return y
        made = ended(y[:, None] if y.ndim == 2 else y, self.core.network.ending)
        parts, place = np.split(made, heard.runs), str(self.after.file.path)
        found = [self.after(heard.at.placed(part), place) for part in parts]
        return found[0] if heard.single else np.stack(found)
