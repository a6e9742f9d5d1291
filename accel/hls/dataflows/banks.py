"""A process whose lanes go by rows, each within a bank of the columns."""

from __future__ import annotations

from accel.hls.dataflows.rows import RowProcess


class BankProcess(RowProcess):
    """Lanes that read a bank each; indices count within it."""

    @property
    def lane_sizes(self) -> list[tuple[str, int]]:
        """Cycles of a group, and banks."""
        return [*super().lane_sizes, ("ColumnBanks", self.array.column_banks)]
