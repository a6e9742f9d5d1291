"""W_x by rows and W_h by columns, on the same lanes and accumulators (decision 018)."""

from __future__ import annotations

from dataclasses import dataclass

from accel.architecture.array import Term
from accel.architecture.dataflows.columns import ColumnArray


@dataclass(frozen=True)
class MixedArray(ColumnArray):
    """A layer by columns whose lanes take the rows of W_x one after the other: `nnz` counts the weights of a row of
    W_x, each with the number of its x, and those of a lane in a column of W_h.
    """

    dataflow = "mixed"

    @property
    def x_by_rows(self) -> bool:
        """W_x is traversed row by row."""
        return True

    @property
    def h_start(self) -> int:
        """Word in which the columns of W_h begin, and the cycles of the lanes for x."""
        return self.groups * self.nnz[0]

    @property
    def index_width(self) -> int:
        """Bits of the place of an x, or of the number of a lane's row."""
        return max(super().index_width, self.x_vector.high + self.x_vector.low)

    @property
    def copies(self) -> int:
        """Every lane reads an x of its own."""
        return self.multipliers

    @property
    def shortest_step(self) -> int:
        """Cycles of the rows of W_x, or of the cell stage."""
        return max(self.h_start, self.output_beats)

    @property
    def terms(self) -> tuple[Term, Term]:
        """A row of W_x holds its nonzeros, one of W_h up to all."""
        return (self.nnz[0], self.w_x, self.x, self.x_shift), (self.outputs, self.w_h, self.h, self.h_shift)

    @property
    def operand_bits(self) -> dict[str, int]:
        """Bits of accumulators, the queue of h, and x in every lane."""
        held = super().operand_bits
        del held["x queue"]
        return held | {"x copies": self.copies * self.x_vector.bits}
