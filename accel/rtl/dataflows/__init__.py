"""The blocks of each dataflow, by its name in `accel.spec.DATAFLOWS`."""

from __future__ import annotations

from typing import Any

from accel.architecture.array import Array
from accel.rtl.dataflows.columns import ColumnBlocks
from accel.rtl.dataflows.layer_blocks import LayerBlocks
from accel.rtl.dataflows.mixed import MixedBlocks
from accel.rtl.dataflows.rows import RowBlocks

BLOCKS: dict[str, LayerBlocks[Any, Any]] = {
    **{"row": RowBlocks(), "bank": RowBlocks(), "directions": RowBlocks(), "shared": RowBlocks()},
    **{"column": ColumnBlocks(), "mixed": MixedBlocks()},
}


def blocks_of(array: Array) -> LayerBlocks[Any, Any]:
    """What an array is built from."""
    return BLOCKS[array.dataflow]
