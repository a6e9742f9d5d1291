"""What golden's integers put into every memory: worked out from the matrices, the masks and the geometry of the lanes,
without the code that writes memories, so that a fault of that code is a difference."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from accel.architecture.array import Array
from accel.architecture.columns import ColumnArray
from accel.base.fixed import Fixed, Integers
from accel.memory.images import bias_shift, bias_width, half_unit
from accel.model.weights import LayerWeights, Matrix


@dataclass(frozen=True)
class Part:
    """Fields of one kind side by side in each word, the first lowest: integers [words, count] of `width` bits."""

    label: str
    width: int
    fields: Integers


@dataclass(frozen=True)
class Contents:
    """One memory: its parts, the first lowest in the word."""

    parts: tuple[Part, ...]

    @property
    def width(self) -> int:
        """Bits of a word."""
        return sum(part.width * part.fields.shape[1] for part in self.parts)

    def words(self) -> list[int]:
        """The words, unsigned."""
        words, base = [0] * len(self.parts[0].fields), 0
        for part in self.parts:
            mask, count = (1 << part.width) - 1, part.fields.shape[1]
            for number, fields in enumerate(part.fields.tolist()):
                words[number] |= sum((field & mask) << n * part.width for n, field in enumerate(fields)) << base
            base += count * part.width
        return words

    def field(self, different: int) -> str:
        """The field that the lowest bit of a difference lies in."""
        bit = (different & -different).bit_length() - 1
        for part in self.parts:
            count = part.fields.shape[1]
            if bit < count * part.width:
                return f"{part.label} {bit // part.width}"
            bit -= count * part.width
        return "bits beyond the word"


@dataclass(frozen=True)
class Lanes:
    """What the lanes of an array read, word by word: [words, units, rows of a unit, lanes of a row].

    `values` are the weights, `columns` what each belongs to: the number of an operand, or by columns of a lane's row;
    `places` are the same as memories hold them. Where a lane has nothing to do, all are 0.
    """

    values: Integers
    columns: Integers
    places: Integers


def lanes(array: Array, layer: LayerWeights) -> Lanes:
    """What the lanes read, in the order of their memory words."""
    if isinstance(array, ColumnArray):
        first = _by_row_of_lane(array, layer.w_x) if array.x_by_rows else _by_column(array, layer.w_x)
        return _joined([first, _by_column(array, layer.w_h)])
    return _joined([_by_row(level, layer.level(number, array.levels)) for number, level in enumerate(array.by_level)])


def _joined(parts: Sequence[Lanes]) -> Lanes:
    sides = ([getattr(part, name) for part in parts] for name in ("values", "columns", "places"))
    return Lanes(*(np.concatenate(side) for side in sides))


def _by_row(array: Array, layer: LayerWeights) -> Lanes:
    """Rows of one level: the words of a group are its cycles; unit u of group g works for hidden unit g P + u."""
    k_x, k_h = array.kept
    values, columns, places = (np.zeros((array.rows + 1, k_x + k_h + 1), dtype=np.int64) for _ in range(3))
    for row in range(array.rows):
        x, h = (np.flatnonzero(matrix.mask[row]) for matrix in (layer.w_x, layer.w_h))
        values[row, :-1] = [*layer.w_x.values[row, x], *layer.w_h.values[row, h]]
        columns[row, :-1] = [*x, *h]
        places[row, :-1] = [*_places(x, array.input_words), *_places(h, array.cells)]
    unit = np.arange(array.groups * array.units).reshape(-1, 1, array.units, 1, 1)
    rows = np.arange(array.rows_per_unit).reshape(-1, 1) * array.outputs + unit
    rows = np.where(unit < array.outputs, rows, array.rows)  # the last row is that of units which do not exist
    taken = _taken(array)[:, None, None, :]
    shape = (array.depth, array.units, array.rows_per_unit, array.lanes_per_row)
    return Lanes(*(table[rows, taken].reshape(shape) for table in (values, columns, places)))


def _places(columns: Integers, words: int) -> Integers:
    """Where operands lie in a memory of so many a word: the word above the place within it."""
    return (columns // words << (words - 1).bit_length()) + columns % words


def _taken(array: Array) -> Integers:
    """Which weight of its row a lane takes in a cycle, x before h; one beyond the last where it rests. [T, M]."""
    (k_x, k_h), table = array.kept, np.full((array.cycles_per_group, array.lanes_per_row), sum(array.kept))
    cycle = np.arange(array.cycles_per_group)
    for m in range(array.lanes_per_row):
        first, stride, end = m, array.lanes_per_row, k_x + k_h
        if array.split is not None:
            of_x, of_h = array.split
            first, stride, end = (m, of_x, k_x) if m < of_x else (k_x + m - of_x, of_h, k_x + k_h)
        position = first + cycle * stride
        table[:, m] = np.where(position < end, position, k_x + k_h)
    return table


def _lane_rows(array: ColumnArray) -> Integers:
    """Rows of the matrix that a lane owns: those of the hidden units u, u + P, u + 2 P ... [u, r, row of the lane]."""
    unit, row, owned = np.ogrid[: array.units, : array.rows_per_unit, : array.groups]
    return np.asarray(row * array.outputs + owned * array.units + unit)


def _by_column(array: ColumnArray, matrix: Matrix) -> Lanes:
    """Columns one after the other: each lane's weights in it, the lane's first row first."""
    rows = _lane_rows(array)
    mask, values = matrix.mask[rows], matrix.values[rows]  # [u, r, row of the lane, column]
    kept = int(mask[0, 0, :, 0].sum()) if mask.size else 0
    order = np.argsort(~mask, axis=2, kind="stable")[:, :, :kept]
    found = (np.take_along_axis(values, order, axis=2), order)
    shape = (-1, array.units, array.rows_per_unit, 1)
    weights, owned = (side.transpose(3, 2, 0, 1).reshape(shape) for side in found)
    return Lanes(weights, owned, owned)


def _by_row_of_lane(array: ColumnArray, matrix: Matrix) -> Lanes:
    """Where W_x goes by rows: the rows of a lane one after the other, each with its weights in their order."""
    rows = _lane_rows(array)
    order = np.argsort(~matrix.mask[rows], axis=3, kind="stable")[..., : array.kept[0]]
    found = (np.take_along_axis(matrix.values[rows], order, axis=3), order)
    shape = (-1, array.units, array.rows_per_unit, 1)
    weights, columns = (side.transpose(2, 3, 0, 1).reshape(shape) for side in found)
    return Lanes(weights, columns, _places(columns, array.input_words))


def unit_memories(array: Array, layer: LayerWeights) -> Iterator[Contents]:
    """The weight memory of each unit: the values of its lanes below their indices."""
    found = lanes(array, layer)
    places = readers(array, found.places)
    values = stored_values(array, found.values)
    for unit in range(array.units):
        parts = [Part("value", array.weight_width, values[:, unit].reshape(len(values), -1))]
        if array.indices:
            parts.append(Part("index", array.index_width, places[:, unit].reshape(len(places), -1)))
        yield Contents(tuple(parts))


def readers(array: Array, columns: Integers) -> npt.NDArray[np.int64]:
    """Those of the columns that are stored: of one row for all rows of a unit that share theirs, else all."""
    return columns[:, :, :1] if array.shared_by_gates else columns


def stored_values(array: Array, values: Integers) -> Integers:
    """Weights as two's complement of their width reads them: in one bit (binary), -1 is -1 and everything else 0."""
    return values if array.weight_width > 1 else np.minimum(values, 0)


