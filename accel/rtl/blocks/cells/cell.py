"""The cell stage: one unit a cycle through the operations of its cell, as one pipeline. Works while lanes go on.

Every operation is a block; a value that is needed later than it comes waits in registers. When each comes is what
`accel.architecture.latencies.ready` says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from myhdl import always_comb, block

from accel.architecture.array import Array
from accel.architecture.cells.level import Level
from accel.architecture.cells.operations import ASIDE, BEFORE, Lookup, Narrow
from accel.architecture.cells.sizes import Size
from accel.architecture.latencies import ready, totals_to_gates
from accel.base.fixed import Fixed
from accel.base.tables import Table
from accel.rtl.blocks.cells.exact import exact
from accel.rtl.blocks.primitives.arithmetic import add, add_half, align, clamp, clips
from accel.rtl.blocks.primitives.memory import rom
from accel.rtl.blocks.primitives.module import module
from accel.rtl.blocks.primitives.register import as_signed, delay, register
from accel.rtl.blocks.primitives.signals import bits, flag, signed
from accel.rtl.blocks.primitives.widths import drop
from accel.spec import Signals


@dataclass(frozen=True)
class TableFile:
    """A table and the .hex file that holds it in Verilog."""

    table: Table
    file: str


@dataclass(frozen=True)
class CellConstants:
    """What one cell stage is built from; `tables` by the names that the cell's operations have for them."""

    array: Array
    tables: Mapping[str, TableFile]
    bias_width: int
    bias_shift: int

    @property
    def formats(self) -> Signals:
        """Formats of what the cell makes."""
        return self.array.formats

    @property
    def level(self) -> Level:
        """The operations of the first level, which stand for all others where these are alike."""
        return self.array.cell.level

    @property
    def sizes(self) -> dict[str, Size]:
        """Width and fraction bits of every value of the first level."""
        return self.sizes_of(self.level)

    def sizes_of(self, level: Level) -> dict[str, Size]:
        """Width and fraction bits of every value of a level; a row sum's with half a unit of the gate format."""
        return level.sizes(self.formats, Size(self.sum_width, self.array.sum_frac))

    @property
    def dropped(self) -> int:
        """Bits between a pre-activation's accumulator and the gate format."""
        return self.array.sum_frac - self.formats.gate.frac

    @property
    def sum_width(self) -> int:
        """Width of total + bias + half a unit."""
        return max(self.array.sum_width, self.dropped + 1) + 1

    def format(self, operation: Narrow) -> Fixed:
        """What an operation narrows to."""
        found: Fixed = getattr(self.formats, operation.format)
        return found


class CellSignals:
    """What one cell makes: its activations, all at once; then what is kept, and what is read of it, as they come.

    Of one of its levels, or of whichever it is in. `aside` is what it lays aside, with what is kept, where it does.
    `clipped` tells of every narrowing, in the order of the lists, whether it saturates; each comes with its value.
    """

    def __init__(self, constants: CellConstants, one: Level | None = None) -> None:
        cell, level, sizes = constants.array.cell, one or constants.level, constants.sizes_of(one or constants.level)
        self.gates = [signed(sizes[name].width) for name in level.gates]
        self.c = signed(sizes[level.carried].width)
        self.h = signed(sizes[level.state].width)
        self.aside = [signed(constants.formats.activation.width) for _ in range(cell.lays_aside)]
        self.clipped = [flag() for pipeline in ((one,) if one else cell.pipelines) for _ in pipeline.narrowings]


@block
def look_up(clk: Any, index: Any, value: Any, table: TableFile) -> Any:
    """Table memory and its output register, addressed by a signed index.

    In: clk, index (signed, the bits of a table's address). Out: value (signed). Latency: 2.
    """
    address, word = bits(len(index)), signed(len(value))

    @always_comb
    def addressing():
        address.next = index[len(index) :]

    memory = rom(clk, address, word, table.table.entries, table.file)
    leaving = register(clk, word, value)
    return addressing, memory, leaving


@block
def narrow_sum(
    clk: Any, total: Any, bias: Any, value: Any, clipped: Any, indices: Any, shifts: Any, constants: CellConstants
) -> Any:
    """A row's total with its bias, in the gate format; as `settle`.

    `total` and `bias` are words. The stored bias holds half a unit of the format, so rounding is a shift.

    In: clk, total (scaled_width bits), bias (bias_width bits), indices (signed, a table's address each). Out: value
    (signed, or None), clipped (1 bit). Latency: 2.
    """
    row_total, row_bias = signed(len(total)), signed(len(bias))
    aligned = signed(len(bias) + constants.bias_shift)
    exact = signed(constants.sum_width)
    rounded = signed(constants.sum_width)
    reading_total = as_signed(total, row_total)
    reading_bias = as_signed(bias, row_bias)
    aligning = align(row_bias, aligned, constants.bias_shift)
    adding = add(clk, row_total, aligned, exact)
    dropping = drop(exact, rounded, constants.dropped)
    settling = settle(clk, rounded, value, clipped, indices, shifts, constants.formats.gate.width)
    return reading_total, reading_bias, aligning, adding, dropping, settling


@block
def narrow(clk: Any, source: Any, value: Any, clipped: Any, indices: Any, shifts: Any, shift: int, width: int) -> Any:
    """An exact value in a format of `width` bits with `shift` fraction bits less; as `settle`.

    In: clk, source (signed), indices (signed, a table's address each). Out: value (signed, width bits, or None),
    clipped (1 bit). Latency: 2.
    """
    raised = signed(len(source) + max(0, -shift))
    rounded = signed(len(raised))
    raising = align(source, raised, max(0, -shift))
    rounding = add_half(clk, raised, rounded, max(0, shift))
    settling = settle(clk, rounded, value, clipped, indices, shifts, width)
    return raising, rounding, settling


