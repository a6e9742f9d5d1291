"""By rows in banks: each lane of a row reads a bank of the columns of its own, and holds no other (decision 038)."""

from __future__ import annotations

from dataclasses import dataclass

from accel.architecture.dataflows.rows import RowArray


@dataclass(frozen=True)
class BankArray(RowArray):
    """A layer by rows that keep the same number of weights in each of `lanes_per_row` banks of the columns (BBS, FPGA
    2019), column c in bank c mod that: lane m takes those of bank m.
    """

    dataflow = "bank"

    @property
    def column_banks(self) -> int:
        """One for each lane of a row."""
        return self.lanes_per_row

    @property
    def dense(self) -> bool:
        """Indices are stored, whatever is kept."""
        return False
