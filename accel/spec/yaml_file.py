"""YAML at the border: safe, numbers as numbers, duplicate keys refused, every key's line remembered."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from accel.base.faults import Fault, Refused

LARGEST = 1 << 14
"""Bytes of a file; a spec has some thousand."""
DIGITS = 400
"""Of a whole number: more than any floating-point number has."""
DEEPEST = 20

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

    nested = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        """A node; refuses aliases, which can stand for a tree without end, and tags, which make other types."""
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent):
            raise _marked("an alias (*name); write the value out", event)
        if getattr(event, "tag", None) is not None:
            raise _marked("a tag (!name); write the plain value", event)
        self.nested += 1
        if self.nested > DEEPEST:
            raise _marked(f"nesting deeper than {DEEPEST}", event)
        node = super().compose_node(parent, index)
        self.nested -= 1
        return node


def _marked(what: str, where: Any) -> yaml.YAMLError:
    """What is wrong with an event or a node, and its place in the file."""
    return yaml.MarkedYAMLError(problem=what, problem_mark=where.start_mark)


def _int(loader: Any, node: Any) -> int:
    text = loader.construct_scalar(node)
    if len(text) > DIGITS:
        raise _marked(f"a number of {len(text)} digits", node)
    return int(text)


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
        with path.open("rb") as file:
            text = file.read(LARGEST + 1).decode("utf-8")
        if len(text) > LARGEST:
            raise Refused([Fault(str(path), f"at most {LARGEST:,} bytes", "a larger file")])
        return parse(text, str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise Refused([Fault(str(path), "a readable YAML file", str(error))]) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _invalid(path, mark.line if mark else 0, error.context, error.problem) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position)
        raise _invalid(path, line, f"character #x{error.character:02x}", error.reason) from None


def _invalid(path: Path, line: int, *what: str | None) -> Refused:
    """A fault of the syntax in a line, counted from 0."""
    return Refused([Fault(f"{path}:{line + 1}", "valid YAML", " ".join(filter(None, what)))])


def parse(text: str, source: str) -> Document:
    """Parse the text of a document that came from `source`."""
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
