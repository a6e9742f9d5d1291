"""YAML at the border: safe, numbers as numbers, duplicate keys refused, every key's line remembered."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from accel.faults import Fault, Refused

Lines = dict[tuple[str | int, ...], int]


class _Loader(yaml.SafeLoader):
    """SafeLoader with YAML 1.2 scalars: `1e-3` is a number, `on` and `12:30` are text, `010` is ten."""


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"^(?:true|false)$", "tf"),
    ("null", r"^(?:null|~|)$", "n~\0"),
    ("int", r"^[-+]?[0-9]+$", "-+0123456789"),
    ("float", r"^[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?$", "-+.0123456789"),
):
    for _character in _first:
        _Loader.yaml_implicit_resolvers.setdefault("" if _character == "\0" else _character, []).append(
            (f"tag:yaml.org,2002:{_tag}", re.compile(_pattern))
        )
_Loader.add_constructor("tag:yaml.org,2002:int", lambda loader, node: int(loader.construct_scalar(node)))
_Loader.add_constructor("tag:yaml.org,2002:float", lambda loader, node: float(loader.construct_scalar(node)))


def read(path: Path) -> tuple[Any, Lines]:
    """Parse a file: (plain Python data, line of every key path). Raises Refused on anything that is not one document."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Refused([Fault(str(path), "a readable YAML file", str(error))]) from None
    loader = _Loader(text)
    try:
        root = loader.get_single_node()
        lines: Lines = {}
        faults: list[Fault] = []
        if root is not None:
            _walk(root, (), lines, faults)
        if faults:
            raise Refused(faults)
        return (loader.construct_document(root) if root is not None else None), lines
    except yaml.YAMLError as error:
        raise Refused([Fault(str(path), "valid YAML", " ".join(str(error).split()))]) from None
    finally:
        loader.dispose()  # type: ignore[no-untyped-call]


def _walk(node: yaml.Node, path: tuple[str | int, ...], lines: Lines, faults: list[Fault]) -> None:
    lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode):
        for number, child in enumerate(node.value):
            _walk(child, (*path, number), lines, faults)
    elif isinstance(node, yaml.MappingNode):
        for key, child in node.value:
            name = (*path, str(key.value))
            if name in lines:
                place = f"line {key.start_mark.line + 1}: {dotted(name)}"
                faults.append(Fault(place, f"each key once (first on line {lines[name]})", "the key again"))
            _walk(child, name, lines, faults)
            lines[name] = key.start_mark.line + 1


def dotted(path: tuple[str | int, ...]) -> str:
    """`('model', 'hidden', 0)` as people write it: `model.hidden[0]`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.lstrip(".")
