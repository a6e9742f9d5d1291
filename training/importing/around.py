"""What stays on the host before and behind the part of a graph that is in the accelerator, run beside it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from accel.base.faults import Fault, Refused
from accel.model import sequences
from accel.model.sequences import Data
from training.importing import graph_file, onnx_model, onnx_runs
from training.importing.graph_file import GraphFile
from training.importing.network import Array, ended
from training.importing.reading import Reading


@dataclass(frozen=True)
class Heard:
    """What the accelerator is given, and how the part's own tensors lie: one reading a run of the host's piece."""

    data: Data
    at: Reading
    runs: int
    single: bool
    """Whether the host's input was given once, not one a run."""


class Around:
    """The pieces of a cut graph. Refused: files that are no such pieces."""

    def __init__(self, core: Path, before: Path | None, after: Path | None) -> None:
        self.core = onnx_model.read(core)
        self.before = None if before is None else graph_file.load(before)
        self.after = None if after is None else graph_file.load(after)

    def heard(self, path: Path) -> Heard:
        """What a file gives the accelerator: x as the host's piece takes it, or [runs, ...] of such; without a piece
        before, x [sequences, steps, inputs] as everywhere. Refused: other shapes, lengths beside a piece.
        """
        found = sequences.arrays(path)
        if (self.before or self.after) and "lengths" in found:
            wanted = "none beside a piece of the host, which takes whole runs"
            raise Refused([Fault(f"{path}: lengths", wanted, "some")])
        if self.before is None:
            data = sequences.load(path, self.core.network.layers[0].sizes[0])
            at = onnx_model.at_size(self.core, *data.x.shape[:2])
            return Heard(data, at, len(data.x) // at.sequences, at.sequences == len(data.x))
        return self._encoded(self.before, found["x"], path)

    def _encoded(self, piece: GraphFile, raw: Array, path: Path) -> Heard:
        (name,), axes = piece.inputs, piece.axes(piece.inputs[0])
        if raw.ndim not in (len(axes), len(axes) + 1) or 0 in raw.shape:
            raise Refused([Fault(f"{path}: x", f"{name} {axes}, or runs of such", f"{raw.dtype} {list(raw.shape)}")])
        if not np.issubdtype(raw.dtype, np.number) or np.iscomplexobj(raw) or not np.isfinite(raw).all():
            raise Refused([Fault(f"{path}: x", "finite real numbers", "others")])
        single = raw.ndim == len(axes)
        runs = [_ran(piece, one, f"{path}: x") for one in ([raw] if single else raw)]
        at = onnx_model.at_shape(self.core, runs[0].shape)
        x = np.concatenate([at.gathered(one) for one in runs]).astype(np.float64)
        return Heard(Data(x, np.full(len(x), x.shape[1]), path.name), at, len(runs), single)

    def answered(self, y: Array, heard: Heard) -> Array:
        """What the whole graph answers, one a run, of the part's `y` as `accel.engines.predict` has them."""
        if self.after is None:
            return y
        made = ended(y[:, None] if y.ndim == 2 else y, self.core.network.ending)
        parts = np.split(made, heard.runs)
        found = [_ran(self.after, heard.at.placed(part), str(self.after.path)) for part in parts]
        return found[0] if heard.single else np.stack(found)


def _ran(piece: GraphFile, value: Array, place: str) -> Array:
    """What a piece of the host answers to its one input. Refused: numbers that it does not take."""
    (name,), (output,) = piece.inputs, piece.outputs
    try:
        call = onnx_runs.runner(piece.model)
        return np.asarray(call(output, {name: value.astype(piece.kind(name, np.dtype(np.float32)))}))
    except Exception as error:  # those of runtimes have no common base
        why = f"{list(value.shape)}: {' '.join(str(error).split())[:160]}"
        raise Refused([Fault(place, f"{name} {piece.axes(name)} of {piece.path.name}", why)]) from None