def bias_memory(array: Array, layer: LayerWeights, narrowed: Fixed | None) -> Contents:
    """Biases with half a unit of the format that sums are narrowed to, a word a slot of the cell stage.

    Each level begins at a multiple of a power of two.
    """
    shift, half = bias_shift(array, narrowed), half_unit(array, narrowed)
    exact = (layer.bias << array.bias_shift) + half
    by_level = [_slots(array, part) for part in np.split(exact >> shift, array.levels)]
    pitch = 1 << max(1, (array.beats - 1).bit_length())
    fields = np.zeros(((array.levels - 1) * pitch + array.beats, by_level[0].shape[1]), dtype=np.int64)
    for number, level in enumerate(by_level):
        fields[number * pitch : number * pitch + array.beats] = level
    return Contents((Part("bias", bias_width(array, narrowed), fields),))


def scale_memory(array: Array, layer: LayerWeights) -> Contents:
    """Scales of the rows, a word a slot of the cell stage."""
    assert array.scale is not None
    assert layer.scale is not None
    return Contents((Part("scale", array.scale.width, _slots(array, layer.scale)),))


def state_memories(array: Array, layer: LayerWeights, formats: Sequence[Fixed]) -> Iterator[tuple[str, Contents]]:
    """What sequences begin with, by the names of the cell's states: a word a slot of the cell stage, E units each."""
    if layer.initial is None:
        return
    for number, (name, fmt) in enumerate(zip(array.cell.states, formats, strict=True)):
        units = np.zeros(array.beats * array.cells, dtype=np.int64)
        units[: array.outputs] = layer.initial[number * array.outputs :][: array.outputs]
        yield name, Contents((Part(name, fmt.width, units.reshape(array.beats, array.cells)),))


def _slots(array: Array, values: Integers) -> Integers:
    """One value a row of a level, as the cell stage takes them: E units a slot, the rows of a unit side by side."""
    by_unit = np.zeros((array.beats * array.cells, len(values) // array.outputs), dtype=np.int64)
    by_unit[: array.outputs] = values.reshape(-1, array.outputs).T
    return by_unit.reshape(array.beats, -1)
