"""What the lanes execute: the weight memory of every unit, and the constants of bias and tables."""

from __future__ import annotations

import numpy as np

from accel.architecture.array import Array
from accel.architecture.columns import ColumnArray
from accel.base.fixed import Fixed, Integers, bits_for, index_bits
from accel.model.samples import state_formats
from accel.model.sparse import pack_columns
from accel.model.weights import LayerWeights, Matrix
from accel.spec import Spec


def positions(array: Array) -> Integers:
    """Position in its row (x columns, then h columns) that lane m takes in cycle t; -1 where it idles. [M, T]."""
    table = np.full((array.lanes_per_row, array.cycles_per_group), -1, dtype=np.int64)
    for m, lane in enumerate(array.lanes):
        start, stride = first_position(array, m)
        table[m, : lane.slots] = np.arange(lane.slots) * stride + start
    return table


def first_position(array: Array, lane: int) -> tuple[int, int]:
    """The position that a lane of a row takes first, and its stride."""
    if array.split is None:
        return lane, array.lanes_per_row
    x_lanes, h_lanes = array.split
    return (lane, x_lanes) if lane < x_lanes else (array.kept[0] + lane - x_lanes, h_lanes)


def row_words(array: Array, layer: LayerWeights) -> tuple[Integers, Integers]:
    """Values and column indices of each row in the order of its positions, both [rows, K_x + K_h]."""
    parts = (layer.w_x.packed, layer.w_h.packed)
    values = np.concatenate([part.values for part in parts], axis=1)
    columns = np.concatenate([part.columns for part in parts], axis=1)
    return values, columns


def unit_words(array: Array, layer: LayerWeights) -> list[list[int]]:
    """Contents of each unit's weight memory: the values of all lanes below the indices, first lane lowest.

    By rows G*T words a level; idle lanes and the units beyond the last one hold zeros. By columns those of W_x, then
    those of W_h.
    """
    if isinstance(array, ColumnArray):
        return _column_words(array, layer)
    levels = [
        _level_words(array, level, layer.level(number, array.levels)) for number, level in enumerate(array.by_level)
    ]
    return [[word for level in levels for word in level[unit]] for unit in range(array.units)]


def _level_words(array: Array, level: Array, layer: LayerWeights) -> list[list[int]]:
    """Contents of each unit's memory for one level of an array."""
    values, columns = row_words(level, layer)
    k_x = level.kept[0]
    columns = np.hstack([array.x_vector.places(columns[:, :k_x]), array.h_vector.places(columns[:, k_x:])])
    weights = _by_lane(level, array.w_x.codes(values))
    places = _by_lane(level, columns)[:, :, :, : array.indices]
    return [
        _words((weights[unit], array.weight_width), (places[unit], array.index_width)) for unit in range(array.units)
    ]


def column_lanes(array: ColumnArray, layer: LayerWeights) -> tuple[Integers, Integers]:
    """Values, and the rows of the lane that they belong to, [word, unit, gate]: columns of W_x, then of W_h.

    Where W_x goes by rows, one row of each lane after the other: values, and the columns that they belong to.
    """
    w_x, w_h = layer.w_x, layer.w_h
    lanes = array.units, array.rows_per_unit
    first = _lane_rows(array, w_x) if array.x_by_rows else pack_columns(w_x.values, w_x.mask, *lanes)
    sides = (first, pack_columns(w_h.values, w_h.mask, *lanes))
    flat = [[part.reshape(-1, array.units, array.rows_per_unit) for part in side] for side in sides]
    values, rows = (np.concatenate(parts) for parts in zip(*flat, strict=True))
    return values, rows


def _lane_rows(array: ColumnArray, matrix: Matrix) -> tuple[Integers, Integers]:
    """Values and columns of rows as lanes own them, [row of the lane, kept, p, gate]."""
    shape = (array.rows_per_unit, array.groups, array.units, matrix.kept)
    values, columns = (
        part.reshape(shape).transpose(1, 3, 2, 0) for part in (matrix.packed.values, matrix.packed.columns)
    )
    return values, columns


def _column_words(array: ColumnArray, layer: LayerWeights) -> list[list[int]]:
    values, indices = column_lanes(array, layer)
    codes = array.w_x.codes(values)
    if array.x_by_rows:
        indices = np.concatenate([array.x_vector.places(indices[: array.h_start]), indices[array.h_start :]])
    return [
        _words((codes[None, :, unit], array.weight_width), (indices[None, :, unit], array.index_width))
        for unit in range(array.units)
    ]


