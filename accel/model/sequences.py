"""A person's own sequences as a file of real numbers."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from accel.base.faults import Fault, Refused
from accel.model import windows
from accel.spec.network import Window

Array = npt.NDArray[Any]
RANDOM = "random"


@dataclass(frozen=True)
class Data:
    """x float64 [sequences, steps, inputs], or of tokens [sequences, steps, 1], padded with zeros; `lengths` are the
    real steps of each sequence.
    """

    x: Array
    lengths: Array
    origin: str = RANDOM
    """`random`, or the name of the file."""

    def first(self, count: int) -> Data:
        """The first `count` sequences."""
        return Data(self.x[:count], self.lengths[:count], self.origin)


def load(path: Path, inputs: int, vocabulary: int | None = None, window: Window | None = None) -> Data:
    """Sequences of a `.npy` [sequences, steps, inputs], or a `.npz` with `x` and, where they differ, `lengths`; with a
    `vocabulary`, tokens below it [sequences, steps]; with a `window`, frames, of which windows are formed.

    Refused: another shape, numbers that are not finite, others than tokens, too few frames.
    """
    found = arrays(path)
    return checked(found["x"], found.get("lengths"), inputs, str(path), path.name, vocabulary, window)


def checked(
    x: Array,
    lengths: Array | None,
    inputs: int,
    place: str,
    origin: str,
    vocabulary: int | None = None,
    window: Window | None = None,
) -> Data:
    """Sequences x [sequences, steps, inputs], `lengths` where they differ, as `load` takes them from a file. Tokens may
    have an axis of one value, and become [sequences, steps, 1].
    """
    if window is not None:
        return windowed(checked(x, lengths, inputs // window.steps, place, origin), window, place)
    if vocabulary is not None:
        x, inputs = _tokens(x, vocabulary, place), 1
    if x.ndim != 3 or 0 in x.shape or x.shape[2] != inputs or not np.issubdtype(x.dtype, np.number):
        raise Refused([Fault(f"{place}: x", f"numbers [sequences, steps, {inputs}]", f"{x.dtype} {list(x.shape)}")])
    if np.iscomplexobj(x) or not np.isfinite(x.astype(np.float64)).all():
        raise Refused([Fault(f"{place}: x", "finite real numbers", "others")])
    lengths = np.full(len(x), x.shape[1]) if lengths is None else lengths
    if lengths.shape != x.shape[:1] or not np.issubdtype(lengths.dtype, np.integer):
        raise Refused([Fault(f"{place}: lengths", f"{len(x)} whole numbers", f"{lengths.dtype} {list(lengths.shape)}")])
    if lengths.min() < 1 or lengths.max() > x.shape[1]:
        raise Refused([Fault(f"{place}: lengths", f"1 to {x.shape[1]}", f"{lengths.min()} to {lengths.max()}")])
    real = np.arange(x.shape[1]) < lengths[:, None]
    return Data(np.where(real[..., None], x.astype(np.float64), 0.0), lengths.astype(np.int64), origin)


def windowed(frames: Data, window: Window, place: str) -> Data:
    """Windows of sequences whose steps are frames. Refused: a sequence of too few frames for one."""
    steps = window.steps_of(frames.lengths)
    if steps.min() < 1:
        wanted = f"at least {window.frames_of(1)} frames a sequence (model.window)"
        raise Refused([Fault(f"{place}: x", wanted, str(frames.lengths.min()))])
    x = windows.formed(frames.x, window)
    real = np.arange(x.shape[1]) < steps[:, None]
    return Data(np.where(real[..., None], x, 0.0), steps, frames.origin)


def _tokens(x: Array, vocabulary: int, place: str) -> Array:
    """Tokens [sequences, steps, 1]. Refused: others than whole numbers below `vocabulary`."""
    if x.ndim not in (2, 3) or 0 in x.shape or x.shape[2:] not in ((), (1,)) or not np.issubdtype(x.dtype, np.integer):
        raise Refused([Fault(f"{place}: x", "tokens, whole numbers [sequences, steps]", _kind(x))])
    if x.min() < 0 or x.max() >= vocabulary:
        raise Refused([Fault(f"{place}: x", f"tokens from 0 to {vocabulary - 1}", f"{x.min()} to {x.max()}")])
    return x.reshape(*x.shape[:2], 1)


def targets(path: Path, data: Data, outputs: int | None, once: bool, width: int) -> Array:
    """What the answers to `data` should be: y of its `.npz`, padding left out, one row a result.

    Whole numbers [sequences, steps], or [sequences] where a network answers `once`, are classes below `outputs` (None
    where there is no head); real numbers have an axis of `width` values more. Refused: others.
    """
    found, place = arrays(path), f"{path}: y"
    if "y" not in found:
        raise Refused([Fault(place, "an array y: classes or numbers", "none")])
    return answers_wanted(found["y"], data, outputs, once, width, place)


def answers_wanted(y: Array, data: Data, outputs: int | None, once: bool, width: int, place: str) -> Array:
    """`targets` of an array y."""
    shape = data.x.shape[: 1 if once else 2]
    classes = np.issubdtype(y.dtype, np.integer)
    wanted = shape if classes else (*shape, width)
    if y.shape != wanted or not (classes or np.issubdtype(y.dtype, np.floating)):
        raise Refused([Fault(place, f"{'classes' if classes else 'numbers'} {list(wanted)}", _kind(y))])
    found = y if once else y[np.arange(shape[1]) < data.lengths[:, None]]
    if classes and (outputs is None or found.min() < 0 or found.max() >= outputs):
        raise Refused([Fault(place, "numbers" if outputs is None else f"classes 0 to {outputs - 1}", "other classes")])
    if not np.isfinite(found.astype(np.float64)).all():
        raise Refused([Fault(place, "finite numbers", "others")])
    return found


def _kind(array: Array) -> str:
    return f"{array.dtype} {list(array.shape)}"


def states(path: Path) -> Array | None:
    """`states` of a `.npz`, real numbers: what every sequence begins with; None where there are none."""
    found = arrays(path).get("states")
    if found is not None and (not np.issubdtype(found.dtype, np.number) or np.iscomplexobj(found)):
        raise Refused([Fault(f"{path}: states", "real numbers [sequences, values]", _kind(found))])
    return found


def arrays(path: Path) -> dict[str, Array]:
    """x, and y, lengths and states where they are there, of a `.npy` or `.npz`, of any shape. Refused: other files."""
    try:
        with path.open("rb") as file:
            stored = np.load(file, allow_pickle=False)
            if isinstance(stored, np.ndarray):
                return {"x": stored}
            found = {name: stored[name] for name in stored.files if name in ("x", "y", "lengths", "states")}
            names = ", ".join(stored.files)
    except OSError as error:
        raise Refused([Fault(str(path), "sequences (.npy, .npz)", error.strerror or "a damaged file")]) from None
    except (ValueError, EOFError, KeyError, zipfile.BadZipFile):
        raise Refused([Fault(str(path), "sequences (.npy, .npz)", "another kind of file, or a damaged one")]) from None
    if "x" not in found:
        raise Refused([Fault(str(path), "an array x", names or "none")])
    return found
