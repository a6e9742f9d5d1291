"""One layer as its spec has it: sizes, formats, what the engine is asked for, and the cell; no dataflow yet."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

from accel.architecture.cells import Cell, cell_named
from accel.architecture.vector import Vector
from accel.base.fixed import Fixed, LowBit
from accel.spec import Signals

Nnz = tuple[int, int]
"""Nonzeros that are kept of W_x and of W_h: in a row, or by columns in a column of a lane's rows."""


@dataclass(frozen=True)
class Layer:
    """A recurrent layer, or a linear head (kind None), which has one row for each unit and no h.

    A recurrent one has the rows of its `kind` of cell for each unit and both operands, and a step goes through them
    once for each of its `levels`, reading x in the first alone or in all.
    """

    name: str
    inputs: int
    outputs: int
    kind: str | None
    """Name of the cell in `accel.architecture.cells`; None for a linear head."""
    nnz: Nnz
    units: int
    lanes_per_row: int
    cells: int
    input_words: int
    x: Fixed
    w_x: Fixed
    w_h: Fixed
    bias: Fixed
    signals: Signals | None
    """Formats of what its cell, or its activation, makes; None of the head's last layer."""
    shared_by_gates: bool = False
    """The rows of a unit have one column pattern: one index and one operand read serve them all."""
    dedicated_lanes: tuple[int, int] | None = None
    """Lanes of a row that serve W_x alone and W_h alone (BRDS' two arrays); shared lanes where None."""
    streams: int = 1
    """S: independent sequences that take turns."""
    operand_memory: str = "auto"
    """What synthesis is asked to put the operand memories into: block RAM, or what it thinks best."""
    operand_register: bool = False
    """What the operand memories read passes a register of its own."""
    multiplier_registers: bool = False
    """What lanes and cell stage multiply passes registers first; so do the products of lanes."""
    scale: Fixed | None = None
    """What a row's sum is multiplied with before its bias is added; None where it is taken as it is."""
    initial_state: bool = False
    """A sequence's h_0 and c_0 are given, by a stream that also takes its h_n and c_n, or by a memory: in a turn of
    their own."""
    writable: bool = False
    """Weights and biases are loaded while sequences run: a set of them is in use, another one can be written."""
    loaded_memory: str = "auto"
    """What synthesis is asked to put loaded weights into: UltraRAM, or what it thinks best."""
    streamed: int | None = None
    """Bits of a beat of the stream that values and indices come through in every step; None where they are held."""
    x_first: bool = False
    """The x of all groups comes before the first h, as far as sizes allow."""
    pack: bool = False
    """Two weights go through one multiplier, where lanes share their operand."""
    levels: int = 1
    """Times that a step goes through the lanes, each with weights of its own."""
    directions: int = 1
    """Of two, the first half of the units reads the first half of x_t and of h_{t-1} alone, the second half the second:
    x_t is a step of the sequence and, behind it, the step that is as far from the end (decision 042)."""

    @property
    def formats(self) -> Signals:
        """Formats of what its cell makes."""
        assert self.signals is not None
        return self.signals

    @property
    def h(self) -> Fixed:
        """What is read of h_{t-1}, and leaves the layer; a head, which has none, reads x alone."""
        return self.x if self.signals is None else self.signals.state

    @property
    def state_formats(self) -> list[Fixed]:
        """Formats of what a layer's state consists of: of an LSTM h and c, of a GRU h as it is carried on."""
        return [getattr(self.formats, self.cell.signals[name]) for name in self.cell.states]

    @property
    def cell(self) -> Cell:
        """The recurrent cell behind the lanes."""
        assert self.kind is not None
        return cell_named(self.kind, self.levels, self.multiplier_registers)

    @property
    def rows_per_unit(self) -> int:
        """Rows of the matrices for each unit, in a level."""
        return 1 if self.kind is None else self.cell.rows_per_unit

    @property
    def sums_per_unit(self) -> int:
        """Sums that the lanes give the cell for each unit: a row whose x part and h part stay apart has two."""
        return 1 if self.kind is None else len(self.cell.sums)

    @property
    def separate_sums(self) -> bool:
        """Whether some row has two sums."""
        return self.kind is not None and self.cell.separate_sums

    @property
    def unit_levels(self) -> int:
        """Levels that each unit goes through; it has biases for each. Layers that share lanes have units of their own
        in every level.
        """
        return self.levels

    @property
    def x_levels(self) -> int:
        """Levels in which x is read; W_x has rows for each."""
        return self.levels if self.levels > 1 and self.cell.every_level else 1

    @property
    def rows(self) -> int:
        """Rows of the weight matrices; W_h and the biases have as many for each level."""
        return self.rows_per_unit * self.outputs

    @property
    def sums(self) -> int:
        """Sums of a level, each with a bias, and a scale where rows have some."""
        return self.sums_per_unit * self.outputs

    @property
    def recurrent(self) -> bool:
        """Whether rows read h_{t-1} beside x_t."""
        return self.nnz[1] > 0

    @property
    def groups(self) -> int:
        """G: groups of P units in a step."""
        return -(-self.outputs // self.units)

    @property
    def slots_per_group(self) -> int:
        """Cycles in which the cell stage takes one group: P / E."""
        return self.units // self.cells

    @property
    def beats(self) -> int:
        """Slots of the cell stage in a level, those beyond the last unit included."""
        return self.groups * self.slots_per_group

    @property
    def input_beats(self) -> int:
        """Beats of one x_t."""
        return -(-self.inputs // self.input_words)

    @property
    def output_beats(self) -> int:
        """Beats of one h_t, `cells` values each."""
        return -(-self.outputs // self.cells)

    @property
    def x_vector(self) -> Vector:
        """How the lanes store x_t."""
        return Vector(self.input_beats, self.input_words, self.x.width, self.x_shift)

    @property
    def h_vector(self) -> Vector:
        """How the lanes store h_{t-1}: words as the cell stage makes them, two banks for each stream."""
        return Vector(self.beats, self.cells, self.h.width, self.h_shift, 2 * self.streams)

    @property
    def frac(self) -> int:
        """Fraction bits of the accumulator: the finer of the two products."""
        fine = self.w_h.frac + self.h.frac if self.recurrent else 0
        return max(self.w_x.frac + self.x.frac, fine)

    @property
    def x_shift(self) -> int:
        """Left shift that aligns x products with the accumulator."""
        return self.frac - self.w_x.frac - self.x.frac

    @property
    def h_shift(self) -> int:
        """Left shift that aligns h products with the accumulator."""
        return self.frac - self.w_h.frac - self.h.frac if self.recurrent else 0

    @property
    def sum_frac(self) -> int:
        """Fraction bits of a row's sum as it meets its bias: scaled, where rows have scales."""
        return self.frac + (self.scale.frac if self.scale else 0)

    @property
    def bias_shift(self) -> int:
        """Left shift that aligns the bias with the sum."""
        return self.sum_frac - self.bias.frac

    @property
    def operand_width(self) -> int:
        """Width of an aligned operand, x or h."""
        return max(self.x_vector.aligned, self.h_vector.aligned if self.recurrent else 0)

    @property
    def stored(self) -> Fixed:
        """The format of whose words stored values are: the wider one, as lanes take both matrices from one memory; of
        gates the widest.
        """
        return max(self.w_x, self.w_h, key=lambda fmt: fmt.width)

    @property
    def weight_width(self) -> int:
        """Bits of a stored value, where gates differ of the widest ones: what lanes multiply."""
        return self.stored.width

    @property
    def gate_widths(self) -> tuple[int, ...]:
        """Bits of a stored value of each row of a unit: the wider ones of the two matrices."""
        count = self.rows_per_unit
        return tuple(map(max, self.w_x.by_gate(count), self.w_h.by_gate(count)))

    @property
    def widths_differ(self) -> bool:
        """Whether lanes store values of several widths."""
        return len(set(self.gate_widths)) > 1

    @property
    def gate_starts(self) -> tuple[int, ...]:
        """Where the values of each row of a unit begin in a memory word."""
        return tuple(self.lanes_per_row * below for below in accumulate(self.gate_widths[:-1], initial=0))

    @property
    def values_width(self) -> int:
        """Bits of the values in a unit's memory word, row after row."""
        return self.lanes_per_row * sum(self.gate_widths)

    @property
    def multiplies(self) -> bool:
        """Whether a lane has a multiplier; digits only add, subtract or pass over an operand."""
        return not isinstance(self.w_x, LowBit)

    @property
    def product_width(self) -> int:
        """Bits of a weight times an aligned operand."""
        return self.operand_width + (self.weight_width if self.multiplies else 1)

    @property
    def packed_width(self) -> int:
        """Bits of w_1 · 2^k + w_0, two weights with the bits k of a product between their ends; one of them is for the
        lowest w_1 beside a negative w_0.
        """
        return self.product_width + self.weight_width + 1
