"""The lanes of one layer by rows: sizes, widths, memory bits that follow from a spec and the nonzeros per row."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from accel.architecture.cells import Cell, cell_named
from accel.architecture.vector import Vector
from accel.base.fixed import Digits, Fixed, accumulator, bits_for
from accel.spec import Walk

Kept = tuple[int, int]
"""Nonzeros a row keeps: of W_x, of W_h."""


@dataclass(frozen=True)
class Lane:
    """What one multiplier of a row does in the cycles of a group: x products first, then h products, then nothing."""

    x_slots: int
    h_slots: int

    @property
    def slots(self) -> int:
        """Cycles in which the lane has work."""
        return self.x_slots + self.h_slots


def taken(nonzeros: int, lane: int, lanes: int) -> int:
    """How many of so many positions the lane takes that starts at `lane` and goes on every `lanes`."""
    return max(0, -(-(nonzeros - lane) // lanes))


@dataclass(frozen=True)
class Array:
    """The lanes of one layer: `units` P x `rows_per_unit` x `lanes_per_row` M, working through `outputs` units.

    A recurrent layer has the rows of its `kind` of cell for each unit and both operands, and a step goes through them
    once for each of its `levels`, reading x in the first alone or in all; a linear head (kind None) has one row, no h.
    """

    name: str
    inputs: int
    outputs: int
    kind: str | None
    """Name of the cell in `accel.architecture.cells`; None for a linear head."""
    kept: Kept
    units: int
    lanes_per_row: int
    cells: int
    input_words: int
    x: Fixed
    w_x: Fixed
    h: Fixed
    w_h: Fixed
    bias: Fixed
    shared_by_gates: bool = False
    """The rows of a unit have one column pattern: one index and one operand read serve them all."""
    split: tuple[int, int] | None = None
    """Lanes of a row that serve W_x alone and W_h alone (BRDS' two arrays); shared lanes where None."""
    streams: int = 1
    """S: independent sequences that take turns."""
    operand_memory: str = "auto"
    """What synthesis is asked to put the operand memories into: block RAM, or what it thinks best."""
    operand_register: bool = False
    """What the operand memories read passes a register of its own."""
    scale: Fixed | None = None
    """What a row's sum is multiplied with before its bias is added; None where it is taken as it is."""
    given_state: bool = False
    """A sequence's h_0 and c_0 are given, by a stream that also takes its h_n and c_n, or by a memory: in a turn of
    their own."""
    writable: bool = False
    """Weights and biases are loaded while sequences run: a set of them is in use, another one can be written."""
    fed: int | None = None
    """Bits of a beat of the stream that values and indices come through in every step; None where they are held."""
    levels: int = 1
    """Times that a step goes through the lanes, each with weights of its own."""

    @property
    def cell(self) -> Cell:
        """The recurrent cell behind the lanes."""
        assert self.kind is not None
        return cell_named(self.kind, self.levels)

    @property
    def rows_per_unit(self) -> int:
        """Rows of the matrices for each unit, in a level."""
        return 1 if self.kind is None else self.cell.rows_per_unit

    @property
    def sums_per_unit(self) -> int:
        """Sums that the lanes give the cell for each unit: a row whose x part and h part stay apart has two."""
        return 1 if self.kind is None else len(self.cell.sums)

    @property
    def split_rows(self) -> bool:
        """Whether some row has two sums."""
        return self.kind is not None and self.cell.split

    def level(self, number: int) -> Array:
        """What the lanes do in one level: the same lanes, with x where the cell reads it."""
        reads_x = number == 0 or self.cell.every_level
        return self if self.levels == 1 else replace(self, kept=(reads_x * self.kept[0], self.kept[1]), levels=1)

    @property
    def x_levels(self) -> int:
        """Levels in which x is read; W_x has rows for each."""
        return self.levels if self.levels > 1 and self.cell.every_level else 1

    @cached_property
    def by_level(self) -> tuple[Array, ...]:
        """Every level, in its order."""
        return tuple(self.level(number) for number in range(self.levels))

    @property
    def dense(self) -> bool:
        """Every weight is kept: no index is stored, and all lanes read the same operands, whose places are counted."""
        every = self.kept == (self.inputs, self.outputs if self.kept[1] else 0)
        return every and self.split is None and self.x_vector.whole and (self.h_vector.whole or not self.recurrent)

    @property
    def indices(self) -> int:
        """Column indices in one unit's memory word."""
        if self.dense:
            return 0
        return self.lanes_per_row * (1 if self.shared_by_gates else self.rows_per_unit)

    @property
    def copies(self) -> int:
        """Copies of the operand memories: one for each operand that is read in a cycle."""
        return self.lanes_per_row if self.dense else self.units * self.indices

    @property
    def rows(self) -> int:
        """Rows of the weight matrices; W_h and the biases have so many for each level."""
        return self.rows_per_unit * self.outputs

    @property
    def sums(self) -> int:
        """Sums of a level, each with a bias, and a scale where rows have some."""
        return self.sums_per_unit * self.outputs

    @property
    def groups(self) -> int:
        """G: groups of P units in a step."""
        return -(-self.outputs // self.units)

    @cached_property
    def lanes(self) -> tuple[Lane, ...]:
        """The lanes of one row: lane m takes positions m, m + M, m + 2M ... of the row (x columns, then h columns).

        Split lanes share out x positions and h positions apart.
        """
        k_x, k_h = self.kept
        if self.split is not None:
            x_lanes, h_lanes = self.split
            of_x = (Lane(taken(k_x, m, x_lanes), 0) for m in range(x_lanes))
            return (*of_x, *(Lane(0, taken(k_h, m, h_lanes)) for m in range(h_lanes)))
        count = self.lanes_per_row
        return tuple(
            Lane(taken(k_x, m, count), taken(k_x + k_h, m, count) - taken(k_x, m, count)) for m in range(count)
        )

    @property
    def cycles_per_group(self) -> int:
        """T: cycles in which the lanes work through one group, in the first level. No lane has more than the first."""
        k_x, k_h = self.kept
        if self.split is not None:
            return max(taken(k_x, 0, self.split[0]), taken(k_h, 0, self.split[1]))
        return taken(k_x + k_h, 0, self.lanes_per_row)

    @property
    def multipliers(self) -> int:
        """Lanes of the layer."""
        return self.units * self.rows_per_unit * self.lanes_per_row

    @property
    def matrix_nonzeros(self) -> tuple[int, int]:
        """Weights that W_x and W_h keep."""
        k_x, k_h = self.kept
        return self.rows * self.x_levels * k_x, self.rows * self.levels * k_h

    @property
    def nonzeros(self) -> int:
        """Weights read in one step, by columns in one without zeros."""
        return sum(self.matrix_nonzeros)

    @property
    def removed(self) -> tuple[float, float]:
        """Shares of W_x and of W_h that are removed."""
        k_x, k_h = self.kept
        return 1 - k_x / self.inputs, 1 - k_h / self.outputs

    @property
    def walks(self) -> tuple[Walk, Walk]:
        """How W_x and W_h are walked through."""
        return "row", "row"

    @property
    def recurrent(self) -> bool:
        """Whether rows read h_{t-1} beside x_t."""
        return self.kept[1] > 0

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
    def total_width(self) -> int:
        """Width of a row's exact sum, neither scaled nor with its bias."""
        return accumulator(self._terms(), None, 0)

    @property
    def scaled_width(self) -> int:
        """Width of a row's exact sum as it meets its bias."""
        return self.total_width + (self.scale.width if self.scale else 0)

    @property
    def sum_width(self) -> int:
        """Width of a row's exact sum with its bias."""
        if self.scale is None:
            return accumulator(self._terms(), self.bias, self.bias_shift)
        largest = (1 << (self.scaled_width - 1)) + (-self.bias.lo << self.bias_shift)
        return bits_for(-largest, largest)

    def _terms(self) -> list[tuple[int, Fixed, Fixed, int]]:
        k_x, k_h = self.kept
        return [(k_x, self.w_x, self.x, self.x_shift), (k_h, self.w_h, self.h, self.h_shift)]

    @property
    def input_beats(self) -> int:
        """Beats of one x_t."""
        return -(-self.inputs // self.input_words)

    @property
    def output_beats(self) -> int:
        """Beats of one h_t, `cells` values each."""
        return -(-self.outputs // self.cells)

    @property
    def beats(self) -> int:
        """Slots of the cell stage in a level, those beyond the last unit included."""
        return self.groups * self.slots_per_group

    @property
    def slots_per_group(self) -> int:
        """Cycles in which the cell stage takes one group: P / E."""
        return self.units // self.cells

    @property
    def x_vector(self) -> Vector:
        """How the lanes store x_t."""
        return Vector(self.input_beats, self.input_words, self.x.width, self.x_shift)

    @property
    def h_vector(self) -> Vector:
        """How the lanes store h_{t-1}: words as the cell stage makes them, two banks for each stream."""
        return Vector(self.beats, self.cells, self.h.width, self.h_shift, 2 * self.streams)

    @property
    def index_width(self) -> int:
        """Bits of a column index."""
        vectors = (self.x_vector, self.h_vector) if self.recurrent else (self.x_vector,)
        return max(vector.high + vector.low for vector in vectors)

    @property
    def weight_width(self) -> int:
        """Bits of a stored value."""
        return max(self.w_x.width, self.w_h.width)

    @property
    def multiplies(self) -> bool:
        """Whether a lane has a multiplier; digits only add, subtract or pass over an operand."""
        return not isinstance(self.w_x, Digits)

    @property
    def product_width(self) -> int:
        """Bits of a weight times an aligned operand."""
        return self.operand_width + (self.weight_width if self.multiplies else 1)

    @property
    def word_width(self) -> int:
        """Bits of one unit's memory word: a value for each of its lanes, then the indices."""
        return self.rows_per_unit * self.lanes_per_row * self.weight_width + self.indices * self.index_width

    @property
    def set_beats(self) -> int:
        """Beats of the words that all units read in one cycle, where they come through a stream."""
        assert self.fed is not None
        return -(-self.units * self.word_width // self.fed)

    @property
    def sets_ahead(self) -> int:
        """Words of each unit that are held ahead, where they come through a stream: those of two groups."""
        return 2 * self.cycles_per_group

    @property
    def scale_words_width(self) -> int:
        """Bits of a word of the memory of scales: those of the rows that the cell stage takes in a cycle."""
        return self.cells * self.sums_per_unit * (self.scale.width if self.scale else 0)

    @property
    def depth(self) -> int:
        """Words of one unit's weight memory."""
        return self.groups * sum(level.cycles_per_group for level in self.by_level)

    @property
    def shortest_step(self) -> int:
        """Cycles that a step takes at least."""
        return self.depth

    @property
    def memory_bits(self) -> dict[str, int]:
        """Bits of every memory of the layer, exact, by what they hold."""
        copies, sets = self.copies, 2 if self.writable else 1
        held = self.sets_ahead if self.fed else sets * self.depth
        return {
            "values": self.multipliers * held * self.weight_width,
            "indices": self.units * self.indices * held * self.index_width,
            "bias": sets * self.levels * self.groups * self.units * self.sums_per_unit * self.bias.width,
            "scales": sets * self.groups * self.units * self.sums_per_unit * self.scale.width if self.scale else 0,
            "x copies": copies * self.x_vector.bits,
            "h copies": copies * self.h_vector.bits if self.recurrent else 0,
        }
