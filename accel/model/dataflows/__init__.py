"""How the weights of a matrix are kept, by its traversal (`accel.spec.Traversal`)."""

from __future__ import annotations

from accel.model.dataflows.balanced import Balanced
from accel.model.dataflows.banks import BankBalanced
from accel.model.dataflows.columns import ColumnBalanced
from accel.model.dataflows.rows import RowBalanced
from accel.spec import Traversal

BALANCED: dict[Traversal, Balanced] = {"row": RowBalanced(), "bank": BankBalanced(), "column": ColumnBalanced()}
