"""Points that none other beats, and how much of the space of objectives they cover. Less is better throughout."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Points = npt.NDArray[np.float64]
"""[points, objectives], less is better."""


def front(points: Points) -> list[int]:
    """Numbers of the points that no other beats, in their order; of equal points the first."""
    left = []
    for number, one in enumerate(points):
        better = np.all(points <= one, axis=1) & np.any(points < one, axis=1)
        same = np.all(points[:number] == one, axis=1)
        if not better.any() and not same.any():
            left.append(number)
    return left


def hypervolume(points: Points, worst: Sequence[float]) -> float:
    """Volume between the points and `worst`, a place that is worse in every objective; points beyond it count nothing.

    By slices along the last objective, each as deep as to the next point (Zitzler and Thiele 1998 define the measure).
    """
    reference = np.asarray(worst, dtype=np.float64)
    inside = points[np.all(points < reference, axis=1)]
    if not len(inside):
        return 0.0
    if points.shape[1] == 1:
        return float(reference[0] - inside.min())
    ordered = inside[np.argsort(inside[:, -1], kind="stable")]
    ends = np.append(ordered[1:, -1], reference[-1])
    volume = 0.0
    for number, (begin, end) in enumerate(zip(ordered[:, -1], ends, strict=True)):
        if end > begin:
            volume += (end - begin) * hypervolume(ordered[: number + 1, :-1], worst[:-1])
    return float(volume)


def apart(points: Points) -> npt.NDArray[np.float64]:
    """How far each point is from the best of every objective, each counted from its least to its largest on the front.
    [points]
    """
    low, high = points.min(axis=0), points.max(axis=0)
    distances: npt.NDArray[np.float64] = np.sqrt((((points - low) / np.where(high > low, high - low, 1.0)) ** 2).sum(1))
    return distances
