"""What operations of a cell, or behind a linear layer, make of integers: the arithmetic of the golden model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from accel.architecture.cells.operations import Clip, Lookup, Mix, Narrow, Operation, Product, Sum
from accel.architecture.cells.sizes import Size
from accel.base.fixed import Fixed, Integers
from accel.base.tables import Table


def carried_out(
    operations: Iterable[Operation],
    values: Mapping[str, Integers],
    sizes: Mapping[str, Size],
    formats: Any,
    tables: Mapping[str, Table],
) -> dict[str, Integers]:
    """`values` of any one shape by their names, and those that operations make of them, one after the other; `formats`
    has what each narrowing names.
    """
    found = dict(values)
    for operation in operations:
        if isinstance(operation, Narrow):
            fmt: Fixed = getattr(formats, operation.format)
            found[operation.name] = fmt.narrow(found[operation.source], sizes[operation.source].frac)
        else:
            found[operation.name] = operate(operation, found, sizes, tables)
    return found


def operate(
    operation: Operation, values: Mapping[str, Integers], sizes: Mapping[str, Size], tables: Mapping[str, Table]
) -> Integers:
    """A table's entries, or an exact result in the fraction bits of `sizes`, in the shape of its operands."""

    def aligned(name: str, frac: int) -> Integers:
        return values[name] << frac - sizes[name].frac

    frac = sizes[operation.name].frac
    match operation:
        case Lookup():
            found: Integers = tables[operation.table](values[operation.source])
            return found
        case Product():
            return values[operation.a] * values[operation.b]
        case Sum():
            return aligned(operation.a, frac) + aligned(operation.b, frac)
        case Clip():
            least, most = operation.within(Fixed(sizes[operation.source].width, frac))
            return np.asarray(np.clip(values[operation.source], least, most))
        case Mix():
            fine, share = frac - sizes[operation.share].frac, values[operation.share]
            rest = (1 << sizes[operation.share].frac) - share
            return aligned(operation.one, fine) * share + aligned(operation.other, fine) * rest
    raise TypeError(f"{operation.name}: {type(operation).__name__} has no golden model")
