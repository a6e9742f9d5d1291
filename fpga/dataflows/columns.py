"""What lanes by columns take, of both matrices or of W_h alone."""

from __future__ import annotations

from collections.abc import Iterator

from accel.architecture.dataflows.columns import ColumnArray
from accel.architecture.vector import Vector, entry_width
from accel.base.fixed import index_bits
from accel.schedule.dataflows.column_clock import launch_to_state
from fpga.dataflows.demand import Demand
from fpga.memories import Memory
from fpga.products import Products, multiples

QUEUE_STAGES = 3
"""Registers that an entry of a queue passes: in front of it, behind it, and as the next column."""
ROW_STAGES = 5
"""Registers that the number of a row passes on its way to its sum."""


class ColumnDemand(Demand[ColumnArray]):
    """Queues of what is not zero, and sums at the numbers of their rows."""

    by_columns = True

    @property
    def vectors(self) -> tuple[Vector, ...]:
        """As `Demand`."""
        return (self.array.x_copy,)

    def registers(self) -> int:
        """As `Demand`; products beside their sums, the sums as they are read, added to and drained, queues."""
        array, sums = self.array, self.array.units * self.array.sums_per_unit
        found = self.words + sums * (array.product_width + ROW_STAGES * array.index_width) + 4 * self.totals
        if array.x_by_rows:
            found += array.multipliers * array.operand_width + array.units * array.values_width
        else:
            found += QUEUE_STAGES * entry_width(array.x_vector)
        return found + QUEUE_STAGES * (entry_width(array.h_vector) + array.operand_width)

    def factors(self) -> int:
        """As `Demand`."""
        array = self.array
        found = array.product_width + array.operand_width * array.x_by_rows
        return array.units * array.values_width + array.multipliers * found if array.multiplies else 0

    def ahead(self) -> int:
        """None do."""
        return 0

    def adders(self) -> int:
        """As `Demand`."""
        return 2 * self.totals + self.signs + self.pairing

    def choices(self) -> int:
        """As `Demand`."""
        array = self.array
        rows = array.units * array.sums_per_unit * array.index_width
        operands = array.multipliers * array.operand_width * array.x_by_rows
        return 9 * self.totals + 7 * rows + operands + self.picked + self.signs

    def operands(self) -> Iterator[tuple[str, Memory]]:
        """Copies of x where it goes by rows, sums, and queues of columns."""
        array, style, banks = self.array, self.array.operand_memory, self.array.column_banks
        if array.copies:
            yield "operands", Memory(array.copies, array.x_copy.depth, array.x_copy.word_width, "ram", style, banks)
        yield "accumulators", Memory(2 * array.units * array.sums_per_unit, array.groups, array.total_width, "ram")
        if not array.x_by_rows:
            yield "queues", Memory(1, array.x_queue, entry_width(array.x_vector), "ram")
        yield "queues", Memory(1, array.h_queue, entry_width(array.h_vector), "ram")

    def places(self) -> Iterator[Products]:
        """Where the weights of a column begin."""
        array, place = self.array, index_bits(self.array.depth)
        if not array.x_by_rows:
            yield from multiples(1, array.x_vector.high, array.x_vector.words * array.nnz[0], place)
        yield from multiples(1, array.h_vector.high, array.h_vector.words * array.nnz[1], place)

    def busy(self) -> tuple[int, int] | None:
        """Columns of a step are through when its last state is."""
        return launch_to_state(self.array) + self.array.output_beats, self.array.output_beats
