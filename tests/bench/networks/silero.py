"""Silero VAD (MIT): the 16 kHz network of `pip install --no-deps silero-vad`, cut where its recurrent part begins.

Its short-time spectrum and convolutions stay on the host (onnxruntime); LSTM, ReLU and decoder become the accelerator.
A step is 512 samples, with 64 of those before in front. Speech is real (Free Spoken Digit Dataset, its test speakers'
recordings kept apart) between pauses and noise; recordings of 8 kHz are doubled in rate.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper
from scipy.signal import resample_poly

from training.tasks import speech

Real = npt.NDArray[Any]
FILE = Path("data/silero_vad_16k_sequence.onnx")
CUT, STATES, END = "/Transpose_output_0", ("h", "c"), "speech_probs"
STEP, CONTEXT, STEPS = 512, 64, 128
"""Samples of a step and of the one before that it sees, and steps of a sequence: 4 s."""
NOISES = (0.0, 0.003, 0.02)
"""Of background noise, rms; speech has about 0.1."""


def pieces(package: Path, folder: Path) -> tuple[Path, Path]:
    """The host's part and the accelerator's, as files in `folder`."""
    model = onnx.shape_inference.infer_shapes(onnx.load(str(package / FILE)))
    cutter = onnx.utils.Extractor(model)
    host, own = folder / "host.onnx", folder / "silero.onnx"
    onnx.save(cutter.extract_model(["input"], [CUT]), str(host))
    taken = cutter.extract_model([CUT, *STATES], [END])
    x = helper.make_tensor_value_info(CUT, TensorProto.FLOAT, ["steps", 1, 128])
    zeros = [numpy_helper.from_array(np.zeros((1, 1, 128), np.float32), name) for name in STATES]
    del taken.graph.input[:]
    taken.graph.input.append(x)
    taken.graph.initializer.extend(zeros)
    onnx.save(taken, str(own))
    return host, own


def heard(host: Path, sound: Real) -> Real:
    """What the convolutions make of sound [sequences, samples]: x [sequences, steps, 128]."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(host), providers=["CPUExecutionProvider"])
    return np.stack([session.run(None, {"input": framed(one)})[0].reshape(STEPS, -1) for one in sound])


def framed(sound: Real) -> Real:
    """Samples [steps * STEP] as [steps, CONTEXT + STEP]."""
    before = np.concatenate([np.zeros(CONTEXT), sound])
    windows = np.lib.stride_tricks.sliding_window_view(before, CONTEXT + STEP)[::STEP]
    return np.ascontiguousarray(windows, dtype=np.float32)


def answered(package: Path, sound: Real) -> Real:
    """Probabilities of the whole file, as its author ships it, [sequences, steps]."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(package / FILE), providers=["CPUExecutionProvider"])
    state = np.zeros((1, 1, 128), np.float32)
    return np.stack([session.run([END], {"input": framed(one), "h": state, "c": state})[0] for one in sound])


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
