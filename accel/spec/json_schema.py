"""The spec's JSON Schema, for editors."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from accel.spec.spec import Spec
from accel.spec.types import plain

AUTO = (
    {"const": "auto"},
    {
        "type": "object",
        "properties": {"auto": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}},
        "required": ["auto"],
        "additionalProperties": False,
    },
)
"""In place of the section: formats that `sparrow run` finds, within a relative error."""


class _Schema(GenerateJsonSchema):
    """Defaults as they are written in a spec."""

    def encode_default(self, dft: Any) -> Any:
        return plain(dft)


def schema() -> dict[str, Any]:
    """JSON Schema of the spec, for editors; of what a file may say, `formats: auto` too."""
    found = Spec.model_json_schema(schema_generator=_Schema)
    keys = found["properties"]
    keys["formats"] = {"anyOf": [keys["formats"], *AUTO]}
    return found | {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "sparrow spec",
    }
