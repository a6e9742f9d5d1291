"""What engines check of each dataflow, by its name in `accel.spec.DATAFLOWS`."""

from __future__ import annotations

from typing import Any

from accel.engines.dataflows.banks import BankChecked
from accel.engines.dataflows.checked import Checked
from accel.engines.dataflows.columns import ColumnChecked
from accel.engines.dataflows.directions import DirectionsChecked
from accel.engines.dataflows.mixed import MixedChecked
from accel.engines.dataflows.rows import RowChecked
from accel.engines.dataflows.shared import SharedChecked

CHECKED: dict[str, Checked[Any]] = {
    **{"row": RowChecked(), "bank": BankChecked(), "directions": DirectionsChecked(), "shared": SharedChecked()},
    **{"column": ColumnChecked(), "mixed": MixedChecked()},
}
