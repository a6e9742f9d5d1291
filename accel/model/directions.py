"""Both directions of a bidirectional layer as one layer: what it reads, what it makes of steps, which weights it has.

Its first half of units is the forward direction, its second half the backward one (`accel.architecture.mirror`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from accel.architecture.array import Array
from accel.architecture.mirror import Mirror
from accel.base.fixed import Integers
from accel.model.sparse import Mask


def mirrored(values: Integers, lengths: Integers) -> Integers:
    """Each sequence's real steps from the last one to the first, [sequences, steps, ...]; padding stays behind."""
    steps = np.arange(values.shape[1])
    image = np.where(steps < lengths[:, None], lengths[:, None] - 1 - steps, steps)
    return np.asarray(values[np.arange(len(values))[:, None], image])


def through(mirror: Mirror, values: Integers, lengths: Integers) -> Integers:
    """What a sequence buffer gives of vectors [sequences, steps, n]: [sequences, steps, n], with `pairs` 2n values."""
    return arranged(values, lengths, mirror.crossed, mirror.pairs)


def arranged(values: Integers, lengths: Integers, crossed: bool, pairs: bool) -> Integers:
    """The same of any numbers [sequences, steps, n]; `lengths` [sequences]."""
    image = mirrored(values, lengths)
    if crossed:
        half = values.shape[2] // 2
        own, other = (values, image), (image, values)
        values, image = (
            np.concatenate([first[..., :half], second[..., half:]], axis=2)
            for first, second in zip(own, other, strict=True)
        )
    return np.concatenate([values, image], axis=2) if pairs else values


def own_places(array: Array, rows: int, columns: int) -> Mask:
    """The weights [rows, columns] of a layer that its directions have: each row those of its own half; all, where there
    is one direction.
    """
    ends = np.arange(array.directions)
    of_row = np.repeat(ends, array.outputs // array.directions)
    of_column = np.repeat(ends, columns // array.directions)
    return np.asarray(np.tile(of_row, rows // array.outputs)[:, None] == of_column)


def joined_matrices(forward: npt.NDArray[Any], backward: npt.NDArray[Any], hidden: int) -> npt.NDArray[Any]:
    """The matrices [R H, columns] of two directions as one of a layer, [R 2H, 2 columns], zero outside both halves."""
    parts = [matrix.reshape(-1, hidden, matrix.shape[1]) for matrix in (forward, backward)]
    zeros = np.zeros_like(parts[0])
    whole = np.block([[parts[0], zeros], [zeros, parts[1]]])
    return np.asarray(whole.reshape(-1, 2 * forward.shape[1]))


def joined_vectors(forward: npt.NDArray[Any], backward: npt.NDArray[Any], hidden: int) -> npt.NDArray[Any]:
    """The same of values a row, [R H] each, as [R 2H]."""
    return np.concatenate([forward.reshape(-1, hidden), backward.reshape(-1, hidden)], axis=1).reshape(-1)
