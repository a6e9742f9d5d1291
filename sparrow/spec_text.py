"""A spec as the text of a YAML file in which every choice has its reason behind it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from textwrap import wrap
from typing import Any

from accel.base.faults import Fault, Refused
from accel.spec import Section, Spec, plain
from accel.spec.checked import checked
from accel.spec.yaml_file import parse

WIDTH = 100
SAID = (
    *("model.cell", "model.bias", "model.head.when", "weights.width", "weights.input_frac", "weights.recurrent_frac"),
    *("weights.head_frac", "tables.address", "tables.sigmoid", "tables.tanh"),
)
"""Keys that are written at their defaults too, since something was chosen there."""
INLINE = 72
"""Longest section that stays in one line where it has no comments within."""


def text(spec: Spec, title: str, comments: Mapping[str, str]) -> str:
    """The YAML of a spec: keys that are not at their defaults, those of SAID, and those with a comment.

    `comments` go by the path of a key (`weights.width`) and stand above it. What the text says is read again and must
    be the same spec.
    """
    lines = [f"# {line}" for line in wrap(title, WIDTH)]
    lines += _lines(_told(spec, "", comments), "", "", comments)
    found = "\n".join(lines) + "\n"
    again = checked(Spec, parse(found, "the spec made"), lambda _: ())
    if again.resolved() != spec.resolved():
        raise Refused([Fault("the spec made", spec.resolved(), again.resolved())])
    return found


def _told(section: Section, prefix: str, comments: Mapping[str, str]) -> dict[str, Any]:
    """Keys of a section that the text gives, with plain values; sections within are mappings."""
    found: dict[str, Any] = {}
    for key, field in type(section).model_fields.items():
        value, path = getattr(section, key), f"{prefix}{key}"
        if isinstance(value, Section):
            if inner := _told(value, f"{path}.", comments):
                found[key] = inner
        elif field.is_required() or path in (*comments, *SAID) or value != field.get_default(call_default_factory=True):
            found[key] = _value(value, path, comments)
    return found


def _value(value: Any, path: str, comments: Mapping[str, str]) -> Any:
    """Plain data; of sections in lists the keys that the text gives."""
    if isinstance(value, Section):
        return _told(value, f"{path}.", comments)
    if isinstance(value, tuple):
        return [_value(one, f"{path}.{number}", comments) for number, one in enumerate(value)]
    return plain(value)


def _lines(data: Mapping[str, Any], prefix: str, indent: str, comments: Mapping[str, str]) -> Iterator[str]:
    for key, value in data.items():
        path = f"{prefix}{key}"
        if path in comments:
            yield from (f"{indent}# {line}" for line in wrap(comments[path], WIDTH - len(indent)))
        inside = isinstance(value, dict) and any(known.startswith(f"{path}.") for known in comments)
        if isinstance(value, dict) and (inside or len(_inline(value)) > INLINE):
            yield f"{indent}{key}:"
            yield from _lines(value, f"{path}.", f"{indent}  ", comments)
        else:
            yield f"{indent}{key}: {_inline(value)}"


def _inline(value: Any) -> str:
    """Plain data in YAML's flow style; text is quoted where it could be taken for something else."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {_inline(one)}' for key, one in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_inline, value))}]"
    if isinstance(value, str) and value.replace("_", "").isalpha() and value not in ("true", "false", "null"):
        return value
    return json.dumps(value, ensure_ascii=False)
