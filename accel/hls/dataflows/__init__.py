"""The processes of each dataflow, by its name in `accel.spec.DATAFLOWS`."""

from __future__ import annotations

from typing import Any

from accel.hls.dataflows.banks import BankProcess
from accel.hls.dataflows.columns import ColumnProcess
from accel.hls.dataflows.directions import DirectionsProcess
from accel.hls.dataflows.rows import RowProcess
from accel.hls.dataflows.shared import SharedProcess
from accel.hls.process import Process

PROCESSES: dict[str, type[Process[Any]]] = {
    **{"row": RowProcess, "bank": BankProcess, "directions": DirectionsProcess, "shared": SharedProcess},
    **{"column": ColumnProcess, "mixed": ColumnProcess},
}
