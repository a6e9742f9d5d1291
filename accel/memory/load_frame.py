"""Weights on their way into a scratchpad: the frame that the stream `s_weights` carries, in 32-bit words.

A frame is the digest of the shape it fits, the words of every weight memory in order, and the CRC-32 (that of zlib,
over little-endian bytes) of all before. `tlast` marks its end. Memories come array by array: the units' words of
values and indices, then the words of biases and scales; each word in as many 32-bit parts as it needs, lowest first.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields

from accel.architecture.array import Array
from accel.architecture.network import Network
from accel.memory.images import bias_words, bias_words_width, scale_words, sum_format, unit_words
from accel.model.design import Design
from accel.model.weights import LayerWeights

WORD = 32
"""Bits of a beat of the stream."""

LAYOUT = 1
"""Changes with the layout of a frame."""
NAMED_AT_FIRST = {"RowArray": "Array", "LowBit": "Digits"}
"""Classes that had another name when the layout came; frames and bitstreams of that time still fit each other."""
FIELDS_AT_FIRST = {"nnz": "kept", "dedicated_lanes": "split", "initial_state": "given_state", "streamed": "fed"}
"""Fields likewise."""
ADDED = {
    **{"x_first": False, "directions": 1, "pack": False, "loaded_memory": "auto"},
    "multiplier_registers": False,
}
"""Fields that came later, left out where they are what was the only way."""


@dataclass(frozen=True)
class Section:
    """Memories of one kind of an array: how many, of how many words, of how many bits."""

    memories: int
    depth: int
    width: int

    @property
    def parts(self) -> int:
        """Beats of one word."""
        return -(-self.width // WORD)

    @property
    def beats(self) -> int:
        """Beats of the section."""
        return self.memories * self.depth * self.parts


def sections(array: Array, net: Network) -> dict[str, Section]:
    """The weight memories of an array, its bias memory, and that of its scales where rows have some."""
    found = {
        "weights": Section(array.units, array.depth, array.word_width),
        "biases": Section(1, array.beats, bias_words_width(array, sum_format(array))),
    }
    return found | {"scales": Section(1, array.beats, array.scale_words_width)} if array.scale else found


def beats(net: Network) -> int:
    """Beats of a frame."""
    return 2 + sum(section.beats for array in net.arrays for section in sections(array, net).values())


def shape_digest(net: Network) -> int:
    """What a frame begins with: it fits any accelerator of the same sizes, nonzeros per row, lanes and formats."""
    arrays = ", ".join(map(_as_at_first, net.arrays)) + ("," if len(net.arrays) == 1 else "")
    shape = f"({LAYOUT}, ({arrays}), {net.spec.formats!r})"
    for name, at_first in NAMED_AT_FIRST.items():
        shape = shape.replace(f"{name}(", f"{at_first}(")
    return int.from_bytes(hashlib.sha256(shape.encode()).digest()[:4], "little")


def _as_at_first(array: Array) -> str:
    """An array with the fields that it had when the layout came: h, and no formats of its own beside the spec's."""
    found = []
    for field in fields(array):
        if field.name == "w_h":
            found.append(f"h={array.h!r}")
        value = getattr(array, field.name)
        if field.name != "signals" and (field.name not in ADDED or value != ADDED[field.name]):
            found.append(f"{FIELDS_AT_FIRST.get(field.name, field.name)}={value!r}")
    return f"{type(array).__qualname__}({', '.join(found)})"


def frame(design: Design) -> list[int]:
    """The weights of a design as the words of a frame."""
    return sealed([shape_digest(design.net), *_payload(design)])


def sealed(words: list[int]) -> list[int]:
    """Words with their CRC behind them."""
    return [*words, zlib.crc32(b"".join(word.to_bytes(4, "little") for word in words))]


def _payload(design: Design) -> Iterator[int]:
    for array, layer in zip(design.net.arrays, design.weights.layers, strict=True):
        kinds = sections(array, design.net)
        for unit in unit_words(array, layer):
            yield from _parts(unit, kinds["weights"])
        yield from _parts(bias_words(array, layer, sum_format(array)), kinds["biases"])
        if array.scale:
            yield from _parts(scale_words(array, layer), kinds["scales"])


def _parts(words: Iterable[int], section: Section) -> Iterator[int]:
    for word in words:
        for part in range(section.parts):
            yield word >> part * WORD & (1 << WORD) - 1


def streamed_beats(array: Array, layer: LayerWeights) -> list[int]:
    """Beats that bring an array its values and indices in every turn: address by address, the words of all units."""
    assert array.streamed is not None
    units = unit_words(array, layer)
    sets = [sum(words[n] << u * array.word_width for u, words in enumerate(units)) for n in range(array.depth)]
    mask = (1 << array.streamed) - 1
    return [word >> part * array.streamed & mask for word in sets for part in range(array.set_beats)]
