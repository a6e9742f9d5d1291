"""Contents of memories, word by word: the weights of every unit, biases and scales."""

from __future__ import annotations

import numpy as np

from accel.architecture.array import Array
from accel.architecture.embedding import Embedding
from accel.base.fixed import Fixed, Integers, bits_for, index_bits
from accel.memory.dataflows import lane_words
from accel.model.weights import LayerWeights


def unit_words(array: Array, layer: LayerWeights) -> list[list[int]]:
    """Contents of each unit's weight memory: the values of all lanes below the indices, first lane lowest."""
    lanes = lane_words(array, layer)
    codes = array.stored.codes(lanes.values).reshape(len(lanes.values), array.units, -1)
    places = lanes.places.reshape(codes.shape)[:, :, : array.indices]  # one row speaks for those that share it
    by_row = np.split(codes, array.rows_per_unit, axis=2)
    rows = [(one & (1 << width) - 1, width) for one, width in zip(by_row, array.gate_widths, strict=True)]
    return [
        _words(*((one[:, unit], width) for one, width in rows), (places[:, unit], array.index_width))
        for unit in range(array.units)
    ]


def _words(*fields: tuple[Integers, int]) -> list[int]:
    """Memory words of one unit from fields of codes [words, count], each code of its bits, the first field lowest."""
    words, base = [0] * len(fields[0][0]), 0
    for codes, width in fields:
        for number, word in enumerate(codes.tolist()):
            words[number] |= sum(code << n * width for n, code in enumerate(word)) << base
        base += codes.shape[1] * width
    return words


def bias_shift(array: Array, narrowed: Fixed | None) -> int:
    """Left shift of a stored bias: bias and half unit of the narrowing, which is added with it, share this fraction."""
    drop = array.sum_frac - narrowed.frac if narrowed else 0
    return min(array.bias_shift, drop - 1) if drop else array.bias_shift


def sum_format(array: Array) -> Fixed | None:
    """The format that an array's sums are rounded to; a head's stay exact."""
    return array.formats.gate if array.recurrent else None


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
    levels = [_slot_words(array, part, width) for part in np.split(stored, array.unit_levels)]
    return [word for level in levels for word in [*level, *gap]][: bias_depth(array)]


def bias_depth(array: Array) -> int:
    """Words of the bias memory."""
    return ((array.unit_levels - 1) << index_bits(array.beats)) + array.beats


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


def state_words(array: Array, layer: LayerWeights) -> dict[str, tuple[list[int], int]]:
    """What sequences begin with: of each signal of `cell.states` a word a slot of the cell stage, and a word's bits."""
    if layer.initial is None:
        return {}
    fields = zip(array.cell.states, array.state_formats, np.split(layer.initial, len(array.cell.states)), strict=True)
    found = {}
    for name, fmt, values in fields:
        padded = np.zeros(array.beats * array.cells, dtype=np.int64)
        padded[: array.outputs] = fmt.codes(values)
        by_slot = padded.reshape(array.beats, array.cells).tolist()
        words = [sum(code << n * fmt.width for n, code in enumerate(slot)) for slot in by_slot]
        found[name] = words, array.cells * fmt.width
    return found


def table_words(embedding: Embedding, rows: Integers) -> list[int]:
    """Contents of an embedding's table of rows [tokens, elements], row by row, the first element of a word lowest."""
    padded = np.zeros((embedding.tokens, embedding.beats * embedding.words), dtype=np.int64)
    padded[:, : rows.shape[1]] = embedding.element.codes(rows)
    width = embedding.element.width
    return [
        sum(code << n * width for n, code in enumerate(word)) for word in padded.reshape(-1, embedding.words).tolist()
    ]


def half_unit(array: Array, narrowed: Fixed | None) -> int:
    """Half a unit of the format that sums are narrowed to, in the sums' fraction."""
    return 1 << (array.sum_frac - narrowed.frac) >> 1 if narrowed else 0
