"""Silero VAD (MIT): the 16 kHz network of `pip install --no-deps silero-vad`, as its author ships it.

Its short-time spectrum, convolutions and sigmoid stay on the host; LSTM, ReLU and decoder become the accelerator
(`sparrow new --from --to`). A step is 512 samples, with 64 of those before in front. Speech is real (Free Spoken Digit
Dataset, its test recordings kept apart) between pauses and noise; recordings of 8 kHz are doubled in rate.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.signal import resample_poly

from training.tasks import speech

Real = npt.NDArray[Any]
FILE = Path("data/silero_vad_16k_sequence.onnx")
END = "speech_probs"
CUT = ("--output", END, "--from", "/Transpose_output_0", "--to", "/output/Conv_output_0")
"""What `sparrow new` is told of the file."""
STEP, CONTEXT, STEPS = 512, 64, 128
"""Samples of a step and of the one before that it sees, and steps of a sequence: 4 s."""
NOISES = (0.0, 0.003, 0.02)
"""Of background noise, rms; speech has about 0.1."""


def framed(sound: Real) -> Real:
    """Samples [sequences, steps * STEP] as [sequences, steps, CONTEXT + STEP]."""
    before = np.pad(sound, ((0, 0), (CONTEXT, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(before, CONTEXT + STEP, axis=1)[:, ::STEP]
    return np.ascontiguousarray(windows, dtype=np.float32)


def answered(package: Path, frames: Real) -> Real:
    """Probabilities of the whole file for framed sound [sequences, steps, samples], [sequences, steps]."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(package / FILE), providers=["CPUExecutionProvider"])
    state = np.zeros((1, 1, 128), np.float32)
    return np.stack([session.run([END], {"input": one, "h": state, "c": state})[0] for one in frames])


def recorded(count: int, numbers: range, seed: int) -> Real:
    """Sequences of digits that six people say, between pauses, with noise, [count, STEPS * STEP]."""
    spoken = [one for (_, _, number), one in speech.recordings().items() if number in numbers]
    rng = np.random.default_rng(seed)
    return np.stack([_mixed(spoken, rng, NOISES[number % len(NOISES)]) for number in range(count)])


def _mixed(spoken: list[Any], rng: np.random.Generator, noise: float) -> Real:
    made, at = rng.normal(0.0, 1.0, STEPS * STEP) * noise, int(rng.integers(0, 8000))
    while at < len(made):
        one = resample_poly(spoken[rng.integers(len(spoken))] / 32768.0, 2, 1)
        one = one[: len(made) - at] * rng.uniform(0.3, 1.0) * 0.5 / max(1e-3, np.abs(one).max())
        made[at : at + len(one)] += one
        at += len(one) + int(rng.integers(800, 16000))
    return np.clip(made, -1.0, 1.0)


def synthesised(count: int, seed: int) -> Real:
    """Vowels of a pulse train through three resonances, between pauses, [count, STEPS * STEP]; nobody's speech."""
    rng = np.random.default_rng(seed)
    return np.stack([_sung(rng, NOISES[number % len(NOISES)]) for number in range(count)])


def _sung(rng: np.random.Generator, noise: float) -> Real:
    from scipy.signal import lfilter

    made, at = rng.normal(0.0, 1.0, STEPS * STEP) * noise, int(rng.integers(0, 8000))
    while at < len(made):
        samples = min(int(rng.integers(3000, 9000)), len(made) - at)
        pitch = rng.uniform(90, 220) * (1 + 0.05 * np.sin(np.linspace(0, 6, samples)))
        wave = (np.diff(np.floor(np.cumsum(pitch) / 16000), prepend=0) > 0).astype(float)
        for formant, width in zip(rng.uniform((300, 900, 2200), (800, 2000, 3000)), (60, 90, 120), strict=True):
            radius, angle = np.exp(-np.pi * width / 16000), 2 * np.pi * formant / 16000
            wave = lfilter([1 - radius], [1, -2 * radius * np.cos(angle), radius**2], wave)
        wave *= np.hanning(samples) * 0.3 / max(1e-9, np.abs(wave).max())
        made[at : at + samples] += wave
        at += samples + int(rng.integers(2000, 16000))
    return np.clip(made, -1.0, 1.0)
