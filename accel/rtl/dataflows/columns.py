"""The blocks of a layer by columns."""

from __future__ import annotations

from typing import Any

from accel.architecture.dataflows.columns import ColumnArray
from accel.rtl.blocks.columns.column_layer import ColumnConstants, ColumnObserved, column_layer
from accel.rtl.call import Call
from accel.rtl.dataflows.layer_blocks import LayerBlocks
from accel.schedule.dataflows.columns import ColumnStage
from accel.spec import Spec


class ColumnBlocks(LayerBlocks[ColumnArray, ColumnStage]):
    """Queues of what is not zero, lanes with accumulators; the threshold of states is a port of the top."""

    observed = ColumnObserved

    def constants(self, stage: ColumnStage, spec: Spec) -> tuple[type, tuple[str, ...]]:
        """Whether a sequence's states go into the next one."""
        return ColumnConstants, (f"stateful={spec.model.stateful}",)

    def layer(self, array: ColumnArray, spec: Spec, boxes: tuple[str, ...], built: tuple[Any, ...]) -> Call:
        """The layer with the threshold."""
        return Call(f"{array.name}_running", column_layer, (*boxes, "states", *built))
