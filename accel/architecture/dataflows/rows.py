"""By rows: a lane goes through the positions of its row and reads the operands of its own weights (decision 008)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from accel.architecture.array import Array, Term
from accel.architecture.vector import Vector
from accel.base.fixed import Integers, accumulator

PARTIAL_READ = 2
"""From the number of a group to its partial sums: memory, output register."""


def tree_levels(per_row: int) -> int:
    """Adder levels behind `per_row` lanes of a row."""
    return (per_row - 1).bit_length()


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
    """How many of the positions the lane takes that starts at `lane` and goes on every `lanes`."""
    return max(0, -(-(nonzeros - lane) // lanes))


@dataclass(frozen=True)
class RowArray(Array):
    """The lanes of a layer by rows, or of a head: group after group, each row keeps the same number of weights."""

    dataflow = "row"

    def level(self, number: int) -> RowArray:
        """What the lanes do in one level: the same lanes, with x where the cell reads it."""
        reads_x = number == 0 or self.cell.every_level
        return self if self.levels == 1 else replace(self, nnz=(reads_x * self.nnz[0], self.nnz[1]), levels=1)

    @cached_property
    def by_level(self) -> tuple[RowArray, ...]:
        """Every level, in its order."""
        return tuple(self.level(number) for number in range(self.levels))

    @cached_property
    def lanes(self) -> tuple[Lane, ...]:
        """The lanes of one row: lane m takes positions m, m + M, m + 2M ... of the row (x columns, then h columns).

        Split lanes share out x positions and h positions apart.
        """
        k_x, k_h = self.nnz
        if self.dedicated_lanes is not None:
            x_lanes, h_lanes = self.dedicated_lanes
            of_x = (Lane(taken(k_x, m, x_lanes), 0) for m in range(x_lanes))
            return (*of_x, *(Lane(0, taken(k_h, m, h_lanes)) for m in range(h_lanes)))
        count = self.lanes_per_row
        return tuple(
            Lane(taken(k_x, m, count), taken(k_x + k_h, m, count) - taken(k_x, m, count)) for m in range(count)
        )

    @property
    def cycles_per_group(self) -> int:
        """T: cycles in which the lanes work through one group, in the first level. No lane has more than the first."""
        k_x, k_h = self.nnz
        if self.dedicated_lanes is not None:
            return max(taken(k_x, 0, self.dedicated_lanes[0]), taken(k_h, 0, self.dedicated_lanes[1]))
        return taken(k_x + k_h, 0, self.lanes_per_row)

    @cached_property
    def cycles_ahead(self) -> int:
        """Cycles of each group that come before the first h of any, in the first level: 0 where a step goes group by
        group, else as many as all lanes read x in.

        The cell stage must be through with a group within the other cycles, and a partial sum must lie in its memory
        before it is read: that of the first group is written G - 1 groups of x before, that of the last G - 1 groups
        of what follows, less the levels of the adder tree and the time of reading.
        """
        k_x, k_h = self.nnz
        if not self.x_first or not k_h or self.dedicated_lanes is not None:
            return 0
        between, late = self.groups - 1, PARTIAL_READ + tree_levels(self.lanes_per_row)
        least = late // between + 1 if between else self.cycles_per_group
        most = min(k_x // self.lanes_per_row, self.cycles_per_group - max(self.slots_per_group, least))
        return most if most >= least else 0

    @property
    def cycles_behind(self) -> int:
        """The other cycles of a group: from its sums to those of the next."""
        return self.cycles_per_group - self.cycles_ahead

    @property
    def goes_ahead(self) -> bool:
        """Whether something comes ahead in some level, so that there are partial sums."""
        return any(level.cycles_ahead for level in self.by_level)

    @property
    def behind(self) -> int:
        """The first address of what does not come ahead: all groups one after the other."""
        return self.groups * self.cycles_ahead

    @property
    def partial_width(self) -> int:
        """Bits of a row's partial sum, of the products with x that come ahead."""
        most = max(level.cycles_ahead for level in self.by_level)
        terms = (most * self.lanes_per_row, self.w_x, self.x, self.x_shift)
        return accumulator([terms], None, 0)

    @property
    def dense(self) -> bool:
        """Every weight is kept: no index is stored, and all lanes, or all of a direction, read the same operands, whose
        places are counted.
        """
        every = self.nnz == (self.inputs // self.ways, self.outputs // self.ways if self.nnz[1] else 0)
        return (
            every
            and self.dedicated_lanes is None
            and self.x_vector.whole
            and (self.h_vector.whole or not self.recurrent)
        )

    @property
    def shares_operand(self) -> bool:
        """Dense rows, and those of a unit that keep the same columns."""
        return self.dense or self.shared_by_gates

    @property
    def indices(self) -> int:
        """Column indices in one unit's memory word."""
        if self.dense:
            return 0
        return self.lanes_per_row * (1 if self.shared_by_gates else self.rows_per_unit)

    @property
    def copies(self) -> int:
        """Copies of the operand memories: one for each operand that is read in a cycle."""
        return self.ways * self.lanes_per_row if self.dense else self.units * self.indices

    @property
    def index_width(self) -> int:
        """Bits of a column index."""
        vectors = (self.x_copy, self.h_copy) if self.recurrent else (self.x_copy,)
        return max(vector.high + vector.low for vector in vectors)

    def columns_of(self, unit: Integers, numbers: Integers) -> Integers:
        """Columns of W_h by their numbers among those that a unit's direction reads, of units and numbers of one
        shape.
        """
        own = self.outputs // self.directions
        return numbers + unit // own * own

    def numbers(self, columns: Integers, vector: Vector) -> Integers:
        """Columns of a vector, any shape, as numbers of values in the copy that their lane reads."""
        return columns // self.column_banks

    @property
    def depth(self) -> int:
        """Words of one unit's weight memory."""
        return self.groups * sum(level.cycles_per_group for level in self.by_level)

    @property
    def shortest_step(self) -> int:
        """Cycles that a step takes at least."""
        return self.depth

    @property
    def group_cycles(self) -> tuple[int, ...]:
        """T of each level, less what comes ahead."""
        return tuple(level.cycles_behind for level in self.by_level)

    @property
    def matrix_nonzeros(self) -> tuple[int, int]:
        """Weights that W_x and W_h keep."""
        k_x, k_h = self.nnz
        return self.rows * self.x_levels * k_x, self.rows * self.levels * k_h

    @property
    def sets_ahead(self) -> int:
        """Words of each unit that are held ahead, where they come through a stream: those of two groups."""
        return 2 * self.cycles_per_group

    @property
    def held(self) -> int:
        """Words of each unit that lie on the chip."""
        return self.sets_ahead if self.streamed else super().held

    @property
    def terms(self) -> tuple[Term, Term]:
        """A row has as many products as it keeps weights."""
        k_x, k_h = self.nnz
        return (k_x, self.w_x, self.x, self.x_shift), (k_h, self.w_h, self.h, self.h_shift)

    @property
    def operand_bits(self) -> dict[str, int]:
        """Bits of the operand memories."""
        held = {
            "x copies": self.copies * self.x_copy.bits,
            "h copies": self.copies * self.h_copy.bits if self.recurrent else 0,
        }
        sums = self.groups * self.units * self.rows_per_unit * self.partial_width
        return held | ({"partial sums": sums} if self.goes_ahead else {})
