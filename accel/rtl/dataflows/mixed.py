"""The blocks of a layer with W_x by rows and W_h by columns."""

from __future__ import annotations

from accel.rtl.dataflows.columns import ColumnBlocks


class MixedBlocks(ColumnBlocks):
    """Those of a layer by columns, with memories of x in the units."""
