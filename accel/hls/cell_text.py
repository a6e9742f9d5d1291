"""The HLS text of a cell: a line of C++ for each operation of its list, on integers of exactly the width they need."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from accel.architecture.array import Array
from accel.architecture.cells.level import Level
from accel.architecture.cells.operations import ASIDE, Clip, Lookup, Mix, Narrow, Operation, Product, Sum
from accel.architecture.cells.sizes import Size
from accel.architecture.linear import LinearArray
from accel.architecture.network import Network
from accel.base.fixed import Fixed
from accel.hls.kinds import kinds
from accel.model.golden import cell_sizes

LABELS = {"sigmoid": "SigmoidTable", "tanh": "TanhTable", "cell_tanh": "CellTanhTable"}
"""C++ types of the tables."""


def cell_text(net: Network) -> dict[str, Any]:
    """What the template `update.h` is filled with: for each kind of layers what its levels compute."""
    cell = net.layers[0].cell
    every = [[_pipeline(level, net, array) for level in array.cell.pipelines] for array in kinds(net)]
    return {
        "title": cell.title,
        "levelled": net.spec.levels > 1,
        "lays_aside": cell.lays_aside,
        "signals": [signal for pipeline in every[0] for signal, _ in pipeline["observed"]],
        "tables": [(name, LABELS[name]) for name in cell.tables],
        "kinds": every,
    }


def _pipeline(level: Level, net: Network, array: Array) -> dict[str, Any]:
    """What one level computes in layers of a kind."""
    sizes = cell_sizes(net, array, level)
    sums = {row.name: number for number, row in enumerate(level.sums)}
    return {
        "carried": level.carried,
        "state": level.state,
        "aside": None if level.aside == ASIDE else level.aside,
        "observed": [(f"k{_camel(name)}", name) for name in level.signals],
        "lines": [_line(operation, sizes, sums) for operation in level.operations],
    }


def activation_text(array: LinearArray, net: Network) -> dict[str, Any]:
    """What the template `activations.h` is filled with, for a linear layer in front of the head's last one."""
    operations = array.operations.operations
    sizes = array.sizes(array.formats)
    return {
        "type": array.name.capitalize(),
        "title": array.activation.replace("_", " "),
        "tables": [
            (one.table, array.name.capitalize() + LABELS[one.table]) for one in operations if isinstance(one, Lookup)
        ],
        "lines": [_line(operation, sizes, {}) for operation in operations],
    }


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def _line(operation: Operation, sizes: Mapping[str, Size], sums: Mapping[str, int]) -> str:
    size = sizes[operation.name]
    return f"const Int<{size.width}> {operation.name} = {_value(operation, sizes, sums)};"


def _value(operation: Operation, sizes: Mapping[str, Size], sums: Mapping[str, int]) -> str:
    size, read = sizes[operation.name], [sizes[name] for name in operation.operands]
    match operation:
        case Narrow() if operation.source in sums:
            number = sums[operation.source]
            return f"PreActivation<A>(Scaled<A>(sums[{number}], scales, {number}), bias[{number}], saturations)"
        case Narrow():
            source = sizes[operation.source]
            widths = f"{source.width}, {source.frac}, {size.width}, {size.frac}"
            return f"Narrowed<{widths}>({operation.source}, saturations.{operation.format})"
        case Lookup():
            return f"{LABELS[operation.table]}<A>::Lookup({operation.table}, {operation.source})"
        case Product():
            return f"{operation.a} * {operation.b}"
        case Sum():
            shifts = ", ".join(f"{one.width}, {size.frac - one.frac}" for one in read)
            return f"Added<{shifts}>({operation.a}, {operation.b})"
        case Mix():
            one, other, share = read
            fine = max(one.frac, other.frac)
            widths = f"{one.width}, {fine - one.frac}, {other.width}, {fine - other.frac}, {share.width}, {share.frac}"
            return f"Mixed<{widths}>({operation.one}, {operation.other}, {operation.share})"
        case Clip():
            ends = ", ".join(f"{end}LL" for end in operation.within(Fixed(size.width, size.frac)))
            return f"Clipped<{size.width}>({operation.source}, {ends})"
