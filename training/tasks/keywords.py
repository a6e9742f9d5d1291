"""Spoken keywords (Arabic Speech Commands, CC BY 4.0): 40 words as log-mel frames, by speakers not heard before.

12,000 recordings of 49 frames of 16 bands. The splits are the file's: 7,200, 2,400 and 2,400, their speakers disjoint.
Mean and standard deviation of each band over the training recordings are taken out, and the frames rounded to 1/256.
"""

from __future__ import annotations

import io
import zipfile

import numpy as np
import numpy.typing as npt

from accel.base.faults import Fault, Refused
from training.tasks.sources import Source, find, read
from training.tasks.task import Split, Task

SOURCE = Source(
    "kws",
    "arabic-speech-commands-logmel.npz",
    "",
    "44ffccf7357df117d33d6fb359b0101014b81e1ba0ea84c8c8d8434469615c9f",
    origin="log-mel frames of the Arabic Speech Commands data set",
)
FRAMES, BANDS = 49, 16
TRAIN, VALID, TEST = range(3)
"""The three splits, as the file numbers them."""
SMALLEST = 1e-6
"""Of a deviation: a band that never moves stays zero."""


def keywords() -> Task:
    """40 words, unseen speakers; accuracy."""
    x, labels, splits, words = recordings()
    heard = x[splits == TRAIN]
    mean, deviation = heard.mean(axis=(0, 1)), heard.std(axis=(0, 1)) + SMALLEST
    frames = (np.round((x - mean) / deviation * 256) / 256).astype(np.float32)

    def split(number: int) -> Split:
        chosen = splits == number
        return Split(frames[chosen], np.full(chosen.sum(), FRAMES, dtype=np.int64), labels[chosen])

    return Task("keywords", words, "accuracy", split(TRAIN), split(VALID), split(TEST))


def recordings() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64], npt.NDArray[np.int64], int]:
    """Frames [recordings, FRAMES, BANDS], words, splits, and how many words there are. Refused in another form."""
    try:
        with np.load(io.BytesIO(read(SOURCE)), allow_pickle=False) as held:
            x, y, splits = (held[name] for name in ("x", "y", "split"))
            words = len(held["labels"])
    except (KeyError, ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise _other(f"{type(error).__name__}: {error}") from None
    fits = x.shape == (len(y), FRAMES, BANDS) and len(splits) == len(y) and set(np.unique(splits)) == {0, 1, 2}
    if not fits or not np.isfinite(x).all() or y.max() >= words:
        raise _other(f"x {x.shape}, y {y.shape}, split {splits.shape}, {words} labels, or numbers that are none")
    return x.astype(np.float64), y.astype(np.int64), splits.astype(np.int64), words


def _other(got: str) -> Refused:
    wanted = f"x [recordings, {FRAMES}, {BANDS}], y, split (0, 1, 2) and labels, {SOURCE.known}"
    return Refused([Fault(str(find(SOURCE)), wanted, got)])
