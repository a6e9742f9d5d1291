"""One process of the HLS design: an array with its constants, widths and memories as C++ wants them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from accel.architecture.array import Array
from accel.architecture.columns import ColumnArray
from accel.base.fixed import Fixed, Integers
from accel.memory.images import bias_shift, bias_width, column_lanes, half_unit, positions, row_words
from accel.model.weights import LayerWeights
from accel.spec import Head

LABELS = {"sigmoid": "Sigmoid", "tanh": "Tanh", "cell_tanh": "CellTanh"}


@dataclass(frozen=True)
class Process:
    """One array with its weights, as the templates see it."""

    array: Array
    weights: LayerWeights
    number: int
    source: str
    out: str
    head: Head | None
    sum_format: Fixed | None

    @property
    def type(self) -> str:
        """C++ type that holds the array's constants."""
        return self.array.name.capitalize()

    @property
    def x(self) -> str:
        """Operand memory."""
        return f"{self.array.name}_x"

    @property
    def end(self) -> str:
        """Whether this step ends a sequence."""
        return f"{self.array.name}_end"

    @property
    def constants(self) -> list[tuple[str, int]]:
        """Names and values of the array's constants."""
        array = self.array
        return [
            ("Layer", self.number),
            ("Inputs", array.inputs),
            ("InputWords", array.input_words),
            ("InputBeats", array.input_beats),
            ("Outputs", array.outputs),
            ("Units", array.units),
            ("RowsPerUnit", array.rows_per_unit),
            ("SumsPerUnit", array.sums_per_unit),
            ("LanesPerRow", array.lanes_per_row),
            ("Lanes", array.multipliers),
            ("Readers", max(1, array.copies)),
            ("Cells", array.cells),
            ("Streams", array.streams),
            ("Groups", array.groups),
            *self._per_lane,
            ("Depth", array.depth),
            ("XWidth", array.x.width),
            ("XShift", array.x_shift),
            ("HShift", array.h_shift),
            ("OperandWidth", array.operand_width),
            ("WeightWidth", array.weight_width),
            ("IndexWidth", array.index_width),
            ("ProductWidth", array.product_width),
            ("TotalWidth", array.total_width),
            ("ScaleWidth", array.scale.width if array.scale else 0),
            ("ScaledWidth", array.scaled_width),
            ("SumWidth", array.sum_width),
            ("BiasWidth", array.bias.width),
            ("BiasShift", array.bias_shift),
            ("Frac", array.sum_frac),
            *self._stored_bias(),
        ]

    def _stored_bias(self) -> list[tuple[str, int]]:
        """How biases lie in a frame of weights."""
        array, narrowed = self.array, self.sum_format
        return [("StoredBiasWidth", bias_width(array, narrowed)), ("StoredBiasShift", bias_shift(array, narrowed))]

    @property
    def stored_half(self) -> int:
        """Half a unit that stored biases hold, of up to 62 bits."""
        return half_unit(self.array, self.sum_format)

    @property
    def state_ports(self) -> str:
        """Streams of h_0, c_0 and of h_n, c_n, as arguments of the top."""
        return f"s_state_{self.array.name}, m_state_{self.array.name}"

    @property
    def made_state(self) -> str:
        """Stream of h_n and c_n to the process that withholds those of fillers."""
        return f"{self.array.name}_state"

    @property
    def states(self) -> str:
        """Streams of h_0, c_0 and of h_n, c_n, as arguments of a process."""
        if self.initial is not None:
            return f"k{self.type}Initial, no_states"
        if not self.array.given_state:
            return "no_states, no_states"
        return f"s_state_{self.array.name}, {self.made_state}" if self.array.streams > 1 else self.state_ports

    @property
    def memories(self) -> str:
        """Values, columns and biases, and an LSTM layer's scales, as arguments of a process."""
        scaled = self.head is None and not self.levelled
        parts = ["Values", "Rows" if self.by_columns else "Columns", "Bias", *(["Scales"] if scaled else [])]
        if self.array.fed:
            held = ", ".join(f"k{self.type}{part}" for part in parts[1:])
            return f"s_weights_{self.array.name}, {held}"
        if self.array.writable:
            return ", ".join(f"weights.{self.array.name}.{part.lower()}" for part in parts)
        return ", ".join(f"k{self.type}{part}" for part in parts)

    @property
    def _per_lane(self) -> list[tuple[str, int]]:
        """What a lane does: cycles of a group of rows; by columns weights that it keeps, and where W_h begins."""
        if isinstance(self.array, ColumnArray):
            return [*zip(("KeptX", "KeptH"), self.array.kept, strict=True), ("HStart", self.array.h_start)]
        return [("Cycles", self.array.cycles_per_group)]

    @property
    def by_columns(self) -> bool:
        """Whether the layer takes its operands column by column."""
        return isinstance(self.array, ColumnArray)

    @property
    def levelled(self) -> bool:
        """Whether a step has several levels: its biases have the level as an index."""
        return self.array.levels > 1

    def sum_of(self, part: str) -> list[int]:
        """For each row of a unit, the sum that its products with "x" or with "h" go to."""
        if self.array.kind is None:
            return [0]
        sums = enumerate(self.array.cell.sums)
        found = {each.row: number for number, each in sums if each.part in ("both", part)}
        return [found[row] for row in range(self.array.rows_per_unit)]

    @property
    def x_slots(self) -> list[int]:
        """Cycles in which each lane of a row reads x."""
        return [lane.x_slots for lane in self.array.lanes]

    @property
    def slots(self) -> list[int]:
        """Cycles in which each lane of a row has work."""
        return [lane.slots for lane in self.array.lanes]

    @property
    def later(self) -> Array:
        """The array in the levels behind the first."""
        return self.array.by_level[-1]

    @property
    def later_x_slots(self) -> list[int]:
        """Cycles in which each lane of a row reads x in those."""
        return [lane.x_slots for lane in self.later.lanes]

    @property
    def later_slots(self) -> list[int]:
        """Cycles in which each lane of a row has work in those."""
        return [lane.slots for lane in self.later.lanes]

    @property
    def _levels(self) -> list[tuple[Array, LayerWeights]]:
        """Every level with its weights."""
        count = self.array.levels
        return [(level, self.weights.level(number, count)) for number, level in enumerate(self.array.by_level)]

    @property
    def values(self) -> Integers:
        """Weights as two's complement reads their words, [group and cycle, or word][unit, row, lane of the row]."""
        if isinstance(self.array, ColumnArray):
            return self._read(column_lanes(self.array, self.weights)[0]).reshape(self.array.depth, -1)
        levels = [lane_words(level, self._read(row_words(level, weights)[0])) for level, weights in self._levels]
        return np.concatenate(levels).reshape(self.array.depth, -1)

    def _read(self, values: Integers) -> Integers:
        """The words of weights as two's complement reads them."""
        sign = 1 << (self.array.weight_width - 1)
        return (self.array.w_x.codes(values) ^ sign) - sign

    @property
    def columns(self) -> Integers | None:
        """Column indices, [group and cycle][reader], None where every column is read; by columns the lanes' rows, below
        the columns of W_x where that goes by rows.
        """
        if isinstance(self.array, ColumnArray):
            return column_lanes(self.array, self.weights)[1].reshape(self.array.depth, -1)
        if self.array.dense:
            return None
        levels = [lane_words(level, row_words(level, weights)[1]) for level, weights in self._levels]
        columns = np.concatenate(levels)
        rows = 1 if self.array.shared_by_gates else self.array.rows_per_unit
        return columns[:, :, :rows].reshape(self.array.depth, -1)

    @property
    def bias(self) -> Integers:
        """Biases, [unit][sum]; where there are levels [level][unit][sum]."""
        levels = [self._by_unit(part) for part in np.split(self.weights.bias, self.array.levels)]
        return np.stack(levels) if self.levelled else levels[0]

    @property
    def scale(self) -> Integers | None:
        """Scales, [unit][sum]; None where sums are taken as they are."""
        return None if self.weights.scale is None else self._by_unit(self.weights.scale)

    @property
    def initial(self) -> Integers | None:
        """What every sequence begins with, [value of the state][unit]; None where that is zeros or given."""
        return None if self.weights.initial is None else self.weights.initial.reshape(-1, self.array.outputs)

    def _by_unit(self, sums: Integers) -> Integers:
        return sums.reshape(self.array.sums_per_unit, self.array.outputs).T


def lane_words(array: Array, rows: Integers) -> Integers:
    """Entries [row = gate * H + unit][position] as the lanes take them, [group and cycle, unit, row, lane].

    Units and positions that do not exist are zero.
    """
    padded = np.zeros((array.rows_per_unit, array.groups * array.units, rows.shape[1] + 1), dtype=np.int64)
    padded[:, : array.outputs, :-1] = rows.reshape(array.rows_per_unit, array.outputs, -1)
    taken = padded[:, :, positions(array)]  # position -1 is the zero at the end
    split = taken.reshape(array.rows_per_unit, array.groups, array.units, array.lanes_per_row, -1)
    words = np.transpose(split, (1, 4, 2, 0, 3))
    return words.reshape(array.depth, array.units, array.rows_per_unit, array.lanes_per_row)


def container(width: int) -> int:
    """Bits of the AXI4-Stream word that holds `width` bits."""
    return max(8, 1 << (width - 1).bit_length())
