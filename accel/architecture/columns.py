"""The lanes of one layer by columns, or with W_x by rows and W_h by columns (decisions 014 and 018)."""

from __future__ import annotations

from dataclasses import dataclass

from accel.architecture.array import Array
from accel.architecture.vector import entry_width
from accel.base.fixed import Fixed, index_bits
from accel.spec import Walk


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