@block
def settle(clk: Any, rounded: Any, value: Any, clipped: Any, indices: Any, shifts: Any, width: int) -> Any:
    """A rounded value saturated to `width` bits, None where tables alone read it, and whether that changes it, None
    where nobody asks.

    `indices` are the value's places in tables, without its low `shifts` bits, saturated to the table at once: the
    format covers the table's span.

    In: clk, rounded (signed), indices (signed, a table's address each). Out: value (signed, width bits, or None),
    clipped (1 bit). Latency: 1.
    """
    watching = () if clipped is None else clips(clk, rounded, clipped, width)
    placing = [to_index(clk, rounded, index, shift) for index, shift in zip(indices, shifts, strict=True)]
    return (watching, placing) if value is None else (watching, placing, clamp(clk, rounded, value))


@block
def to_index(clk: Any, rounded: Any, index: Any, shift: int) -> Any:
    """A rounded value's place in a table.

    In: clk, rounded (signed). Out: index (signed, the bits of a table's address). Latency: 1.
    """
    wide = signed(len(rounded))
    dropping = drop(rounded, wide, shift)
    clamping = clamp(clk, wide, index)
    return dropping, clamping


class Wiring:
    """The signals of one cell by the names of its list: those that leave it, and fresh ones for all others.

    `words` are the totals and biases of row sums; `indices` where a lookup finds its entry. A narrowed value that
    tables alone read has no signal.
    """

    def __init__(
        self, sums: Any, bias: Any, earlier: Any, aside: Any, out: CellSignals, constants: CellConstants, level: Level
    ) -> None:
        at, last = ready(constants.array.cell, level), totals_to_gates(constants.array.cell)
        self.level, sizes = level, constants.sizes_of(level)
        total, stored = constants.array.scaled_width, constants.bias_width
        self.words = {
            row.name: (sums((n + 1) * total, n * total), bias((n + 1) * stored, n * stored))
            for n, row in enumerate(level.sums)
        }
        self.values: dict[str, Any] = {BEFORE: earlier, ASIDE: aside, level.carried: out.c, level.state: out.h}
        self.values |= {name: gate for name, gate in zip(level.gates, out.gates, strict=True) if at[name] == last}
        self.clipped = {one.name: out.clipped[n] for n, one in enumerate(level.narrowings)}
        self.indices: dict[str, Any] = {}
        for operation in level.operations:
            if isinstance(operation, Lookup):
                self.indices[operation.name] = signed(constants.tables[operation.table].table.address)
            read = any(not isinstance(user, Lookup) for user in level.users(operation.name))
            if read or not isinstance(operation, Narrow):
                self.values.setdefault(operation.name, signed(sizes[operation.name].width))

    def tables_at(self, name: str, constants: CellConstants) -> tuple[list[Any], list[int]]:
        """Where tables are read at a value: their indices, and the low bits that those are without."""
        users = [user for user in self.level.users(name) if isinstance(user, Lookup)]
        shifts = [constants.tables[user.table].table.shift for user in users]
        return [self.indices[user.name] for user in users], shifts


@module
def cell(
    clk: Any,
    reset: Any,
    sums: Any,
    bias: Any,
    earlier: Any,
    aside: Any,
    carried: Any,
    out: CellSignals,
    constants: CellConstants,
    level: Level,
) -> Any:
    """One unit in one level: totals and biases in, activations, what is kept and what is read of it out.

    `sums` and `bias` hold the unit's sums side by side, the first one lowest. `earlier`, and `aside` where there is
    any, come as late as `ready(cell, level)[BEFORE]` says. `carried` is what later operations take for what is carried
    on, where that is not always `out.c` but at times an initial state; else None.

    In: clk, reset, sums (S sums of scaled_width bits), bias (S biases of bias_width bits), earlier
    (signed, in formats.cell), aside (signed, in formats.cell, or None), carried (signed, in formats.cell, or None).
    Out: out. Latency: `ready(cell, level)[level.state]`.
    """
    at, sizes = ready(constants.array.cell, level), constants.sizes_of(level)
    wiring, made = Wiring(sums, bias, earlier, aside, out, constants, level), []
    values = dict(wiring.values) if carried is None else wiring.values | {level.carried: carried}
    for operation in level.operations:
        name, o = operation.name, wiring.values.get(operation.name)
        if isinstance(operation, Lookup):
            made.append(look_up(clk, wiring.indices[name], o, constants.tables[operation.table]))
        elif isinstance(operation, Narrow):
            fmt, ends = constants.format(operation), wiring.tables_at(name, constants)
            ports = (o, wiring.clipped[name], *ends)
            if operation.source in wiring.words:
                made.append(narrow_sum(clk, *wiring.words[operation.source], *ports, constants))
            else:
                shift = sizes[operation.source].frac - fmt.frac
                made.append(narrow(clk, values[operation.source], *ports, shift, fmt.width))
        else:
            start, operands = max(at[operand] for operand in operation.operands), []
            for operand in operation.operands:
                operands.append(values[operand] if at[operand] == start else signed(sizes[operand].width))
                if at[operand] < start:
                    made.append(delay(clk, reset, values[operand], operands[-1], start - at[operand]))
            made.append(exact(clk, reset, operands, o, operation, sizes, constants.array.cell.multiplier_registers))
    last, carried = totals_to_gates(constants.array.cell), at[level.carried]
    waits = [(values[name], gate, last - at[name]) for name, gate in zip(level.gates, out.gates, strict=True)]
    waits += [(values[level.aside], late, carried - at[level.aside]) for late in out.aside]
    return made, [delay(clk, reset, value, late, cycles) for value, late, cycles in waits if cycles]
