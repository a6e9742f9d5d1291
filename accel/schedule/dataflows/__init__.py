"""The arrays of each dataflow in time, by its name in `accel.spec.DATAFLOWS`."""

from __future__ import annotations

from typing import Any

from accel.architecture.array import Array
from accel.schedule.dataflows.columns import ColumnStage
from accel.schedule.dataflows.mixed import MixedStage
from accel.schedule.dataflows.rows import RowStage
from accel.schedule.dataflows.shared import SharedStage
from accel.schedule.stage import Stage

STAGES: dict[str, type[Stage[Any]]] = {
    **{"row": RowStage, "bank": RowStage, "directions": RowStage, "shared": SharedStage},
    **{"column": ColumnStage, "mixed": MixedStage},
}


def stage_of(array: Array) -> type[Stage[Any]]:
    """What an array is in time."""
    return STAGES[array.dataflow]
