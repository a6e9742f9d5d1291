"""The blocks of a layer by rows."""

from __future__ import annotations

from typing import Any

from accel.architecture.dataflows.rows import RowArray
from accel.rtl.blocks.rows.layer import LayerConstants, recurrent_layer
from accel.rtl.call import Call
from accel.rtl.dataflows.layer_blocks import LayerBlocks
from accel.schedule.dataflows.rows import RowStage
from accel.spec import Spec


class RowBlocks(LayerBlocks[RowArray, RowStage]):
    """A sequencer that counts, lanes that read operands of their own; initial states have streams."""

    def constants(self, stage: RowStage, spec: Spec) -> tuple[type, tuple[str, ...]]:
        """The cycles that the schedule found."""
        return LayerConstants, (
            f"intervals={stage.intervals}",
            f"release_at={stage.release_at}",
            f"state_sequences={stage.under_way}",
        )

    def layer(self, array: RowArray, spec: Spec, boxes: tuple[str, ...], built: tuple[Any, ...]) -> Call:
        """The layer with its states' streams or memories."""
        return Call(f"{array.name}_running", recurrent_layer, (*boxes, *built, *_given(spec, array)))


def _given(spec: Spec, array: RowArray) -> tuple[str | None, str | None]:
    """Where a layer's sequences take their state from, and leave it."""
    if spec.engine.state_streams:
        return f"s_state_{array.name}", f"{array.name}_made" if array.streams > 1 else f"m_state_{array.name}"
    return (f"{array.name}_initial", None) if spec.initial_states else (None, None)
