"""By columns: an operand that is not zero goes to all lanes at once, and a zero costs nothing (decision 014)."""

from __future__ import annotations

from dataclasses import dataclass

from accel.architecture.array import Array, Term
from accel.architecture.vector import entry_width
from accel.base.fixed import index_bits


@dataclass(frozen=True)
class ColumnArray(Array):
    """The lanes of a recurrent layer by columns: what each adds to its rows' sums lies in accumulators, twice.

    Lane (p, gate) owns that gate's rows of the units p, p + P, p + 2P ...; `nnz` counts the weights that it keeps of
    them in a column of W_x and of W_h.
    """

    dataflow = "column"

    @property
    def x_by_rows(self) -> bool:
        """Whether W_x is traversed row by row: every lane reads the x of its own weights."""
        return False

    @property
    def h_start(self) -> int:
        """Word in which the columns of W_h begin."""
        return self.inputs * self.nnz[0]

    @property
    def dense(self) -> bool:
        """Every weight is kept."""
        return self.nnz == self.places

    @property
    def shares_operand(self) -> bool:
        """One operand goes to all lanes, unless each reads the x of its own weights."""
        return not self.x_by_rows

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
        return self.h_start + self.outputs * self.nnz[1]

    @property
    def shortest_step(self) -> int:
        """Cycles of the cell stage, whatever is skipped."""
        return self.output_beats

    @property
    def group_cycles(self) -> tuple[int, ...]:
        """None: the sums of all groups lie in the accumulators when the first one is drained."""
        return ()

    @property
    def matrix_nonzeros(self) -> tuple[int, int]:
        """Weights that W_x and W_h keep."""
        return self.multipliers * self.h_start, self.multipliers * self.outputs * self.nnz[1]

    @property
    def terms(self) -> tuple[Term, Term]:
        """A row may hold a weight in every column, whatever its lane keeps of the others."""
        return (self.inputs, self.w_x, self.x, self.x_shift), (self.outputs, self.w_h, self.h, self.h_shift)

    @property
    def x_queue(self) -> int:
        """Entries of the queue of x: the beats of two steps, as many as are received ahead."""
        return 2 * self.input_beats

    @property
    def h_queue(self) -> int:
        """Entries of the queue of h: the beats of a step of each stream, since x may come late."""
        return self.streams * self.output_beats

    @property
    def operand_bits(self) -> dict[str, int]:
        """Bits of accumulators and queues."""
        return {
            "accumulators": 2 * self.sums * self.total_width,
            "x queue": self.x_queue * entry_width(self.x_vector),
            "h queue": self.h_queue * entry_width(self.h_vector),
        }
