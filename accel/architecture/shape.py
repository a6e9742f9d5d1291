"""What follows from a spec and the nonzeros per row: sizes, widths, memory bits. Nothing here is a decision."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from accel.architecture.cells import TABLES, Cell, cell_named
from accel.architecture.cells.operations import Size
from accel.base.fixed import Digits, Fixed, Integers, accumulator, bits_for, index_bits
from accel.base.tables import Table
from accel.spec import Flow, Spec, Walk, divisors, kept
from accel.spec import Weights as WeightFormats

ACCUMULATOR = 62
"""Widest exact sum; 64-bit integers hold it with room for the half unit of a rounding."""

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
class Vector:
    """Layout of an operand memory: banks of `beats` words, `words` values each, aligned by `shift` when read."""

    beats: int
    words: int
    width: int
    shift: int
    banks: int = 2

    @property
    def low(self) -> int:
        """Index bits that select a value within a word."""
        return (self.words - 1).bit_length()

    @property
    def high(self) -> int:
        """Index bits that select a word of a bank."""
        return index_bits(self.beats)

    @property
    def whole(self) -> bool:
        """Whether a value's place is its number: the words hold a power of two."""
        return self.words == 1 << self.low

    def places(self, columns: Integers) -> Integers:
        """Where values are, by their numbers: the word above the place within it."""
        return (columns // self.words << self.low) + columns % self.words

    @property
    def depth(self) -> int:
        """Words of all banks; each begins at a multiple of a power of two."""
        return ((self.banks - 1) << self.high) + self.beats

    @property
    def bank_width(self) -> int:
        """Bits of a bank's number."""
        return index_bits(self.banks)

    @property
    def word_width(self) -> int:
        """Bits of a stored word."""
        return self.words * self.width

    @property
    def aligned(self) -> int:
        """Width of an operand after its left shift."""
        return self.width + self.shift

    @property
    def bits(self) -> int:
        """Memory bits of one copy."""
        return self.depth * self.word_width


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
    """A sequence's h_0 and c_0 are given, and its h_n and c_n are taken."""
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


@dataclass(frozen=True)
class ColumnArray(Array):
    """The lanes of an LSTM layer by columns: an operand that is not zero goes to all of them, a zero costs nothing.

    Lane (p, gate) owns that gate's rows of the units p, p + P, p + 2P ...; their sums lie in its accumulators, twice.
    `kept` counts the weights that a lane keeps of its rows in a column of W_x and of W_h.
    """

    @property
    def dense(self) -> bool:
        """Every weight is kept."""
        return self.kept == (self.groups, self.groups)

    @property
    def indices(self) -> int:
        """Indices in one unit's memory word: which of its rows each lane's weight belongs to."""
        return self.rows_per_unit

    @property
    def index_width(self) -> int:
        """Bits of the number of a lane's row."""
        return index_bits(self.groups)

    @property
    def copies(self) -> int:
        """Operands are not stored in the lanes."""
        return 0

    @property
    def depth(self) -> int:
        """Words of one unit's weight memory, and the cycles of the lanes in a step without zeros."""
        return self.h_start + self.outputs * self.kept[1]

    @property
    def shortest_step(self) -> int:
        """Cycles of the cell stage, whatever is skipped."""
        return self.output_beats

    @property
    def matrix_nonzeros(self) -> tuple[int, int]:
        """Weights that W_x and W_h keep."""
        return self.multipliers * self.h_start, self.multipliers * self.outputs * self.kept[1]

    @property
    def removed(self) -> tuple[float, float]:
        """Shares of W_x and of W_h that are removed."""
        k_x, k_h = self.kept
        return 1 - k_x / self.groups, 1 - k_h / self.groups

    @property
    def walks(self) -> tuple[Walk, Walk]:
        """Both by columns, or W_h alone."""
        return "row" if self.x_by_rows else "column", "column"

    @property
    def x_by_rows(self) -> bool:
        """Whether W_x is walked through row by row: every lane reads the x of its own weights."""
        return False

    @property
    def h_start(self) -> int:
        """Word in which the columns of W_h begin."""
        return self.inputs * self.kept[0]

    def _terms(self) -> list[tuple[int, Fixed, Fixed, int]]:
        """A row may hold a weight in every column, whatever its lane keeps of the others."""
        return [(self.inputs, self.w_x, self.x, self.x_shift), (self.outputs, self.w_h, self.h, self.h_shift)]

    @property
    def x_queue(self) -> int:
        """Entries of the queue of x: the beats of two steps, as many as are received ahead."""
        return 2 * self.input_beats

    @property
    def h_queue(self) -> int:
        """Entries of the queue of h: the beats of a step of each stream, since x may come late."""
        return self.streams * self.output_beats

    @property
    def memory_bits(self) -> dict[str, int]:
        """Bits of every memory of the layer, exact, by what they hold."""
        sets = 2 if self.writable else 1
        return {
            "values": self.multipliers * sets * self.depth * self.weight_width,
            "indices": self.multipliers * sets * self.depth * self.index_width,
            "bias": sets * self.sums * self.bias.width,
            "scales": sets * self.sums * self.scale.width if self.scale else 0,
            "accumulators": 2 * self.sums * self.total_width,
            "x queue": self.x_queue * entry_width(self.x_vector),
            "h queue": self.h_queue * entry_width(self.h_vector),
        }


@dataclass(frozen=True)
class MixedArray(ColumnArray):
    """A layer whose W_x goes by rows and whose W_h goes by columns, on the same lanes and accumulators.

    Lanes take their rows one after the other: `kept` counts the weights of a row of W_x, each with the number of its x,
    and those of a lane in a column of W_h.
    """

    @property
    def x_by_rows(self) -> bool:
        """W_x is walked through row by row."""
        return True

    @property
    def dense(self) -> bool:
        """Every weight is kept."""
        return self.kept == (self.inputs, self.groups)

    @property
    def index_width(self) -> int:
        """Bits of the place of an x, or of the number of a lane's row."""
        return max(super().index_width, self.x_vector.high + self.x_vector.low)

    @property
    def copies(self) -> int:
        """Every lane reads an x of its own."""
        return self.multipliers

    @property
    def h_start(self) -> int:
        """Word in which the columns of W_h begin, and the cycles of the lanes for x."""
        return self.groups * self.kept[0]

    @property
    def shortest_step(self) -> int:
        """Cycles of the rows of W_x, or of the cell stage."""
        return max(self.h_start, self.output_beats)

    @property
    def removed(self) -> tuple[float, float]:
        """Shares of W_x and of W_h that are removed."""
        k_x, k_h = self.kept
        return 1 - k_x / self.inputs, 1 - k_h / self.groups

    def _terms(self) -> list[tuple[int, Fixed, Fixed, int]]:
        """A row of W_x holds so many weights, one of W_h up to all."""
        return [(self.kept[0], self.w_x, self.x, self.x_shift), (self.outputs, self.w_h, self.h, self.h_shift)]

    @property
    def memory_bits(self) -> dict[str, int]:
        """Bits of every memory of the layer, exact, by what they hold."""
        held = super().memory_bits
        del held["x queue"]
        return held | {"x copies": self.copies * self.x_vector.bits}


def entry_width(vector: Vector) -> int:
    """Bits of a queue's entry: a beat, which of its values are not zero, its number, and whether it is the last."""
    return vector.word_width + vector.words + vector.high + 1


@dataclass(frozen=True)
class Network:
    """The arrays of a spec: recurrent layers in order, and the head where there is one."""

    layers: tuple[Array, ...]
    head: Array | None
    spec: Spec

    @property
    def arrays(self) -> tuple[Array, ...]:
        """Layers and head in the order data takes."""
        return self.layers + ((self.head,) if self.head else ())

    @property
    def by_columns(self) -> tuple[ColumnArray, ...]:
        """The layers that take their operands by columns."""
        return tuple(array for array in self.layers if isinstance(array, ColumnArray))

    @cached_property
    def tables(self) -> dict[str, Table]:
        """The tables that the cell reads, by their names in `accel.architecture.cells.TABLES`."""
        formats, tables = self.spec.formats, self.spec.tables
        return {
            name: Table(function, getattr(formats, key), formats.activation, tables.address, getattr(tables, function))
            for name, (function, key) in TABLES.items()
            if name in self.layers[0].cell.tables
        }


def even_split(total: float, inputs: int, hidden: int, levels: int = 1) -> Kept:
    """Nonzeros of W_x and W_h per row at the same ratio, with the row's total fixed; each keeps at least one.

    The rows of W_h in several levels share what W_x leaves; less than one each may be left over.
    """
    nonzeros = kept(total, inputs + levels * hidden)
    k_x = min(max(1, kept(total, inputs), nonzeros - levels * hidden), nonzeros - levels, inputs)
    return k_x, (nonzeros - k_x) // levels


def row_cost(pair: Kept, levels: int) -> int:
    """Nonzeros of a row in all levels."""
    k_x, k_h = pair
    return k_x + levels * k_h


def planned(spec: Spec) -> tuple[Kept, ...]:
    """Nonzeros per row of each layer as the spec gives them; with a search, its starting point."""
    return tuple(_planned(spec, flow, *sizes) for flow, sizes in zip(spec.flows, spec.sizes, strict=True))


def _planned(spec: Spec, flow: Flow, inputs: int, hidden: int) -> Kept:
    sparsity, rows = spec.sparsity, hidden // spec.engine.units
    full = inputs if flow.input == "row" else rows, hidden if flow.recurrent == "row" else rows
    if sparsity.pattern == "dense":
        return full
    if sparsity.search is not None:
        return even_split(sparsity.search.total, inputs, hidden, spec.model.depth or 1)
    assert sparsity.input is not None
    assert sparsity.recurrent is not None
    return kept(sparsity.input, full[0]), kept(sparsity.recurrent, full[1])


def network(spec: Spec, kept_per_row: Sequence[Kept] | None = None) -> Network:
    """Derive the arrays of a spec; `kept_per_row` (one pair a layer) replaces the spec's own plan after a search."""
    pairs = tuple(kept_per_row) if kept_per_row is not None else planned(spec)
    layers = tuple(_layer(spec, number, pair) for number, pair in enumerate(pairs))
    return Network(layers, _head(spec, layers), spec)


def _layer(spec: Spec, number: int, pair: Kept) -> Array:
    formats, weights, engine = spec.formats, spec.weights, spec.engine
    first = number == 0
    return _kind(spec.flows[number])(
        name=f"{spec.model.cell}{number}",
        inputs=spec.model.inputs if first else spec.model.hidden[number - 1],
        outputs=spec.model.hidden[number],
        kind=spec.model.cell,
        kept=pair,
        units=engine.units,
        lanes_per_row=engine.lanes_per_row,
        cells=engine.cells_per_cycle,
        input_words=engine.input_words if first else engine.cells_per_cycle,
        x=formats.input if first else formats.state,
        w_x=_weight(weights, weights.input_frac),
        h=formats.state,
        w_h=_weight(weights, weights.recurrent_frac),
        bias=formats.bias,
        shared_by_gates=spec.sparsity.shared_by_gates,
        split=engine.split,
        streams=engine.streams,
        operand_memory=engine.operand_memory,
        operand_register=engine.operand_register,
        scale=formats.scale,
        given_state=engine.state_streams,
        writable=engine.memory == "scratchpad",
        fed=engine.memory_width,
        levels=spec.levels,
    )


def _kind(flow: Flow) -> type[Array]:
    if not flow.by_columns:
        return Array
    return MixedArray if flow.input == "row" else ColumnArray


def _weight(weights: WeightFormats, frac: int) -> Fixed:
    widths = {"ternary": 2, "binary": 1}
    return Digits(widths[weights.kind], frac) if weights.kind in widths else Fixed(weights.width, frac)


def _head(spec: Spec, layers: tuple[Array, ...]) -> Array | None:
    head, last = spec.model.head, layers[-1]
    if head is None:
        return None
    budget = min(array.shortest_step for array in layers)
    groups = max(1, budget // last.outputs)
    weight = Fixed(spec.weights.width, spec.weights.head_frac)
    return Array(
        name="head",
        inputs=last.outputs,
        outputs=head.outputs,
        kind=None,
        kept=(kept(spec.sparsity.head, last.outputs), 0),
        units=head.units or min(-(-head.outputs // groups), last.outputs),
        lanes_per_row=1,
        cells=1,
        input_words=last.cells,
        x=spec.formats.state,
        w_x=weight,
        h=spec.formats.state,
        w_h=weight,
        bias=spec.formats.bias,
        operand_memory=spec.engine.operand_memory,
        operand_register=spec.engine.operand_register,
        writable=spec.engine.memory == "scratchpad",
        fed=spec.engine.memory_width,
    )


def misfits(net: Network) -> Iterator[tuple[str, str, object]]:
    """What of a spec the engine cannot do: (key path, what would fit, what was given)."""
    for array in net.arrays:
        slots, shortest = array.slots_per_group, array.by_level[-1]
        cycles = slots if isinstance(array, ColumnArray) else shortest.cycles_per_group
        if array is net.head and slots > cycles:
            yield "model.head.units", f"at most {cycles}: one row a cycle leaves the head", array.units
        elif slots > cycles:
            least = next(cells for cells in divisors(array.units) if array.units <= cells * cycles)
            why = f"a group of {array.units} units lasts {cycles} cycles on {array.lanes_per_row} lanes a row"
            yield "engine.cells_per_cycle", f"at least {least} ({array.name}: {why})", array.cells
        if array.sum_width > ACCUMULATOR:
            yield "formats", f"sums of at most {ACCUMULATOR} bits ({array.name})", f"{array.sum_width} bits"
    for key, bits in narrowings(net).items():
        if bits > ACCUMULATOR:
            yield f"formats.{key}", f"exact sums of at most {ACCUMULATOR} bits", f"{bits} bits"


def narrowings(net: Network) -> dict[str, int]:
    """The bits that exact numbers have or drop at most, whichever is more, as cells narrow them to each format.

    What row sums have is not among them. A half unit is added before the drop, for which 64-bit integers have room
    where neither is more than `ACCUMULATOR`.
    """
    formats, found = net.spec.formats, dict[str, int]()
    for array in net.layers:
        for level in array.cell.pipelines:
            sizes = level.sizes(formats, Size(array.sum_width, array.sum_frac))
            for one in level.narrowings:
                fmt, source = getattr(formats, one.format), sizes[one.source]
                of_row = one.source in {row.name for row in level.sums}
                has = 0 if of_row else source.width + max(0, fmt.frac - source.frac)
                found[one.format] = max(found.get(one.format, 0), has, source.frac - fmt.frac)
    return found
