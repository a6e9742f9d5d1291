"""The cell stage: bias, tables and Hadamard products of one unit a cycle, as one pipeline. Works while lanes go on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from myhdl import always_comb, block

from accel.architecture.latencies import GATES_TO_CELL
from accel.architecture.shape import Array
from accel.base.tables import Table
from accel.rtl.blocks.primitives.arithmetic import add, add_half, align, clamp, clips, drop, multiply
from accel.rtl.blocks.primitives.memory import rom
from accel.rtl.blocks.primitives.register import as_signed, delay, register
from accel.rtl.blocks.primitives.signals import bits, flag, signed
from accel.spec import Formats


@dataclass(frozen=True)
class TableFile:
    """A table and the .hex file that holds it in Verilog."""

    table: Table
    file: str


@dataclass(frozen=True)
class CellConstants:
    """What one cell stage is built from."""

    array: Array
    formats: Formats
    sigmoid: TableFile
    tanh: TableFile
    cell_tanh: TableFile | None
    """An LSTM's."""
    bias_width: int
    bias_shift: int

    @property
    def tables(self) -> list[TableFile]:
        """What each row of a unit passes through."""
        return [self.sigmoid if name == "sigmoid" else self.tanh for name in self.array.cell.functions]

    @property
    def dropped(self) -> int:
        """Bits between a pre-activation's accumulator and the gate format."""
        return self.array.sum_frac - self.formats.gate.frac

    @property
    def sum_width(self) -> int:
        """Width of total + bias + half a unit."""
        return max(self.array.sum_width, self.dropped + 1) + 1


class CellSignals:
    """What one cell makes, each at its own stage: an activation a row, then what is kept, and what is read of it.

    An LSTM's are i, f, g, o, then c_t, then h_t; those of a highway cell h, t, then s_l in `cell`, then in `state`.
    """

    def __init__(self, constants: CellConstants) -> None:
        rows, formats = range(constants.array.rows_per_unit), constants.formats
        self.gates = [signed(formats.activation.width) for _ in rows]
        self.c = signed(formats.cell.width)
        self.h = signed(formats.state.width)
        self.gates_clipped = [flag() for _ in rows]
        """Whether a pre-activation is saturated, two stages behind its total; the others, as they come."""
        self.c_clipped = flag()
        self.h_clipped = flag()


@block
def look_up(clk: Any, index: Any, value: Any, table: TableFile) -> Any:
    """Table memory and its output register, addressed by a signed index. Latency: 2."""
    address, word = bits(len(index)), signed(len(value))

    @always_comb
    def addressing():
        address.next = index[len(index) :]

    memory = rom(clk, address, word, table.table.entries, table.file)
    leaving = register(clk, word, value)
    return addressing, memory, leaving


@block
def gate(clk: Any, total: Any, bias: Any, value: Any, clipped: Any, constants: CellConstants, table: TableFile) -> Any:
    """Activation of one gate from its row's total and bias words. Latency: SUM_TO_GATES.

    The stored bias holds half a unit of the gate format, so rounding is a shift; saturation to the gate format falls
    together with the clamp to the table, whose span the format covers.
    """
    shift = constants.dropped + table.table.shift
    row_total, row_bias = signed(len(total)), signed(len(bias))
    aligned = signed(len(bias) + constants.bias_shift)
    exact = signed(constants.sum_width)
    wide = signed(max(2, constants.sum_width - shift))
    index = signed(table.table.address)
    narrowed = signed(max(2, constants.sum_width - constants.dropped))

    reading_total = as_signed(total, row_total)
    reading_bias = as_signed(bias, row_bias)
    aligning = align(row_bias, aligned, constants.bias_shift)
    adding = add(clk, row_total, aligned, exact)
    dropping = drop(exact, wide, shift)
    clamping = clamp(clk, wide, index)
    looking = look_up(clk, index, value, table)
    narrowing = drop(exact, narrowed, constants.dropped)
    watching = clips(clk, narrowed, clipped, constants.formats.gate.width)
    return reading_total, reading_bias, aligning, adding, dropping, clamping, looking, narrowing, watching


