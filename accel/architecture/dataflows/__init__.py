"""What the lanes of each dataflow consist of, by its name in `accel.spec.DATAFLOWS`."""

from __future__ import annotations

from accel.architecture.array import Array
from accel.architecture.dataflows.banks import BankArray
from accel.architecture.dataflows.columns import ColumnArray
from accel.architecture.dataflows.directions import DirectionsArray
from accel.architecture.dataflows.mixed import MixedArray
from accel.architecture.dataflows.rows import RowArray
from accel.architecture.dataflows.shared import SharedArray

ARRAYS: dict[str, type[Array]] = {
    one.dataflow: one for one in (RowArray, BankArray, DirectionsArray, ColumnArray, MixedArray, SharedArray)
}
