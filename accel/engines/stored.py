"""Memory contents as the tools that build from them read them: `$readmemh` files, Verilog's memories and case ROMs, C++
arrays. What is not plainly of these forms raises Unreadable: it would be read by a tool, and not by us."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from accel.base.fixed import Integers

T = TypeVar("T")
Word = int | None
"""A word as it is stored; None where it stays unknown."""


class Unreadable(Exception):
    """A text that is not of the form in which memories are written; says where and what."""


@dataclass(frozen=True)
class Rom:
    """A Verilog memory that is filled from a file: its name there, the file, and its size."""

    name: str
    file: str
    width: int
    depth: int


COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
DIGITS = re.compile(r"[0-9a-fA-FxXzZ?_]+")
READ = re.compile(r"\$readmem(?:(h)\(\"([^\"\n]+)\",\s+(\w+)\))?")
DECLARED = re.compile(r"\breg\s+(?:signed\s+)?\[(\d+)-1:0\]\s+(\w+)\s+\[0:(\d+)-1\];")
MODULE = re.compile(r"^module (\w+).*?^endmodule", re.MULTILINE | re.DOTALL)
INSTANCE = re.compile(r"^(\w+) \w+ \(\s*\.", re.MULTILINE)
CASE = re.compile(r"\bcase\s+\((?:\w+_)?level\)\n(.*?)\bendcase", re.DOTALL)
BRANCH = re.compile(r"(\w+):\s+\w+\s+=\s+\(?(-?\d+)\)?;")
ARRAY = re.compile(r"^const ([^=;]+?) (k\w+)(?: = (\{[^;]*\}))?;", re.MULTILINE)


def hex_words(text: str, file: str) -> list[Word]:
    """The words of a file as `$readmemh` stores them, from address 0 on; where an address is skipped, None."""
    words: dict[int, Word] = {}
    address = 0
    for token in COMMENT.sub(" ", text).split():
        if token.startswith("@"):
            address = int(token[1:], 16)
            continue
        if not DIGITS.fullmatch(token):
            raise Unreadable(f"{file}: word {address} is no hexadecimal number: {token[:40]}")
        digits = token.replace("_", "")
        words[address] = None if re.search("[xXzZ?]", digits) else int(digits, 16)
        address += 1
    return [words.get(place) for place in range(max(words, default=-1) + 1)]


def modules(verilog: str) -> dict[str, str]:
    """The texts of the modules of a design by their names, the top first."""
    return {found[1]: found[0] for found in MODULE.finditer(verilog)}


def instances(module: str, known: Container[str]) -> list[str]:
    """The modules that stand in a module, in order."""
    return [found[1] for found in INSTANCE.finditer(COMMENT.sub(" ", module)) if found[1] in known]


def _of_instances(verilog: str, found_in: Callable[[str], list[T]]) -> list[T]:
    """What is found in every instance of a module, from the top down; where there is no module, in the text itself.

    Each module is read once, however many instances it has.
    """
    known = modules(verilog) or {"": verilog}
    found = {name: found_in(text) for name, text in known.items()}
    inside = {name: instances(text, known) for name, text in known.items()}

    def of(name: str) -> Iterator[T]:
        yield from found[name]
        for inner in inside[name]:
            yield from of(inner)

    return list(of(next(iter(known))))


def roms(verilog: str, file: str) -> list[Rom]:
    """Memories that are filled from files, of every instance of a module, from the top down."""
    return _of_instances(verilog, lambda module: roms_in(module, file))


def roms_in(module: str, file: str) -> list[Rom]:
    """Memories of a module that are filled from files, in the order of the text."""
    found, text = [], COMMENT.sub(" ", module)
    sizes = {name: (int(width), int(depth)) for width, name, depth in DECLARED.findall(text)}
    for match in READ.finditer(text):
        if not match[1]:
            raise Unreadable(f'{file}: a memory is filled in another way than by $readmemh("FILE", MEMORY)')
        if match[3] not in sizes:
            raise Unreadable(f"{file}: {match[3]} is filled, and not declared as a memory")
        found.append(Rom(match[3], match[2], *sizes[match[3]]))
    return found


def case_roms(verilog: str, file: str) -> list[tuple[int, ...]]:
    """Constants that are chosen by the level of a step, of every instance of a module, from the top down."""
    return _of_instances(verilog, lambda module: _case_roms_in(module, file))


def _case_roms_in(module: str, file: str) -> list[tuple[int, ...]]:
    found = []
    for match in CASE.finditer(module):
        branches = BRANCH.findall(match[1])
        names = [name for name, _ in branches]
        if names != [*map(str, range(len(names) - 1)), "default"] or len(branches) != match[1].count("="):
            raise Unreadable(f"{file}: a constant is chosen by the level, and not by branches 0, 1 ... default")
        found.append(tuple(int(value) for _, value in branches))
    return found


def arrays(header: str, file: str) -> dict[str, Integers | None]:
    """Constants of a C++ header by their names: integers in the shape of their braces, None where there are none."""
    found: dict[str, Integers | None] = {}
    text = COMMENT.sub(" ", header)
    for match in ARRAY.finditer(text):
        found[match[2]] = None if match[3] is None else _array(match[3], f"{file}: {match[2]}")
    if len(found) != len(re.findall(r"^\s*const\b", text, re.MULTILINE)):
        raise Unreadable(f"{file}: a constant is written in another way than `const TYPE kNAME = {{...}};`")
    return found


def structures(header: str, array: str, file: str) -> dict[str, list[int]]:
    """Arrays within a C++ structure, by their names."""
    body = re.search(rf"^struct {array} : \w+ \{{\n(.*?)^\}};", header, re.DOTALL | re.MULTILINE)
    if body is None:
        raise Unreadable(f"{file}: no structure {array}")
    found = re.findall(r"static constexpr int (k\w+)\[\w+\] = \{([-\d, \n]*)\};", body[1])
    return {name: [int(value) for value in values.split(",")] for name, values in found}


def _array(braces: str, place: str) -> Integers:
    try:
        nested: Any = json.loads(braces.replace("{", "[").replace("}", "]"))
        return np.array(nested, dtype=np.int64)
    except (ValueError, TypeError, OverflowError):
        raise Unreadable(f"{place}: no array of integers whose rows are equally long") from None


def text_of(path: Path) -> str:
    """A text file. Unreadable where there is none."""
    try:
        return path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise Unreadable(f"{path.name} cannot be read: {getattr(error, 'strerror', None) or 'no ASCII text'}") from None