def _by_lane(array: Array, codes: Integers) -> Integers:
    """Codes of all rows, [rows, positions], as each unit's lanes take them: [units, G, T, rows of a unit * M]."""
    padded = np.zeros((array.rows_per_unit, array.groups * array.units, codes.shape[1] + 1), dtype=np.int64)
    padded[:, : array.outputs, :-1] = codes.reshape(array.rows_per_unit, array.outputs, -1)
    taken = padded[:, :, positions(array)]  # position -1 is the zero at the end
    taken = taken.reshape(array.rows_per_unit, array.groups, array.units, array.lanes_per_row, -1)
    return taken.transpose(2, 1, 4, 0, 3).reshape(array.units, array.groups, array.cycles_per_group, -1)


def _words(*fields: tuple[Integers, int]) -> list[int]:
    """Memory words of one unit from fields of codes [G, T, count], each code so many bits, the first field lowest."""
    words, base = [0] * (fields[0][0].shape[0] * fields[0][0].shape[1]), 0
    for codes, width in fields:
        count = codes.shape[2]
        for number, word in enumerate(codes.reshape(len(words), count).tolist()):
            words[number] |= sum(code << n * width for n, code in enumerate(word)) << base
        base += count * width
    return words


def bias_shift(array: Array, narrowed: Fixed | None) -> int:
    """Left shift of a stored bias: bias and half unit of the narrowing, which is added with it, share this fraction."""
    drop = array.sum_frac - narrowed.frac if narrowed else 0
    return min(array.bias_shift, drop - 1) if drop else array.bias_shift


def sum_format(array: Array, spec: Spec) -> Fixed | None:
    """The format that an array's sums are rounded to; a head's stay exact."""
    return spec.formats.gate if array.recurrent else None


def bias_width(array: Array, narrowed: Fixed | None) -> int:
    """Bits of one stored bias, half a unit of the narrowing included."""
    half, shift = half_unit(array, narrowed), bias_shift(array, narrowed)
    lo, hi = ((limit << array.bias_shift) + half >> shift for limit in (array.bias.lo, array.bias.hi))
    return bits_for(lo, hi)


def bias_words_width(array: Array, narrowed: Fixed | None) -> int:
    """Bits of a word of the bias memory: the biases of the units that the cell stage takes in a cycle."""
    return bias_width(array, narrowed) * array.sums_per_unit * array.cells


def bias_words(array: Array, layer: LayerWeights, narrowed: Fixed | None) -> list[int]:
    """Contents of the bias memory, a word a cell-stage slot; each level begins at a multiple of a power of two.

    Adding half a unit of the format that the sum is narrowed to makes rounding a plain shift (round half up).
    """
    stored = ((layer.bias << array.bias_shift) + half_unit(array, narrowed)) >> bias_shift(array, narrowed)
    width, gap = bias_width(array, narrowed), [0] * ((1 << index_bits(array.beats)) - array.beats)
    levels = [_slot_words(array, part, width) for part in np.split(stored, array.levels)]
    return [word for level in levels for word in [*level, *gap]][: bias_depth(array)]


def bias_depth(array: Array) -> int:
    """Words of the bias memory."""
    return ((array.levels - 1) << index_bits(array.beats)) + array.beats


def scale_words(array: Array, layer: LayerWeights) -> list[int]:
    """Contents of the memory of scales, a word a cell-stage slot; empty where rows have none."""
    return [] if array.scale is None or layer.scale is None else _slot_words(array, layer.scale, array.scale.width)


def _slot_words(array: Array, values: Integers, width: int) -> list[int]:
    """One value a sum, `width` bits each, as the cell stage takes them: a slot's cells side by side."""
    mask = (1 << width) - 1
    padded = np.zeros((array.sums_per_unit, array.groups * array.units), dtype=np.int64)
    padded[:, : array.outputs] = values.reshape(array.sums_per_unit, array.outputs)
    words = []
    for beat in range(array.beats):
        cells = padded[:, beat * array.cells : (beat + 1) * array.cells].T.reshape(-1)  # a cell's sums side by side
        words.append(sum((int(value) & mask) << n * width for n, value in enumerate(cells)))
    return words


def state_words(array: Array, layer: LayerWeights, spec: Spec) -> dict[str, tuple[list[int], int]]:
    """What sequences begin with: of each signal of `cell.states` a word a slot of the cell stage, and a word's bits."""
    if layer.initial is None:
        return {}
    fields = zip(array.cell.states, state_formats(spec), np.split(layer.initial, len(array.cell.states)), strict=True)
    found = {}
    for name, fmt, values in fields:
        padded = np.zeros(array.beats * array.cells, dtype=np.int64)
        padded[: array.outputs] = fmt.codes(values)
        by_slot = padded.reshape(array.beats, array.cells).tolist()
        words = [sum(code << n * fmt.width for n, code in enumerate(slot)) for slot in by_slot]
        found[name] = words, array.cells * fmt.width
    return found


def half_unit(array: Array, narrowed: Fixed | None) -> int:
    """Half a unit of the format that sums are narrowed to, in the sums' fraction."""
    return 1 << (array.sum_frac - narrowed.frac) >> 1 if narrowed else 0