@block
def next_cell(clk: Any, out: Any, c_before: Any, index: Any, constants: CellConstants) -> Any:
    """c_t = f * c_{t-1} + i * g, and the index of its tanh. Latency: GATES_TO_CELL."""
    assert constants.cell_tanh is not None
    formats, table = constants.formats, constants.cell_tanh.table
    act, cell = formats.activation, formats.cell
    i, f, g, _ = out.gates
    frac = max(act.frac + cell.frac, 2 * act.frac)
    kept, entered = signed(act.width + cell.width), signed(2 * act.width)
    kept_aligned = signed(len(kept) + frac - act.frac - cell.frac)
    entered_aligned = signed(len(entered) + frac - 2 * act.frac)
    total = signed(max(len(kept_aligned), len(entered_aligned)) + 1)
    rounded = signed(max(2, len(total) + 1 - (frac - cell.frac)))
    wide = signed(max(2, len(rounded) - table.shift))

    keeping = multiply(clk, f, c_before, kept)
    entering = multiply(clk, i, g, entered)
    aligning_kept = align(kept, kept_aligned, frac - act.frac - cell.frac)
    aligning_entered = align(entered, entered_aligned, frac - 2 * act.frac)
    adding = add(clk, kept_aligned, entered_aligned, total)
    rounding = add_half(clk, total, rounded, frac - cell.frac)
    saturating = clamp(clk, rounded, out.c)
    watching = clips(clk, rounded, out.c_clipped, cell.width)
    dropping = drop(rounded, wide, table.shift)
    clamping = clamp(clk, wide, index)
    multiplying = (keeping, entering, aligning_kept, aligning_entered)
    return multiplying, adding, rounding, saturating, watching, dropping, clamping


@block
def next_state(clk: Any, reset: Any, out: Any, index: Any, constants: CellConstants) -> Any:
    """h_t = o * tanh(c_t); o waits for c_t. Latency: CELL_TO_STATE from c_t and its index."""
    formats = constants.formats
    act, shift = formats.activation, 2 * formats.activation.frac - formats.state.frac
    tanh_c, o_late = signed(act.width), signed(act.width)
    product = signed(2 * act.width)
    rounded = signed(max(2, 2 * act.width + 1 - shift))

    looking = look_up(clk, index, tanh_c, constants.cell_tanh)
    waiting = delay(clk, reset, out.gates[3], o_late, GATES_TO_CELL + 2)
    multiplying = multiply(clk, o_late, tanh_c, product)
    rounding = add_half(clk, product, rounded, shift)
    saturating = clamp(clk, rounded, out.h)
    watching = clips(clk, rounded, out.h_clipped, formats.state.width)
    return looking, waiting, multiplying, rounding, saturating, watching


@block
def gates(clk: Any, chain: Any, bias: Any, out: Any, constants: CellConstants) -> Any:
    """Activations of a unit's rows; `chain` and `bias` hold them side by side, the first one lowest.

    Latency: SUM_TO_GATES.
    """
    total, stored = constants.array.scaled_width, constants.bias_width
    rows, tables = range(constants.array.rows_per_unit), constants.tables
    totals = [chain((r + 1) * total, r * total) for r in rows]
    biases = [bias((r + 1) * stored, r * stored) for r in rows]
    return [gate(clk, totals[r], biases[r], out.gates[r], out.gates_clipped[r], constants, tables[r]) for r in rows]


@block
def cell(clk: Any, reset: Any, chain: Any, bias: Any, c_before: Any, out: Any, constants: CellConstants) -> Any:
    """One unit: four totals and biases in, c_t and h_t out. Latency: SUM_TO_GATES + GATES_TO_CELL + CELL_TO_STATE.

    `chain` and `bias` hold rows i, f, g, o; `c_before` comes with the activations.
    """
    assert constants.cell_tanh is not None
    index = signed(constants.cell_tanh.table.address)

    activating = gates(clk, chain, bias, out, constants)
    updating = next_cell(clk, out, c_before, index, constants)
    leaving = next_state(clk, reset, out, index, constants)
    return activating, updating, leaving
