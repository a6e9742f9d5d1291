"""How many multipliers of a chip a product of two signed numbers takes, as yosys splits it (`mul2dsp`).

A factor wider than a multiplier's input is cut into parts; each part of the one times each part of the other is a
product of its own. A product too small for a multiplier, by the limits that yosys is given for the family, goes into
smaller multipliers where there are some, else into lookup tables.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from accel.architecture.array import Array
from accel.architecture.cells.operations import Mix, Product
from accel.architecture.cells.sizes import mix_sizes
from accel.architecture.network import Network
from accel.base.fixed import index_bits
from accel.model.golden import cell_sizes
from fpga.dataflows import demand
from fpga.products import Products, multiples


@dataclass(frozen=True)
class Multiplier:
    """A multiplier of a family, and the least that yosys uses it for."""

    widest: tuple[int, int]
    """Bits of the wider factor and of the other one."""
    least: tuple[int, int] = (2, 2)
    product: int = 0
    """Bits that a product has at least."""
    part: int | None = None
    """Bits of a part of a factor that is cut; by default as many as the input has."""
    signed: bool = False
    """Parts have a sign bit of their own."""
    takes: float = 1


MULTIPLIERS: Mapping[str, tuple[Multiplier, ...]] = {
    "ecp5": (Multiplier((18, 18)),),
    "ice40": (Multiplier((16, 16), product=11),),
    "gowin": (
        Multiplier((36, 36), least=(22, 22), takes=4),
        Multiplier((18, 18), least=(10, 4)),
        Multiplier((9, 9), least=(4, 4), takes=0.5),
    ),
    "xc7": (Multiplier((25, 18), product=9, part=18, signed=True),),
    "xcup": (Multiplier((27, 18), product=9, part=18, signed=True),),
}
"""The largest first: what it does not take goes to the next one."""


@lru_cache(maxsize=4096)
def taken(a: int, b: int, family: str, kept: int | None = None) -> tuple[float, int]:
    """Of a product of `a` by `b` bits: multipliers in the board's units, and bits of partial products in logic; `kept`
    are bits of the product, where not all are read.
    """
    return _taken(a, b, kept or a + b, MULTIPLIERS[family])


def _taken(a: int, b: int, kept: int, kinds: tuple[Multiplier, ...]) -> tuple[float, int]:
    wide, narrow = max(a, b), min(a, b)
    if not kinds:
        return 0, wide * narrow
    one, found, left = kinds[0], 0.0, 0
    for x in _parts(wide, one.widest[0], one):
        for y in _parts(narrow, one.widest[1], one):
            if x >= one.least[0] and y >= one.least[1] and min(x + y, kept) >= one.product:
                found += one.takes
            else:
                smaller, bits = _taken(x, y, kept, kinds[1:])
                found, left = found + smaller, left + bits
    return found, left


def _parts(width: int, widest: int, one: Multiplier) -> list[int]:
    """What a factor is cut into: parts, and what is left."""
    if width <= widest:
        return [width]
    part = one.part or widest
    step = part - one.signed
    cuts = -(-(width - widest) // step)
    return [*[part] * cuts, width - cuts * step]


def products(net: Network) -> Iterator[Products]:
    """Every product of a design: of lanes, scales, cells, a pool, and of addresses."""
    for array in net.arrays:
        if array.multiplies:
            yield from _of_lanes(array)
            yield Products(array.pairs, array.packed_width, array.operand_width, 2 * array.product_width)
        if array.scale is not None:
            yield Products(array.cells * array.sums_per_unit, array.total_width, array.scale.width)
        if array.recurrent:
            yield from _of_cells(array, net)
        yield from demand(array).places()
    pool = net.pool
    if pool is not None and pool.mean:
        yield Products(net.layers[-1].cells, pool.sum_width, pool.factor_width)
    if net.embedding is not None:
        yield from multiples(1, net.embedding.token_width, net.embedding.beats, index_bits(net.embedding.depth))


def _of_lanes(array: Array) -> Iterator[Products]:
    """Those of lanes that have a multiplier each, by the width of their gate's weights; of pairs there is none."""
    for gate in range(2 * (array.rows_per_unit // 2) if array.pairs else 0, array.rows_per_unit):
        yield Products(array.units * array.lanes_per_row, array.gate_widths[gate], array.operand_width)


def _of_cells(array: Array, net: Network) -> Iterator[Products]:
    """Those of the cell stage, of each pipeline, and one of each mix."""
    for level in array.cell.pipelines:
        sizes = cell_sizes(net, array, level)
        for operation in level.operations:
            if isinstance(operation, Product):
                yield Products(array.cells, sizes[operation.a].width, sizes[operation.b].width)
            elif isinstance(operation, Mix):
                mix = mix_sizes(operation, sizes)
                yield Products(array.cells, mix.share.width, mix.difference)


def demanded(net: Network, family: str, present: bool) -> tuple[int, int]:
    """Multipliers that a design takes, rounded up, and bits of partial products in logic; all there where a chip has
    none (`present`).
    """
    multipliers, bits = 0.0, 0
    for one in products(net):
        each, left = taken(one.a, one.b, family, one.kept) if present else (0.0, one.a * one.b)
        multipliers, bits = multipliers + one.count * each, bits + one.count * left
    return -int(-multipliers // 1), bits
