"""Between two linear layers: exact sums through the operations of an activation, one a cycle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from myhdl import always, always_comb, block

from accel.architecture.cells.activations import OUT, SUM
from accel.architecture.cells.operations import Clip, Lookup, Narrow
from accel.architecture.cells.sizes import Size
from accel.architecture.linear import LinearArray
from accel.base.fixed import Fixed
from accel.rtl.blocks.cells.cell import TableFile, look_up, narrow
from accel.rtl.blocks.primitives.register import register
from accel.rtl.blocks.primitives.signals import signed
from accel.rtl.blocks.primitives.widths import drop, fit


@dataclass(frozen=True)
class ActivationConstants:
    """What an activation is built from; `tables` by the names that its operations have for them."""

    array: LinearArray
    tables: Mapping[str, TableFile]

    @property
    def sizes(self) -> dict[str, Size]:
        """Width and fraction bits of every value."""
        return self.array.sizes(self.array.formats)


@block
def clip(clk: Any, i: Any, o: Any, operation: Clip, fmt: Fixed) -> Any:
    """o is i within the ends of the operation, both in `fmt`.

    In: clk, i (signed, in `fmt`). Out: o (signed, in `fmt`). Latency: 1.
    """
    low, high = operation.ends(fmt)
    if low is None and high is None:
        return register(clk, i, o)
    units, kept = signed(len(i)), signed(len(o))
    dropping, fitting = drop(i, units, fmt.frac), fit(i, kept)
    least, most = operation.least, operation.most

    @always(clk.posedge)
    def clipping_below():
        if units < least:
            o.next = low
        else:
            o.next = kept

    @always(clk.posedge)
    def clipping():
        if units < least:
            o.next = low
        elif units >= most:
            o.next = high
        else:
            o.next = kept

    return dropping, fitting, clipping_below if high is None else clipping


@block
def activate(clk: Any, total: Any, out: Any, constants: ActivationConstants) -> Any:
    """An exact sum to what leaves the layer.

    In: clk, total (signed, sum_width bits). Out: out (signed, in the format of the layer's output).
    Latency: slot_to_out - SLOT_TO_LOGIT.
    """
    array, sizes = constants.array, constants.sizes
    values, indices, made = {SUM: total, OUT: out}, {}, []
    for operation in array.operations.operations:
        if isinstance(operation, Lookup):
            indices[operation.source] = signed(constants.tables[operation.table].table.address)
    for operation in array.operations.operations:
        name, source = operation.name, sizes[operation.operands[0]]
        if name not in indices:
            values.setdefault(name, signed(sizes[name].width))
        if isinstance(operation, Narrow):
            users = [one for one in array.operations.operations if isinstance(one, Lookup) and one.source == name]
            shifts = [constants.tables[user.table].table.shift for user in users]
            ends = ([indices[name]] if name in indices else [], shifts)
            shift = source.frac - sizes[name].frac
            made.append(narrow(clk, values[operation.source], values.get(name), None, *ends, shift, sizes[name].width))
        elif isinstance(operation, Lookup):
            made.append(look_up(clk, indices[operation.source], values[name], constants.tables[operation.table]))
        elif isinstance(operation, Clip):
            fmt = Fixed(source.width, source.frac)
            made.append(clip(clk, values[operation.source], values[name], operation, fmt))
    return made


@block
def watch_activated(valid: Any, out: Any, observed: Any) -> Any:
    """A bench may watch what leaves.

    In: valid (1 bit), out (signed, in formats.activation). Out: observed.out, observed.out_valid. Latency: 0.
    """
    word = out(len(out), 0)

    @always_comb
    def watching():
        observed.out_valid.next = valid
        observed.out.next = word

    return watching
