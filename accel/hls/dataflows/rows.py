"""A process whose lanes go by rows: a recurrent layer, or the head."""

from __future__ import annotations

from accel.architecture.dataflows.rows import RowArray
from accel.base.templates import c_array
from accel.hls.process import NOTHING, Process


class RowProcess(Process[RowArray]):
    """Lanes with work in some cycles of a group, x first; columns are stored beside values unless all are kept."""

    header = "recurrent.h"
    step = "RecurrentStep"
    indices_name = "Columns"
    index_sets = "ColumnSets"
    fill = "FillWeights"

    @property
    def lane_sizes(self) -> list[tuple[str, int]]:
        """Cycles of a group, those of them that come ahead, and bits of the sums that are laid aside."""
        array = self.array
        return [
            ("Cycles", array.cycles_per_group),
            ("Ahead", array.cycles_ahead),
            ("PartialWidth", array.partial_width),
        ]

    @property
    def lane_constants(self) -> list[tuple[str, str]]:
        """Cycles of a group in which each lane of a row has work."""
        counts = {"kXSlots": self.x_slots, "kSlots": self.slots}
        return [(f"int {name}[kLanesPerRow]", c_array(slots)) for name, slots in counts.items()]

    @property
    def index_type(self) -> str:
        """Columns, where some are left out."""
        return "NoColumns" if self.array.streamed or self.indices is None else f"Columns<{self.type}>"

    @property
    def threshold(self) -> list[str]:
        """None: every state is read."""
        return []

    @property
    def states(self) -> list[str]:
        """Streams or constants of h_0 and c_0, a stream of h_n and c_n, a flag of frames that were cut short."""
        if self.initial is not None:
            return [f"k{self.type}Initial", NOTHING, NOTHING]
        if not self.array.initial_state:
            return [NOTHING] * 3
        name = self.array.name
        given = self.made_state if self.array.streams > 1 else f"m_state_{name}"
        return [f"s_state_{name}", given, f"{name}_state_torn"]

    @property
    def x_slots(self) -> list[int]:
        """Cycles in which each lane of a row reads x."""
        return [lane.x_slots for lane in self.array.lanes]

    @property
    def slots(self) -> list[int]:
        """Cycles in which each lane of a row has work."""
        return [lane.slots for lane in self.array.lanes]

    @property
    def later(self) -> RowArray:
        """The array in the levels behind the first."""
        return self.array.by_level[-1]

    @property
    def later_x_slots(self) -> list[int]:
        """Cycles in which each lane of a row reads x in those."""
        return [lane.x_slots for lane in self.later.lanes]

    @property
    def later_slots(self) -> list[int]:
        """Cycles in which each lane of a row has work in those."""
        return [lane.slots for lane in self.later.lanes]
