"""What the lanes of each dataflow take of a chip, by its name in `accel.spec.DATAFLOWS`."""

from __future__ import annotations

from typing import Any

from accel.architecture.array import Array
from fpga.dataflows.columns import ColumnDemand
from fpga.dataflows.demand import Demand
from fpga.dataflows.rows import RowDemand

DEMANDS: dict[str, type[Demand[Any]]] = {
    "row": RowDemand,
    "bank": RowDemand,
    "directions": RowDemand,
    "shared": RowDemand,
    "column": ColumnDemand,
    "mixed": ColumnDemand,
}


def demand(array: Array) -> Demand[Any]:
    """Of an array."""
    return DEMANDS[array.dataflow](array)
