"""The blocks of a layer with W_x by rows and W_h by columns."""

from __future__ import annotations

from typing import Any

from accel.architecture.dataflows.columns import ColumnArray
from accel.rtl.blocks.columns.mixed_unit import mixed_unit_block
from accel.rtl.dataflows.columns import ColumnBlocks


class MixedBlocks(ColumnBlocks):
    """Those of a layer by columns, with memories of x in the units."""

    def unit(self, array: ColumnArray) -> Any:
        """A lane for each gate, each with an x of its own."""
        return mixed_unit_block(array)
