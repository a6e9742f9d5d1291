"""A process whose lanes go by columns."""

from __future__ import annotations

from accel.architecture.dataflows.columns import ColumnArray
from accel.hls.process import Process


class ColumnProcess(Process[ColumnArray]):
    """Lanes that own rows; the row of each weight is stored beside it, or its column where W_x goes by rows."""

    header = "column_recurrent.h"
    engine_headers = ("column_engine.h",)
    step = "ColumnStep"
    indices_name = "Rows"
    index_sets = "RowSets"
    fill = "FillColumns"

    @property
    def lane_sizes(self) -> list[tuple[str, int]]:
        """Weights that a lane keeps, and where W_h begins."""
        return [*zip(("KeptX", "KeptH"), self.array.nnz, strict=True), ("HStart", self.array.h_start)]

    @property
    def lane_constants(self) -> list[tuple[str, str]]:
        """Whether W_x goes by rows."""
        return [("bool kXByRows", str(self.array.x_by_rows).lower())]

    @property
    def index_type(self) -> str:
        """Rows of a lane."""
        return f"LaneRows<{self.type}>"

    @property
    def threshold(self) -> list[str]:
        """States below it take no cycle."""
        return ["states_threshold"]

    @property
    def states(self) -> list[str]:
        """None: every sequence begins with zeros."""
        return []
