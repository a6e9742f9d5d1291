"""YAML at the border: safe, numbers as numbers, duplicate keys refused, every key's line remembered."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from accel.base.faults import Fault, Refused

Lines = dict[tuple[str | int, ...], int]


@dataclass
class Document:
    """A parsed file: plain Python data, the line of every key path, and the faults that do not stop parsing."""

    source: str
    data: Any = None
    lines: Lines = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


class _Loader(yaml.SafeLoader):
    """YAML 1.2 scalars: `1e-3` is a number, `on` and `12:30` are text, `010` is ten. No aliases, no tags."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        """A node; refuses aliases, which can stand for a tree without end, and tags, which make other types."""
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("an alias (*name); write the value out")
        if getattr(self.peek_event(), "tag", None) is not None:  # type: ignore[no-untyped-call]
            raise yaml.YAMLError("a tag (!name); write the plain value")
        return super().compose_node(parent, index)


def _int(loader: Any, node: Any) -> int:
    return int(loader.construct_scalar(node))


def _float(loader: Any, node: Any) -> float:
    return float(loader.construct_scalar(node))


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
_Loader.add_constructor("tag:yaml.org,2002:int", _int)
_Loader.add_constructor("tag:yaml.org,2002:float", _float)


def read(path: Path) -> Document:
    """Parse a file. Raises Refused on anything that is not one YAML document."""
    try:
        text = path.read_text(encoding="utf-8")
        return _parse(text, str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise Refused([Fault(str(path), "a readable YAML file", str(error))]) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise Refused([Fault(str(path), "valid YAML", " ".join(str(error).split()))]) from None


def _parse(text: str, source: str) -> Document:
    loader, document = _Loader(text), Document(source)
    try:
        root = loader.get_single_node()
        if root is not None:
            _walk(root, (), document)
            document.data = loader.construct_document(root)
        return document
    finally:
        loader.dispose()


def _walk(node: yaml.Node, path: tuple[str | int, ...], document: Document) -> None:
    lines = document.lines
    lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode):
        for number, child in enumerate(node.value):
            _walk(child, (*path, number), document)
    elif isinstance(node, yaml.MappingNode):
        seen: dict[str, int] = {}
        for key, child in node.value:
            name, line = str(key.value), key.start_mark.line + 1
            if name in seen:
                wanted = f"each key once (first on line {seen[name]})"
                place = f"{document.source}:{line}: {dotted((*path, name))}"
                document.faults.append(Fault(place, wanted, "the key again"))
            seen.setdefault(name, line)
            _walk(child, (*path, name), document)
            lines[(*path, name)] = line


def dotted(path: tuple[str | int, ...]) -> str:
    """`('model', 'hidden', 0)` as people write it: `model.hidden[0]`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.lstrip(".")
