"""The spec's reference for people, `docs/spec.md`, made from its JSON Schema."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

HEADER = """# The spec, key by key

Made from the schema by `sparrow schema --markdown`; do not edit. A key without a default must be given. Formats are
`[width, frac]`: two's complement integers of `width` bits, `frac` of them below the point.

In place of the sections `weights`, `formats` and `tables` a spec with a `source` may say `formats: auto`, or
`formats: {auto: 0.01}`: `sparrow run` finds the fewest bits that keep h_t of each layer, and the sums of the head,
within that relative error (0.02) of the file's network, and keeps them in the work folder
([decision 039](decisions/039-formats-by-themselves.md)).
"""


@dataclass(frozen=True)
class Row:
    """One key: its path, what may stand there, its default as YAML, and its meaning."""

    path: str
    kind: str
    default: str
    meaning: str


def markdown(schema: dict[str, Any]) -> str:
    """The reference as one page, a table a section."""
    parts, section = [HEADER], None
    for row in rows(schema):
        head = row.path.split(".")[0]
        if head != section:
            section = head
            parts.append(f"\n## {head}\n\n| key | value | default | meaning |\n|---|---|---|---|\n")
        parts.append(f"| `{row.path}` | {row.kind} | {row.default} | {row.meaning} |\n")
    return "".join(parts)


def rows(schema: dict[str, Any]) -> Iterator[Row]:
    """Every key of a schema, sections opened, in the order of the spec."""
    return _rows(schema, schema, "")


def _rows(schema: dict[str, Any], node: dict[str, Any], prefix: str) -> Iterator[Row]:
    for name, field in node["properties"].items():
        listed = "$ref" in field.get("items", {})
        inner = _section(schema, field["items"] if listed else field)
        path = f"{prefix}{name}"
        if inner is None or prefix:
            kind = _kind(field) if inner is None else "list of sections" if listed else "section"
            yield Row(path, kind, _default(field), _meaning(field))
        if inner is not None:
            yield from _rows(schema, inner, f"{path}[]." if listed else f"{path}.")


def _section(schema: dict[str, Any], field: dict[str, Any]) -> dict[str, Any] | None:
    references = [option["$ref"] for option in (field, *field.get("anyOf", ())) if "$ref" in option]
    return schema["$defs"][references[0].rsplit("/", 1)[1]] if references else None


def _kind(field: dict[str, Any]) -> str:
    """The values a key takes, in words."""
    options = field.get("anyOf", field.get("oneOf", [field]))
    return " or ".join(_alternative(option) for option in options if option.get("type") != "null")


def _alternative(option: dict[str, Any]) -> str:
    if "const" in option:
        return f"`{option['const']}`"
    if "enum" in option:
        return ", ".join(f"`{value}`" for value in option["enum"])
    if "$ref" in option:
        return "section"
    if option.get("type") == "object":
        return f"`{{{', '.join(option['properties'])}}}`"
    if option.get("type") == "array":
        return "format" if "prefixItems" in option else f"list of: {_kind(option['items'])}"
    return " ".join([_word(option), *_limits(option)])


def _word(option: dict[str, Any]) -> str:
    words = {"integer": "whole number", "number": "number", "string": "text", "boolean": "`true`, `false`"}
    return words[option["type"]]


def _limits(option: dict[str, Any]) -> Iterator[str]:
    if "minimum" in option and "maximum" in option:
        yield f"{option['minimum']} to {option['maximum']}"
        return
    signs = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    yield from (f"{sign} {option[key]:g}" for key, sign in signs.items() if key in option)
    if "pattern" in option:
        yield f"`{option['pattern']}`"


def _default(field: dict[str, Any]) -> str:
    if "default" not in field:
        return ""
    value = field["default"]
    return "none" if value is None else f"`{json.dumps(value)}`"


def _meaning(field: dict[str, Any]) -> str:
    return str(field.get("description", "")).replace("\n", " ").replace("|", "\\|")
