"""What engines check of layers that share lanes."""

from __future__ import annotations

from accel.architecture.dataflows.rows import RowArray
from accel.architecture.dataflows.shared import SharedArray
from accel.engines.dataflows.rows import RowChecked
from accel.model.weights import LayerWeights
from accel.schedule.dataflows.shared import shared_intervals


class SharedChecked(RowChecked):
    """Rows of each layer, level after level."""

    def slots(self, array: RowArray) -> dict[str, dict[str, list[int]]]:
        """Cycles in which each lane of a row has work for each layer."""
        found = {}
        for number, level in enumerate(array.by_level):
            first, every = [lane.x_slots for lane in level.lanes], [lane.slots for lane in level.lanes]
            found[f"{array.name.capitalize()}Layer{number}"] = {"kXSlots": first, "kSlots": every}
        return found

    def intervals(self, array: RowArray, layer: LayerWeights) -> tuple[int, ...]:
        """Cycles from layer to layer."""
        assert isinstance(array, SharedArray)
        return shared_intervals(array, layer)
