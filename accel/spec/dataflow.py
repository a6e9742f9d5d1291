"""How the lanes of a layer traverse its matrices: by rows, by columns, or each its own way (decision 018)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, WithJsonSchema

from accel.spec.types import Section

Traversal = Literal["row", "column", "bank"]
TRAVERSALS: tuple[Traversal, ...] = ("row", "column", "bank")
WRITTEN: tuple[Traversal, ...] = ("row", "column")
"""Those that `engine.dataflow` names: rows whose pattern has banks follow from that."""


@dataclass(frozen=True)
class Balance:
    """What the traversal of a matrix means for its weights: where the same number is kept, and what zeros cost."""

    skips: bool
    """An operand that is zero costs nothing."""
    by_lane: bool
    """Weights are counted lane by lane: the pattern depends on P, which divides the hidden units."""
    among: Callable[[int, int], int]
    """Of how many weights some are kept: from the columns of the matrix and the rows of a lane."""
    each: str
    """Where that number is kept, in words."""
    shown: str
    """What is kept, in words."""
    empty: str
    """Who would be without a weight."""
    counts: Traversal
    """What weights are counted in: a row, or a column of a lane's rows."""
    banks: Callable[[int], int] = lambda _lanes_per_row: 1
    """Of how many banks of the columns the same number is kept, by the lanes of a row."""


BALANCES: dict[Traversal, Balance] = {
    "row": Balance(
        skips=False,
        by_lane=False,
        among=lambda columns, _rows: columns,
        each="row",
        shown="{kept} of {columns} columns in every row",
        empty="row of {columns} columns is empty",
        counts="row",
    ),
    "column": Balance(
        skips=True,
        by_lane=True,
        among=lambda _columns, rows: rows,
        each="lane and column",
        shown="{kept} of each lane's {rows} rows in every column",
        empty="lane of {rows} rows is without a weight",
        counts="column",
    ),
    "bank": Balance(
        skips=False,
        by_lane=False,
        among=lambda columns, _rows: columns,
        each="row",
        shown="{kept} of {columns} columns in every row, as many in each bank",
        empty="bank of a row of {columns} columns is empty",
        counts="row",
        banks=lambda lanes_per_row: lanes_per_row,
    ),
}


class Flow(Section):
    """How the lanes of a layer traverse its two matrices."""

    input: Traversal
    """W_x."""
    recurrent: Traversal
    """W_h."""

    @property
    def traversals(self) -> tuple[Traversal, Traversal]:
        """Of W_x and of W_h."""
        return self.input, self.recurrent

    @property
    def name(self) -> str | None:
        """The dataflow's name in `DATAFLOWS`; None where there is none."""
        return next((name for name, flow in DATAFLOWS.items() if flow == self), None)

    @property
    def skips_states(self) -> bool:
        """Whether an h that is zero costs nothing: cycles depend on zeros, and small states count as zero."""
        return BALANCES[self.recurrent].skips

    @property
    def by_lane(self) -> bool:
        """Whether the pattern of a matrix depends on P, which divides the hidden units."""
        return any(BALANCES[traversal].by_lane for traversal in self.traversals)

    def __str__(self) -> str:
        if self.input == self.recurrent:
            return self.input
        return f"{{input: {self.input}, recurrent: {self.recurrent}}}"


ROWS = Flow(input="row", recurrent="row")
BANKED = Flow(input="bank", recurrent="bank")
"""By rows, each lane of a row within its own bank of the columns (decision 038)."""
MIXED = Flow(input="row", recurrent="column")
DATAFLOWS: dict[str, Flow] = {
    "row": ROWS,
    "bank": BANKED,
    "column": Flow(input="column", recurrent="column"),
    "mixed": MIXED,
}
"""Every dataflow by its name; each floor keeps its part of it under that name (decision 032)."""


def _flow(value: Any) -> Any:
    """A word, or the words of both matrices apart."""
    if isinstance(value, dict) and set(value) == {"input", "recurrent"} and all(v in WRITTEN for v in value.values()):
        return Flow(**value)
    if value not in WRITTEN and not isinstance(value, Flow):
        raise ValueError(f"row, column, {MIXED}, or a list of them, one a layer")
    return value


def _dataflow(value: Any) -> Any:
    return tuple(map(_flow, value)) if isinstance(value, (list, tuple)) and value else _flow(value)


TRAVERSAL_SCHEMA: dict[str, Any] = {"enum": list(WRITTEN)}
FLOW_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"input": TRAVERSAL_SCHEMA, "recurrent": TRAVERSAL_SCHEMA},
    "required": ["input", "recurrent"],
    "additionalProperties": False,
}
DATAFLOW_SCHEMA = {
    "anyOf": [
        *(TRAVERSAL_SCHEMA, FLOW_SCHEMA),
        {"type": "array", "items": {"anyOf": [TRAVERSAL_SCHEMA, FLOW_SCHEMA]}, "minItems": 1},
    ]
}
Dataflow = Annotated[
    Traversal | Flow | tuple[Traversal | Flow, ...], BeforeValidator(_dataflow), WithJsonSchema(DATAFLOW_SCHEMA)
]
