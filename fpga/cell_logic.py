"""What the operations of a cell stage consist of: bits of registers, adders and narrowings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from accel.architecture.array import Array
from accel.architecture.cells.level import Level
from accel.architecture.cells.operations import Clip, Lookup, Mix, Narrow, Operation, Product, Sum
from accel.architecture.cells.sizes import Size, mix_sizes
from accel.architecture.latencies import ready
from accel.architecture.linear import LinearArray
from accel.architecture.network import Network
from accel.base.tables import Table
from accel.memory.images import bias_words_width, sum_format
from accel.model.golden import cell_sizes


def _levels(array: Array, net: Network) -> Iterator[tuple[Level, dict[str, Size]]]:
    """Each pipeline of an array with the sizes of its values; none of a linear layer."""
    if array.recurrent:
        for level in array.cell.pipelines:
            yield level, cell_sizes(net, array, level)


def _linear(array: Array) -> tuple[tuple[Operation, ...], dict[str, Size]]:
    """What the sums of a linear layer go through; nothing, of the last one."""
    return (array.operations.operations, array.sizes(array.formats)) if isinstance(array, LinearArray) else ((), {})


def cell_registers(array: Array, net: Network) -> int:
    """Bits of results, of what waits for its turn, of table indices, and of the biases and c that a cell is given."""
    if not array.recurrent:
        operations, sizes = _linear(array)
        return array.sum_width + sum(_registers(one, sizes, False) for one in operations)
    found = bias_words_width(array, sum_format(array)) // array.cells + 2 * array.formats.cell.width
    tables = net.tables_of(array)
    for level, sizes in _levels(array, net):
        at = ready(array.cell, level)
        for one in level.operations:
            start = max(at[name] for name in one.operands)
            found += _registers(one, sizes, array.cell.multiplier_registers) + sum(
                (start - at[name]) * sizes[name].width for name in one.operands
            )
            found += _settled(one, level, sizes, tables)
    scaled = array.sums_per_unit * (2 * array.scaled_width + array.scale.width) if array.scale else 0
    return array.cells * (found + scaled)


def _registers(operation: Operation, sizes: Mapping[str, Size], factors: bool) -> int:
    """Of a narrowing the rounded value, else the result, what a mix has on its way to it, and factors that wait."""
    match operation:
        case Narrow():
            return sizes[operation.source].width + 1
        case Product():
            return sizes[operation.name].width + factors * sum(sizes[name].width for name in operation.operands)
        case Lookup() | Sum() | Clip():
            return sizes[operation.name].width
        case Mix():
            mix = mix_sizes(operation, sizes)
            late = factors * (mix.difference + mix.share.width + mix.other.width)
            return mix.difference + mix.share.width + mix.product + 2 * mix.other.width + mix.total + late


def _settled(operation: Operation, level: Level, sizes: Mapping[str, Size], tables: Mapping[str, Table]) -> int:
    """A narrowed value, where anything but tables reads it, and its places in the tables that do."""
    if not isinstance(operation, Narrow):
        return 0
    users = [*level.users(operation.name)]
    kept = operation.name in (level.carried, level.state) or any(not isinstance(user, Lookup) for user in users)
    places = sum(tables[user.table].address for user in users if isinstance(user, Lookup))
    return places + sizes[operation.name].width * kept


def cell_adders(array: Array, net: Network) -> int:
    """Bits of sums, of biases and half units that are added, of differences."""
    if not array.recurrent:
        operations, sizes = _linear(array)
        return array.sum_width + sum(_adders(one, sizes) for one in operations)
    found = sum(_adders(one, sizes) for level, sizes in _levels(array, net) for one in level.operations)
    return array.cells * found


def _adders(operation: Operation, sizes: Mapping[str, Size]) -> int:
    match operation:
        case Narrow():
            return sizes[operation.source].width
        case Sum():
            return sizes[operation.name].width
        case Mix():
            mix = mix_sizes(operation, sizes)
            return mix.difference + mix.total
        case _:
            return 0


def narrowed(array: Array, net: Network) -> int:
    """Bits of values that are saturated."""
    if not array.recurrent:
        operations, sizes = _linear(array)
        return sum(sizes[one.name].width for one in operations if isinstance(one, Narrow))
    found = sum(sizes[one.name].width for level, sizes in _levels(array, net) for one in level.narrowings)
    return array.cells * found
