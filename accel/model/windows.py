"""Windows of frames: what a convolution over time reads for a step, formed by whoever brings sequences."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from accel.spec.network import Window

Array = npt.NDArray[Any]


def formed(frames: Array, window: Window) -> Array:
    """x [sequences, steps, window.steps * channels] of frames [sequences, frames, channels], zeros where a window lies
    beyond either end; the frames of a window are in the order of time. There are enough frames for one window.
    """
    sequences, count, channels = frames.shape
    starts = window.stride * np.arange(window.steps_of(count))
    wide = np.pad(frames, ((0, 0), window.pad, (0, 0)))
    chosen = wide[:, starts[:, None] + np.arange(window.steps)]
    return chosen.reshape(sequences, len(starts), window.steps * channels)


def undone(x: Array, window: Window, frames: int) -> Array:
    """Frames [sequences, frames, channels] whose windows are x; zeros where no window looks."""
    sequences, steps = x.shape[:2]
    reach = window.stride * (steps - 1) + 1
    taps = x.reshape(sequences, steps, window.steps, -1)
    wide = np.zeros((sequences, max(reach + window.steps, window.pad[0] + frames), taps.shape[-1]), x.dtype)
    for tap in range(window.steps):
        wide[:, tap : tap + reach : window.stride] = taps[:, :, tap]
    return wide[:, window.pad[0] : window.pad[0] + frames]
