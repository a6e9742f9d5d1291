"""Compares what lies in memories with golden's integers before anything runs, word by word, in Verilog and C++.

An engine that runs shows a wrong word only where some input lets it matter. Here every word of every file counts that a
synthesiser, a compiler or a host reads.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import zip_longest
from pathlib import Path
from typing import Literal

import numpy as np

from accel.architecture.array import Array
from accel.architecture.embedding import EMBEDDING
from accel.architecture.pool import POOL
from accel.base.fixed import Integers
from accel.engines.contents import (
    Contents,
    Part,
    bias_memory,
    lanes,
    readers,
    scale_memory,
    state_memories,
    stored_values,
    table_memory,
)
from accel.engines.contents import unit_memories as of_units
from accel.engines.dataflows import CHECKED
from accel.engines.engine import converted, generated
from accel.engines.stored import Unreadable, Word, arrays, case_roms, hex_words, roms, structures, text_of
from accel.memory.images import sum_format
from accel.memory.load_frame import WORD, shape_digest
from accel.model.design import Design
from accel.model.weights import LayerWeights

HEADER = "hls/weights.h"
"""The C++ that holds memory contents."""


@dataclass(frozen=True)
class Mismatch:
    """A word that is not what golden's integers make it: its file, which word and field, wanted and got."""

    file: str
    word: str
    wanted: str
    got: str

    def __str__(self) -> str:
        return f"{self.file}, {self.word}: wanted {self.wanted}, got {self.got}"


@dataclass(frozen=True)
class Memories:
    """The check `memories` of `verify.json`: files and words that were compared, how many words differ, and the first
    of each file.
    """

    status: Literal["equal", "different"]
    files: int
    words: int
    mismatches: int
    differences: tuple[Mismatch, ...]

    @property
    def reason(self) -> str:
        """The first difference in a sentence; empty where there is none."""
        return f"memory contents: {self.differences[0]}" if self.differences else ""


