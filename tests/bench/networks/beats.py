"""BeatNet (CC BY 4.0): a beat tracker of 2 x 150 units, its weights as `pip install --no-deps BeatNet` brings them.

Convolution and the linear layer before the LSTM stay on the host; two LSTM layers and the decoder, of a state dict,
become the accelerator. A step is 20 ms. Music is synthesised: drums and chords at tempi of their own; features are in
the likeness of those that the network was trained on (24 bands an octave, logarithmic, with their rises).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

Real = npt.NDArray[Any]
FILE = Path("models/model_1_weights.pt")
RATE, WINDOW, HOP, BANDS, STEPS = 22050, 1411, 441, 136, 400
NAMED = ("--lstm", "lstm", "--head", "linear", "--ignore", "conv1*", "--ignore", "linear0*", "--when", "step")
"""What `sparrow new` is told of the state dict."""


def state(package: Path) -> dict[str, Tensor]:
    """The weights."""
    found: dict[str, Tensor] = torch.load(package / FILE, weights_only=True, map_location="cpu")
    return found


@torch.no_grad()
def heard(weights: dict[str, Tensor], features: Real) -> Real:
    """What the host makes of features [sequences, steps, 2 BANDS]: x [sequences, steps, 150]."""
    flat = torch.from_numpy(features).float().reshape(-1, 1, features.shape[2])
    convolved = functional.relu(functional.conv1d(flat, weights["conv1.weight"], weights["conv1.bias"]))
    read = functional.max_pool1d(convolved, 2).flatten(1)
    made = functional.linear(read, weights["linear0.weight"], weights["linear0.bias"])
    return made.reshape(*features.shape[:2], -1).numpy()


@torch.no_grad()
def answered(weights: dict[str, Tensor], x: Real) -> Real:
    """Which of beat, downbeat, and neither is likeliest after every step, by PyTorch, [sequences, steps]."""
    lstm = torch.nn.LSTM(150, 150, num_layers=2, batch_first=True)
    lstm.load_state_dict({name.removeprefix("lstm."): one for name, one in weights.items() if name.startswith("lstm.")})
    logits = functional.linear(lstm(torch.from_numpy(x).float())[0], weights["linear.weight"], weights["linear.bias"])
    return logits.argmax(2).numpy()


def music(count: int, seed: int) -> Real:
    """Features of `count` pieces of STEPS steps (8 s), [count, STEPS, 2 BANDS]."""
    rng = np.random.default_rng(seed)
    return np.stack([_features(_played(rng)) for _ in range(count)])


def _played(rng: np.random.Generator) -> Real:
    """Drums and chords at 70 to 170 beats a minute, four to the bar."""
    made = rng.normal(0.0, 0.002, STEPS * HOP + WINDOW)
    beat, at, number = RATE * 60 / rng.uniform(70, 170), rng.uniform(0, RATE / 2), 0
    while at < len(made):
        notes = 110 * 2 ** (rng.integers(0, 24, 3) / 12)
        _add(made, int(at), _struck(55 if number % 4 == 0 else 80, 0.15, rng, noise=0.02))
        _add(made, int(at), sum(_struck(note, 0.4, rng) for note in notes) * 0.3)
        _add(made, int(at + beat / 2), _struck(4000, 0.03, rng, noise=0.5) * 0.3)
        at, number = at + beat, number + 1
    return made / np.abs(made).max()


def _struck(pitch: float, seconds: float, rng: np.random.Generator, noise: float = 0.0) -> Any:
    time = np.arange(int(3 * seconds * RATE)) / RATE
    sound = np.sin(2 * np.pi * pitch * time) + noise * rng.normal(0.0, 1.0, len(time))
    return sound * np.exp(-time / seconds)


def _add(made: Real, at: int, sound: Real) -> None:
    made[at : at + len(sound)] += sound[: max(0, len(made) - at)]


def _features(sound: Real) -> Real:
    frames = np.lib.stride_tricks.sliding_window_view(sound, WINDOW)[::HOP][:STEPS]
    spectrum = np.abs(np.fft.rfft(frames * np.hanning(WINDOW), axis=1))[:, : WINDOW // 2]
    bands = np.log10(1 + spectrum @ _triangles().T)
    rises = np.maximum(0, np.diff(bands, axis=0, prepend=bands[:1]))
    return np.concatenate([bands, rises], axis=1)


def _triangles() -> Real:
    """BANDS triangles over the bins, about a quarter tone apart where bins are as near."""
    centres = np.unique(np.round(30 * 2 ** (np.arange(0, 300) / 25) * WINDOW / RATE))
    centres = centres[centres < WINDOW // 2][: BANDS + 2]
    bins = np.arange(WINDOW // 2)
    rising = (bins - centres[:-2, None]) / (centres[1:-1] - centres[:-2])[:, None]
    falling = (centres[2:, None] - bins) / (centres[2:] - centres[1:-1])[:, None]
    found = np.clip(np.minimum(rising, falling), 0.0, None)
    return np.asarray(found / found.sum(axis=1, keepdims=True))
