"""What golden's integers put into every memory: worked out from the matrices, the masks and the geometry of the lanes,
without the code that writes memories, so that a fault of that code is a difference."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from accel.architecture.array import Array
from accel.architecture.embedding import Embedding
from accel.base.fixed import Fixed, Integers
from accel.engines.dataflows import CHECKED
from accel.engines.dataflows.lanes import Lanes
from accel.memory.images import bias_shift, bias_width, half_unit
from accel.model.weights import LayerWeights


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


def lanes(array: Array, layer: LayerWeights) -> Lanes:
    """What the lanes read, in the order of their memory words."""
    return CHECKED[array.dataflow].lanes(array, layer)


def unit_memories(array: Array, layer: LayerWeights) -> Iterator[Contents]:
    """The weight memory of each unit: the values of its lanes below their indices."""
    found = lanes(array, layer)
    places = readers(array, found.places)
    values = stored_values(array, found.values)
    for unit in range(array.units):
        parts = [*_values(array, values[:, unit])]
        if array.indices:
            parts.append(Part("index", array.index_width, places[:, unit].reshape(len(places), -1)))
        yield Contents(tuple(parts))


def _values(array: Array, values: Integers) -> Iterator[Part]:
    """Those of a unit [words, rows, lanes of a row]: side by side, each row's of its gate's bits."""
    if not array.widths_differ:
        yield Part("value", array.weight_width, values.reshape(len(values), -1))
        return
    of_x, of_h = (matrix.by_gate(array.rows_per_unit) for matrix in (array.w_x, array.w_h))
    for gate in range(array.rows_per_unit):
        yield Part(f"gate {gate}, value", max(of_x[gate], of_h[gate]), values[:, gate])


def readers(array: Array, columns: Integers) -> npt.NDArray[np.int64]:
    """Those of the columns [rows, nnz] that are stored: one row's for all of a unit that share theirs, else all."""
    return columns[:, :, :1] if array.shared_by_gates else columns


def stored_values(array: Array, values: Integers) -> Integers:
    """Weights of any shape as two's complement reads them: in one bit (binary), -1 is -1 and all else 0."""
    return values if array.weight_width > 1 else np.minimum(values, 0)


def bias_memory(array: Array, layer: LayerWeights, narrowed: Fixed | None) -> Contents:
    """Biases with half a unit of the format that sums are narrowed to, a word a slot of the cell stage.

    Each level begins at a multiple of a power of two.
    """
    shift, half = bias_shift(array, narrowed), half_unit(array, narrowed)
    exact = (layer.bias << array.bias_shift) + half
    by_level = [_slots(array, part) for part in np.split(exact >> shift, array.unit_levels)]
    pitch = 1 << max(1, (array.beats - 1).bit_length())
    fields = np.zeros(((array.unit_levels - 1) * pitch + array.beats, by_level[0].shape[1]), dtype=np.int64)
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


def table_memory(embedding: Embedding, rows: Integers) -> Contents:
    """The table of an embedding, of rows [tokens, elements]: word w of a token has its elements w E to w E + E - 1,
    zeros beyond the last.
    """
    tokens, words = np.divmod(np.arange(embedding.tokens * embedding.beats), embedding.beats)
    columns = words[:, None] * embedding.words + np.arange(embedding.words)
    there = columns < rows.shape[1]
    fields = np.where(there, rows[tokens[:, None], np.where(there, columns, 0)], 0)
    return Contents((Part("element", embedding.element.width, fields),))


def _slots(array: Array, values: Integers) -> Integers:
    """One value a row of a level, as the cell stage takes them: E units a slot, the rows of a unit side by side."""
    by_unit = np.zeros((array.beats * array.cells, len(values) // array.outputs), dtype=np.int64)
    by_unit[: array.outputs] = values.reshape(-1, array.outputs).T
    return by_unit.reshape(array.beats, -1)