class _Comparison:
    """Counts what was compared, and keeps the first difference of each file."""

    def __init__(self) -> None:
        self.files: set[str] = set()
        self.first: dict[str, Mismatch] = {}
        self.words = self.mismatches = 0

    def differs(self, file: str, word: str, wanted: object, got: object, count: int = 1) -> None:
        """A difference, or `count` of which this is the first."""
        self.mismatches += count
        self.first.setdefault(file, Mismatch(file, word, str(wanted), str(got)))

    def words_of(self, file: str, contents: Contents, stored: Sequence[Word]) -> None:
        """A file of words."""
        self.files.add(file)
        wanted, digits = contents.words(), -(-contents.width // 4)
        self.words += len(wanted)
        for number, (want, got) in enumerate(zip_longest(wanted, stored)):
            if want == got:
                continue
            field = "" if want is None or got is None else f", {contents.field(want ^ got)}"
            wanted_word, got_word = ("no word" if side is None else f"{side:0{digits}x}" for side in (want, got))
            self.differs(file, f"word {number}{field}", wanted_word, got_word)

    def array(self, file: str, name: str, wanted: Integers, got: Integers | None) -> None:
        """A constant array."""
        self.files.add(file)
        self.words += wanted.size
        if got is None or wanted.shape != got.shape:
            shape = "nothing" if got is None else f"shape {got.shape}"
            self.differs(file, name, f"shape {wanted.shape}", shape, count=max(1, wanted.size))
            return
        unequal = np.argwhere(wanted != got)
        if len(unequal):
            place = tuple(unequal[0])
            where = name + "".join(f"[{part}]" for part in place)
            self.differs(file, where, wanted[place], got[place], len(unequal))

    def same(self, file: str, what: str, wanted: object, got: object) -> None:
        """Anything else."""
        self.files.add(file)
        self.words += 1
        if wanted != got:
            self.differs(file, what, wanted, got)


def check_memories(design: Design) -> Memories:
    """Compare every file that holds memory contents with the design's integers. Refused where `generate` has left no
    Verilog or C++; a memory file that is absent is a difference, and so is a text that nobody could read as contents.
    """
    converted(design)
    generated(design.work / HEADER)
    found = _Comparison()
    for compare in (_hex_files, _verilog, _cpp):
        try:
            compare(design, found)
        except Unreadable as fault:
            found.differs(str(fault).split(":", maxsplit=1)[0], "text", "memory contents", fault)
    differences = tuple(found.first.values())
    return Memories(
        "different" if differences else "equal", len(found.files), found.words, found.mismatches, differences
    )


def _arrays(design: Design) -> Iterator[tuple[Array, LayerWeights]]:
    return zip(design.in_hardware.net.arrays, design.in_hardware.weights.layers, strict=True)


def _held(design: Design, array: Array, layer: LayerWeights) -> Iterator[tuple[str, Contents]]:
    """An array's memories in the order in which they are loaded, by the ends of their files' names."""
    if not array.streamed:
        yield from ((f"unit{number}", unit) for number, unit in enumerate(of_units(array, layer)))
    yield "bias", bias_memory(array, layer, sum_format(array))
    if array.scale is not None:
        yield "scale", scale_memory(array, layer)
    states = state_memories(array, layer, array.state_formats if layer.initial is not None else [])
    yield from ((f"initial_{name}", contents) for name, contents in states)


def expected_files(design: Design) -> Iterator[tuple[str, Contents]]:
    """Every file of words of the work folder, and what it must hold."""
    identifier = design.spec.identifier
    if design.spec.engine.memory == "scratchpad":
        yield f"load/{identifier}.hex", _plain(_frame(design), WORD)
    for array, layer in _arrays(design):
        if array.streamed:
            yield f"load/{identifier}_{array.name}.hex", _plain(_streamed(array, layer), array.streamed)
        if not array.writable:
            for end, contents in _held(design, array, layer):
                yield f"rtl/{identifier}_{array.name}_{end}.hex", contents
    if design.net.embedding is not None and design.weights.embedding is not None:
        yield f"rtl/{identifier}_{EMBEDDING}.hex", table_memory(design.net.embedding, design.weights.embedding)
    if design.net.pool is not None and design.net.pool.mean:
        pool, longest = design.net.pool, design.net.pool.longest
        shares = np.array([[math.floor(Fraction(1 << pool.frac, n) + Fraction(1, 2))] for n in range(1, longest + 1)])
        yield f"rtl/{identifier}_{POOL}.hex", Contents((Part("factor", pool.factor_width, shares),))
    for name, table in design.net.tables.items():
        entries = np.array(table.entries, dtype=np.int64).reshape(-1, 1)
        yield f"rtl/{identifier}_{name}.hex", Contents((Part("entry", table.output.width, entries),))


def _plain(words: Iterable[int], width: int) -> Contents:
    """Words without fields, of any width."""
    column = np.array([[word] for word in words], dtype=object)
    return Contents((Part("beat", width, column),))


def _frame(design: Design) -> list[int]:
    """A frame of weights: digest of the shape, every memory's words in parts of 32 bits, lowest first, and the CRC."""
    words = [shape_digest(design.net)]
    for array, layer in _arrays(design):
        for _, contents in _held(design, array, layer):
            parts = range(0, contents.width, WORD)
            words += [word >> bit & 0xFFFFFFFF for word in contents.words() for bit in parts]
    return [*words, zlib.crc32(b"".join(word.to_bytes(4, "little") for word in words))]


def _streamed(array: Array, layer: LayerWeights) -> Iterator[int]:
    """Beats of one step's weights: for each address the words of all units, unit 0 lowest, in whole beats."""
    assert array.streamed is not None
    units = list(of_units(array, layer))
    for words in zip(*(unit.words() for unit in units), strict=True):
        joined = sum(word << n * units[0].width for n, word in enumerate(words))
        for bit in range(0, len(units) * units[0].width, array.streamed):
            yield joined >> bit & (1 << array.streamed) - 1


def _hex_files(design: Design, found: _Comparison) -> None:
    for file, contents in expected_files(design):
        path = design.work / file
        stored = hex_words(text_of(path), file) if path.is_file() else []
        found.words_of(file, contents, stored)


def _verilog(design: Design, found: _Comparison) -> None:
    """Which memory of the Verilog reads which file, how large it is, and the constants of its levels."""
    file = f"rtl/{design.spec.identifier}.v"
    text = text_of(design.work / file)
    sizes = {Path(name).name: contents for name, contents in expected_files(design) if name.startswith("rtl/")}
    tables = {f"{design.spec.identifier}_{name}.hex" for name in design.net.tables}
    filled = roms(text, file)
    for rom in filled:
        contents = sizes.get(rom.file)
        wanted = "no such memory" if contents is None else f"{len(contents.parts[0].fields)} words of {contents.width}"
        found.same(file, f"{rom.name}, which reads {rom.file}", wanted, f"{rom.depth} words of {rom.width}")
    read = [rom.file for rom in filled]
    once, units = [name for name in sizes if name not in tables], [name for name in sizes if "_unit" in name]
    found.same(file, "files read once", sorted(once), sorted(name for name in read if name not in tables))
    found.same(file, "files of the units, in order", units, [name for name in read if name in units])
    found.same(file, "files of tables", sorted(tables), sorted(tables & set(read)))
    levels = [one for array, layer in _arrays(design) for one in CHECKED[array.dataflow].level_tables(array, layer)]
    found.same(file, "constants of the levels", levels, case_roms(text, file))


def _cpp(design: Design, found: _Comparison) -> None:
    """The constants of `weights.h`, and what each lane does in `config.h`."""
    file, config = HEADER, "hls/config.h"
    stored, structure = arrays(text_of(design.work / file), file), text_of(design.work / config)
    wanted = {}
    if design.weights.embedding is not None:
        wanted["kEmbeddingRows"] = design.weights.embedding
    if design.net.pool is not None:
        wanted["kPoolFactors"] = np.array(design.net.pool.factors)
    for array, layer in _arrays(design):
        tables = design.net.tables_read_by(array)
        wanted |= {_constant(array, name): np.array(table.entries) for name, table in tables.items()}
        if not array.writable:
            wanted |= {f"k{array.name.capitalize()}{end}": words for end, words in _cpp_arrays(array, layer)}
        for kind, work in CHECKED[array.dataflow].slots(array).items():
            slots = structures(structure, kind, config)
            for name, counts in work.items():
                found.same(config, f"{kind}::{name}", counts, slots.get(name))
    found.same(file, "constants", sorted(wanted), sorted(name for name, words in stored.items() if words is not None))
    for name, words in wanted.items():
        found.array(file, name, words, stored.get(name))


def _constant(array: Array, table: str) -> str:
    """A table's constant in the C++: `kLstm0CellTanh`."""
    return f"k{array.name.capitalize()}" + "".join(word.capitalize() for word in table.split("_"))


def _cpp_arrays(array: Array, layer: LayerWeights) -> Iterator[tuple[str, Integers]]:
    """An array's constants by the ends of their names."""
    if not array.streamed:
        words = lanes(array, layer)
        depth = len(words.values)
        yield "Values", stored_values(array, words.values).reshape(depth, -1)
        if array.indices:
            yield CHECKED[array.dataflow].indices_name, readers(array, words.columns).reshape(depth, -1)
    by_level = np.stack([_by_unit(array, part) for part in np.split(layer.bias, array.unit_levels)])
    yield "Bias", by_level if array.unit_levels > 1 else by_level[0]
    if array.scale is not None and layer.scale is not None:
        yield "Scales", _by_unit(array, layer.scale)
    if layer.initial is not None:
        yield "Initial", layer.initial.reshape(-1, array.outputs)


def _by_unit(array: Array, values: Integers) -> Integers:
    return values.reshape(-1, array.outputs).T
