"""Which memory of a chip a memory of a design is put into: lookup tables, block RAM, or logic, as yosys decides.

yosys 0.70 gives every kind of memory cell a cost, and takes the cheapest of all that can hold a memory
(`memory_libmap`; the numbers below are those of its libraries). A memory that is deeper than a cell has ranges of
addresses side by side, and a choice behind them; where a cell has an enable for each few bits of a word, or a memory is
never written, ranges share a cell. What nothing holds for less lies in logic: the bits of a ROM in lookup tables, those
of a RAM in registers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from typing import Literal

Kind = Literal["rom", "ram"]
CHOICE = 1 / 2
"""What a bit of the choice between two ranges of addresses costs, and the selection of one range that is written."""
AROUND = 2
"""What is around every cell that is not logic: it begins with zeros."""


@dataclass(frozen=True)
class Cell:
    """A memory cell of a family, in one of its shapes."""

    kind: Literal["block", "lut", "ultra"]
    words: int
    width: int
    cost: float
    takes: float
    """Block RAMs in the board's units, or lookup tables."""
    enabled: int | None = None
    """Bits of a word that one enable of the writing port serves; None where a word is written as a whole."""
    scaled: float = 0
    """The part of the cost that goes with the share of a word's bits that is used."""


def _lut(words: int, width: int, cost: float, takes: float, scaled: float) -> Cell:
    return Cell("lut", words, width, cost, takes, scaled=scaled)


def _block(bits: int, widths: tuple[int, ...], cost: float, enabled: int, takes: float = 1) -> tuple[Cell, ...]:
    """The shapes of a block RAM of `bits` bits without parity."""
    return tuple(Cell("block", bits >> width.bit_length() - 1, width, cost, takes, enabled) for width in widths)


NINES = (1, 2, 4, 9, 18, 36)
XILINX = (*_block(1 << 14, NINES, 129, 9, 1 / 2), *_block(1 << 15, (*NINES, 72), 257, 9))
"""RAMB18, and RAMB36."""
CELLS: Mapping[str, tuple[tuple[Cell, ...], ...]] = {
    "ecp5": ((_lut(16, 4, 4, 4, 0),), _block(1 << 14, NINES, 128, 9)),
    "ice40": (_block(1 << 12, (2, 4, 8, 16), 64, 1),),
    "gowin": ((_lut(16, 4, 4, 4, 4),), _block(1 << 14, NINES, 128, 9)),
    "xc7": ((_lut(128, 1, 8, 4, 8),), (_lut(32, 6, 8, 4, 7), _lut(64, 3, 8, 4, 7)), XILINX),
    "xcup": (
        (_lut(256, 1, 16, 8, 16), _lut(128, 2, 16, 8, 16)),
        (_lut(64, 7, 16, 8, 16), _lut(32, 14, 16, 8, 16)),
        XILINX,
    ),
}
"""Kinds of cells of a family, each in its shapes; not those that yosys takes only where it is told to: `ULTRA`, and
the single-port RAM of an iCE40, which can hold none of ours.
"""
ULTRA: Mapping[str, tuple[Cell, ...]] = {
    "xcup": tuple(Cell("ultra", 4096, 72, 1024, 1, enabled=bits) for bits in (8, 9))
}
"""URAM288, with an enable for each byte of 8 bits or of 9; only where it is asked for, and never a ROM."""
ROM_BIT: Mapping[str, float] = {"xc7": 1 / 64, "xcup": 1 / 64}
"""What a bit of a ROM costs in logic; 1/16 in families of four inputs a lookup table, and a bit of a RAM 1."""


@dataclass(frozen=True)
class Memory:
    """A number of memories of one shape."""

    count: int
    depth: int
    width: int
    kind: Kind
    style: str = "auto"
    """Block RAM, or ultra, is asked for; in a family without UltraRAM that asks for nothing."""
    distinct: int | None = None
    """How many of them hold something of their own; None where all do. In registers others are the same ones."""


@dataclass(frozen=True)
class Placed:
    """Where memories lie, and what they take."""

    kind: Literal["block", "lut", "logic", "ultra"]
    cells: int = 0
    block_rams: float = 0
    """In the board's units."""
    large_rams: int = 0
    luts: int = 0
    """Lookup tables that hold their bits."""
    contents: int = 0
    """Of a ROM in logic: lookup tables for all bits of as many words as one of them holds."""
    kept: int = 0
    """Bits of a RAM in registers."""
    choices: int = 0
    """Bits of the choices between ranges of addresses, or between words in registers."""
    read: int = 0
    """Bits of the word that is read, where a register of its own holds it."""

    def __mul__(self, count: int) -> Placed:
        """The same of `count` memories."""
        amounts = {one.name: count * getattr(self, one.name) for one in fields(self) if one.name != "kind"}
        return Placed(self.kind, **amounts)


def place(memory: Memory, family: str) -> Placed:
    """What memories take of a chip of a family of `CELLS`."""
    one = in_cheapest(memory.depth, memory.width, memory.kind, memory.style, family)
    return replace(one * memory.count, kept=one.kept * (memory.distinct or memory.count))


@lru_cache(maxsize=4096)
def in_cheapest(depth: int, width: int, kind: Kind, style: str, family: str) -> Placed:
    """Where yosys puts one memory; costs of different kinds of cells are compared in whole numbers."""
    if style == "ultra" and family in ULTRA:
        return min((_in_cells(cell, depth, width, kind) for cell in ULTRA[family]), key=lambda way: way[0])[1]
    block = style == "block"
    bit = 1 if kind == "ram" else ROM_BIT.get(family, 1 / 16)
    found, least = _in_logic(depth, width, kind, bit), float("inf") if block else int(bit * depth * width)
    for shapes in CELLS[family]:
        if shapes[0].kind == "lut" and (block or kind == "rom"):
            continue
        cost, best = min((_in_cells(cell, depth, width, kind) for cell in shapes), key=lambda way: way[0])
        if int(cost) < least:
            found, least = best, int(cost)
    return found


def _in_logic(depth: int, width: int, kind: Kind, bit: float) -> Placed:
    if kind == "rom":
        return Placed("logic", contents=-int(-depth * bit // 1) * width, read=width)
    return Placed("logic", kept=depth * width, choices=(depth - 1) * width, read=width)


def _in_cells(cell: Cell, depth: int, width: int, kind: Kind) -> tuple[float, Placed]:
    """What it costs to hold a memory in cells of a shape, and what it takes."""
    ranges = -(-depth // cell.words)
    part = 1 if kind == "rom" else min(cell.enabled or cell.width, cell.width)
    cells = -(-ranges * part * -(-width // part) // cell.width)
    spared = cell.scaled * (-width % cell.width) / cell.width * ranges
    choices, written = (ranges - 1) * width, ranges if ranges > 1 and kind == "ram" else 0
    cost = cells * cell.cost - spared + AROUND + CHOICE * (choices + written)
    if cell.kind == "ultra":
        return cost, Placed("ultra", cells, large_rams=cells, choices=choices)
    if cell.kind == "block":
        return cost, Placed("block", cells, block_rams=cells * cell.takes, choices=choices)
    return cost, Placed("lut", cells, luts=int(cells * cell.takes), choices=choices, read=width)
