"""How the lanes of a layer walk through its matrices: by rows, by columns, or each its own way (decision 018)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, WithJsonSchema

from accel.spec.types import Section

Walk = Literal["row", "column"]
WALKS: tuple[Walk, ...] = ("row", "column")


class Flow(Section):
    """How the lanes of a layer walk through its two matrices."""

    input: Walk
    """W_x."""
    recurrent: Walk
    """W_h."""

    @property
    def by_columns(self) -> bool:
        """Whether states are skipped: h that is not zero is given to all lanes, column by column."""
        return self.recurrent == "column"

    def __str__(self) -> str:
        if self.input == self.recurrent:
            return self.input
        return f"{{input: {self.input}, recurrent: {self.recurrent}}}"


MIXED = Flow(input="row", recurrent="column")


def _flow(value: Any) -> Any:
    """A word, or the words of both matrices apart."""
    if isinstance(value, dict) and set(value) == {"input", "recurrent"} and all(v in WALKS for v in value.values()):
        return Flow(**value)
    if value not in WALKS and not isinstance(value, Flow):
        raise ValueError(f"row, column, {MIXED}, or a list of them, one a layer")
    return value


def _dataflow(value: Any) -> Any:
    return tuple(map(_flow, value)) if isinstance(value, (list, tuple)) and value else _flow(value)


WALK_SCHEMA: dict[str, Any] = {"enum": list(WALKS)}
FLOW_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"input": WALK_SCHEMA, "recurrent": WALK_SCHEMA},
    "required": ["input", "recurrent"],
    "additionalProperties": False,
}
DATAFLOW_SCHEMA = {
    "anyOf": [
        *(WALK_SCHEMA, FLOW_SCHEMA),
        {"type": "array", "items": {"anyOf": [WALK_SCHEMA, FLOW_SCHEMA]}, "minItems": 1},
    ]
}
Dataflow = Annotated[Walk | Flow | tuple[Walk | Flow, ...], BeforeValidator(_dataflow), WithJsonSchema(DATAFLOW_SCHEMA)]
