"""What the lanes execute: the weight memory of every unit, and the constants of bias and tables."""

from __future__ import annotations

import numpy as np

from accel.fixed import Fixed, Integers, bits_for
from accel.shape import Array
from accel.weights import LayerWeights


def positions(array: Array) -> Integers:
    """Position in its row (x columns, then h columns) that lane m takes in cycle t; -1 where it idles. [M, T]."""
    table = np.full((array.lanes_per_row, array.cycles_per_group), -1, dtype=np.int64)
    for m, lane in enumerate(array.lanes):
        table[m, : lane.slots] = np.arange(lane.slots) * array.lanes_per_row + m
    return table


def row_words(array: Array, layer: LayerWeights) -> tuple[Integers, Integers]:
    """Values and column indices of each row in the order of its positions, both [rows, K_x + K_h]."""
    parts = (layer.w_x.packed, layer.w_h.packed)
    values = np.concatenate([part.values for part in parts], axis=1)
    columns = np.concatenate([part.columns for part in parts], axis=1)
    return values, columns


def unit_words(array: Array, layer: LayerWeights) -> list[list[int]]:
    """Contents of each unit's weight memory: G*T words, index above value for each lane, first lane lowest.

    Idle lanes and the units beyond the last one hold zeros.
    """
    values, columns = row_words(array, layer)
    table = positions(array)
    width, stride = array.weight_width, array.weight_width + array.index_width
    codes = (columns << width) | (values & ((1 << width) - 1))
    padded = np.zeros((array.rows_per_unit, array.groups * array.units, codes.shape[1] + 1), dtype=np.int64)
    padded[:, : array.outputs, :-1] = codes.reshape(array.rows_per_unit, array.outputs, -1)
    slots = padded[:, :, table]  # [rows of a unit, units of all groups, M, T]; position -1 is the zero at the end
    return [_words(slots[:, unit :: array.units], stride) for unit in range(array.units)]


def _words(slots: Integers, stride: int) -> list[int]:
    """Words of one unit, from its codes [rows, G, M, T]."""
    lanes = slots.transpose(1, 3, 0, 2).reshape(slots.shape[1] * slots.shape[3], -1)
    return [sum(code << n * stride for n, code in enumerate(word)) for word in lanes.tolist()]


def bias_shift(array: Array, narrowed: Fixed | None) -> int:
    """Left shift of a stored bias: bias and half unit of the narrowing, which is added with it, share this fraction."""
    drop = array.frac - narrowed.frac if narrowed else 0
    return min(array.bias_shift, drop - 1) if drop else array.bias_shift


def bias_words(array: Array, layer: LayerWeights, narrowed: Fixed | None) -> tuple[list[int], int]:
    """Contents of the bias memory, a word a cell-stage slot, and the width of one bias in it.

    Adding half a unit of the format that the sum is narrowed to makes rounding a plain shift (round half up).
    """
    shift = bias_shift(array, narrowed)
    half = 1 << (array.frac - narrowed.frac) >> 1 if narrowed else 0
    stored = ((layer.bias << array.bias_shift) + half) >> shift
    lo, hi = ((limit << array.bias_shift) + half >> shift for limit in (array.bias.lo, array.bias.hi))
    width, mask = bits_for(lo, hi), (1 << bits_for(lo, hi)) - 1
    padded = np.zeros((array.rows_per_unit, array.groups * array.units), dtype=np.int64)
    padded[:, : array.outputs] = stored.reshape(array.rows_per_unit, array.outputs)
    words = []
    for beat in range(array.groups * array.slots_per_group):
        cells = padded[:, beat * array.cells : (beat + 1) * array.cells].T.reshape(-1)  # a cell's rows side by side
        words.append(sum((int(value) & mask) << n * width for n, value in enumerate(cells)))
    return words, width
