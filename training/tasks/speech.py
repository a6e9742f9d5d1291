"""Spoken digits (Free Spoken Digit Dataset: 3000 recordings, 8 kHz, 6 speakers) as log-mel frames.

The features are computed here, in numpy's float64, and rounded to 1/256 so that no library version moves them: Hann
windows of 32 ms every 16 ms, power spectrum, 24 triangular mel bands from 60 Hz to 4 kHz, log10, then mean and standard
deviation of the band over the training recordings taken out.
"""

from __future__ import annotations

import hashlib
import io
import math
import re
import tarfile
import wave

import numpy as np
import numpy.typing as npt

from accel.base.faults import Fault, Refused
from training.tasks.sources import Source, find
from training.tasks.task import Split, Task

Real = npt.NDArray[np.float64]
Recordings = dict[tuple[int, str, int], npt.NDArray[np.int16]]
"""Samples by digit, speaker and number."""

SOURCE = Source(
    "fsdd",
    "free-spoken-digit-dataset.tar.gz",
    "https://github.com/Jakobovski/free-spoken-digit-dataset/archive/refs/tags/v1.0.10.tar.gz",
    None,
)
CONTENTS = "801bcecb25fa3bfb54fb3c0b1d94732d8456ce5b0c1f036667852a341a3aacd4"
"""SHA-256 over the samples of all recordings in order of digit, speaker and number."""

RATE, WINDOW, HOP, BANDS = 8000, 256, 128, 24
LOWEST, HIGHEST = 60.0, 4000.0
QUIET = 1e-6
LONGEST = 64
"""Frames of a recording that are read: 1 s; of the 3000 recordings, few are longer."""
TEST, VALIDATION = range(0, 5), range(5, 10)
"""Numbers of the official test recordings; and those of the training recordings that validate."""


def spoken_digits() -> Task:
    """Ten digits; numbers 0-4 of each speaker test (the official split), 5-9 validate, 10-49 train. Accuracy."""
    frames = {key: log_mel(samples) for key, samples in recordings().items()}
    training = np.concatenate([rows for (_, _, n), rows in frames.items() if n not in TEST and n not in VALIDATION])
    mean, deviation = training.mean(axis=0), training.std(axis=0)

    def split(chosen: range) -> Split:
        keys = [key for key in frames if key[2] in chosen]
        return padded([np.round((frames[key] - mean) / deviation * 256) / 256 for key in keys], [k[0] for k in keys])

    return Task("spoken_digits", 10, "accuracy", split(range(10, 50)), split(VALIDATION), split(TEST))


def recordings() -> Recordings:
    """All recordings, in order. Refused where the archive does not hold exactly those of the data set."""
    path, found = find(SOURCE), {}
    with tarfile.open(path) as archive:
        for member in archive:
            named = re.search(r"recordings/(\d)_(\w+)_(\d+)\.wav$", member.name)
            file = archive.extractfile(member) if named else None
            if named and file:
                found[int(named[1]), named[2], int(named[3])] = samples(file.read())
    ordered = dict(sorted(found.items()))
    digest = hashlib.sha256(b"".join(part.tobytes() for part in ordered.values())).hexdigest()
    if digest != CONTENTS:
        raise Refused([Fault(str(path), f"the 3000 recordings with sha256 {CONTENTS}", f"{len(found)} with {digest}")])
    return ordered


def samples(contents: bytes) -> npt.NDArray[np.int16]:
    """Samples [samples] of a 16-bit mono wav file."""
    with wave.open(io.BytesIO(contents)) as recording:
        return np.frombuffer(recording.readframes(recording.getnframes()), dtype="<i2")


def log_mel(recording: npt.NDArray[np.int16]) -> Real:
    """Log-mel frames [frames, BANDS] of a recording, at least one (a short recording is padded with silence)."""
    signal = np.pad(recording / 32768.0, (0, max(0, WINDOW - len(recording))))
    frames = np.lib.stride_tricks.sliding_window_view(signal, WINDOW)[::HOP]
    power = np.abs(np.fft.rfft(frames * np.hanning(WINDOW + 1)[:-1], axis=1)) ** 2
    return np.asarray(np.log10(power @ mel_bands().T + QUIET))


def mel_bands() -> Real:
    """Triangles [BANDS, WINDOW/2 + 1] whose corners are equidistant on the mel scale (2595 log10(1 + f/700))."""
    lowest, highest = (2595 * math.log10(1 + edge / 700) for edge in (LOWEST, HIGHEST))
    mel = np.linspace(lowest, highest, BANDS + 2)
    corners = 700 * (10 ** (mel / 2595) - 1)
    frequency = np.arange(WINDOW // 2 + 1) * RATE / WINDOW
    rising = (frequency - corners[:-2, None]) / (corners[1:-1] - corners[:-2])[:, None]
    falling = (corners[2:, None] - frequency) / (corners[2:] - corners[1:-1])[:, None]
    return np.asarray(np.clip(np.minimum(rising, falling), 0.0, None))


def padded(sequences: list[Real], labels: list[int]) -> Split:
    """Sequences cut to LONGEST frames and padded with zeros."""
    x = np.zeros((len(sequences), LONGEST, BANDS), dtype=np.float32)
    lengths = np.array([min(len(rows), LONGEST) for rows in sequences], dtype=np.int64)
    for row, (rows, length) in enumerate(zip(sequences, lengths, strict=True)):
        x[row, :length] = rows[:length]
    return Split(x, lengths, np.array(labels, dtype=np.int64))
