"""What lanes by rows take, in banks or not, and those of linear layers."""

from __future__ import annotations

from collections.abc import Iterator

from accel.architecture.dataflows.rows import RowArray
from accel.architecture.latencies import capture_delay
from accel.architecture.vector import Vector
from accel.base.fixed import index_bits
from fpga.dataflows.demand import Demand
from fpga.memories import Memory
from fpga.products import Products, multiples


class RowDemand(Demand[RowArray]):
    """Copies of x and h, and sums that come with their rows."""

    @property
    def vectors(self) -> tuple[Vector, ...]:
        """As `Demand`."""
        return (self.array.x_copy, self.array.h_copy) if self.array.recurrent else (self.array.x_copy,)

    @property
    def read(self) -> int:
        """Operands that lanes read at once."""
        array = self.array
        return array.ways * array.lanes_per_row if array.dense else array.units * array.indices

    @property
    def partial_sums(self) -> int:
        """Sums of each total: one a lane, and behind several the levels of an adder tree."""
        lanes = found = self.array.lanes_per_row
        while lanes > 1:
            lanes = -(-lanes // 2)
            found += lanes
        return found

    def registers(self) -> int:
        """As `Demand`."""
        array, found = self.array, self.words
        factors = self.read * array.operand_width + array.units * array.values_width
        found += array.multiplier_registers * (factors + array.multipliers * array.product_width)
        found += self.read * array.operand_width + array.units * (1 + array.operand_register) * array.values_width
        for vector in self.vectors:
            found += array.copies * (vector.low + array.operand_register * (vector.word_width + vector.low))
        found += array.units * array.rows_per_unit * array.partial_width * array.goes_ahead
        return found + self.totals * self.partial_sums

    def factors(self) -> int:
        """As `Demand`."""
        array = self.array
        found = array.units * array.values_width + array.multipliers * array.product_width
        found += self.read * array.operand_width
        return found if array.multiplies else 0

    def ahead(self) -> int:
        """As `Demand`."""
        return capture_delay(self.array)

    @property
    def begun(self) -> int:
        """Bits of sums that go on from what x had begun."""
        return self.array.units * self.array.rows_per_unit * self.array.total_width * self.array.goes_ahead

    def adders(self) -> int:
        """As `Demand`."""
        return self.totals * (2 * self.array.lanes_per_row - 1) + self.begun + self.signs + self.pairing

    def choices(self) -> int:
        """As `Demand`."""
        found = self.totals * (1 + self.array.lanes_per_row) + self.read * self.array.operand_width
        return found + self.begun + self.picked + self.signs

    def operands(self) -> Iterator[tuple[str, Memory]]:
        """Copies of x and h, and the sums of x that h goes on from."""
        array, style, banks = self.array, self.array.operand_memory, self.array.column_banks
        if array.copies:
            yield "operands", Memory(array.copies, array.x_copy.depth, array.x_copy.word_width, "ram", style, banks)
        if array.recurrent:
            yield "operands", Memory(array.copies, array.h_copy.depth, array.h_copy.word_width, "ram", style, banks)
        if array.goes_ahead:
            yield "sums", Memory(array.units, array.groups, array.rows_per_unit * array.partial_width, "ram")

    def places(self) -> Iterator[Products]:
        """Which column a lane of a dense row reads."""
        if self.array.dense:
            lanes, position = self.array.lanes_per_row, index_bits(self.array.cycles_per_group)
            yield from multiples(lanes, position, lanes, self.array.index_width)
