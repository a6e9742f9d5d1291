"""How the weights of a matrix are kept, by the way it is walked through (`accel.spec.Walk`)."""

from __future__ import annotations

from accel.model.dataflows.balanced import Balanced
from accel.model.dataflows.banks import BankBalanced
from accel.model.dataflows.columns import ColumnBalanced
from accel.model.dataflows.rows import RowBalanced
from accel.spec import Walk

BALANCED: dict[Walk, Balanced] = {"row": RowBalanced(), "bank": BankBalanced(), "column": ColumnBalanced()}
