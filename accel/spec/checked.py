"""A document becomes a section, or is refused with every fault at once: below this module are no dicts."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from pydantic import ValidationError

from accel.base.faults import Fault, Refused
from accel.spec.types import FORMS, Section, plain
from accel.spec.yaml_file import Document, dotted

S = TypeVar("S", bound=Section)
Rules = Callable[[S], Iterable[tuple[str, str, Any]]]
"""Contradictions between the keys of a section: (key path, what is wanted, what came)."""


def checked(section: type[S], document: Document, rules: Rules[S]) -> S:
    """A document as a section. Raises Refused with every fault: place, wanted, got."""
    source, lines, faults = document.source, document.lines, list(document.faults)

    def place(key: tuple[str | int, ...]) -> str:
        known = next((lines[key[:n]] for n in range(len(key), -1, -1) if key[:n] in lines), None)
        return f"{source}{f':{known}' if known else ''}: {dotted(key) or 'top level'}"

    if not isinstance(document.data, dict):
        raise Refused([*faults, Fault(source, "a mapping of sections", _show(document.data))])
    try:
        found = section.model_validate(document.data)
    except ValidationError as error:
        raise Refused([*faults, *(_fault(place, item) for item in error.errors(include_url=False))]) from None
    faults += [Fault(place(_path(key)), wanted, _show(got)) for key, wanted, got in rules(found)]
    if faults:
        raise Refused(faults)
    return found


def _path(key: str) -> tuple[str | int, ...]:
    """A key path, in which numbers are places in lists."""
    return tuple(int(part) if part.isdigit() else part for part in key.split("."))


_WANTED = {
    "missing": "a value (the key is missing)",
    "extra_forbidden": "no such key",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "string_type": "text",
    "model_type": "a mapping",
    "tuple_type": "a list",
}


def _fault(place: Any, item: Any) -> Fault:
    wanted = _WANTED.get(item["type"])
    if wanted is None:
        wanted = re.sub(r"^(Value error, )?(Input should be )?", "", item["msg"])
    missing = item["type"] == "missing"
    loc = tuple(part for part in item["loc"] if part not in FORMS)
    return Fault(place(loc), wanted, "nothing" if missing else _show(item["input"]))


def _show(value: Any) -> str:
    text = json.dumps(plain(value), default=str)
    return text if len(text) <= 60 else text[:57] + "..."
