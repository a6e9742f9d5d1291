"""A process whose lanes serve one direction each."""

from __future__ import annotations

from accel.hls.dataflows.rows import RowProcess


class DirectionsProcess(RowProcess):
    """Units whose words take turns between two directions; indices count within what a direction reads."""

    @property
    def lane_sizes(self) -> list[tuple[str, int]]:
        """Cycles of a group, and directions."""
        return [*super().lane_sizes, ("Directions", self.array.ways)]
