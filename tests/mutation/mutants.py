"""A mutant: one place of one generated file, changed; and the walk over a syntax tree that finds the places."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import TypeVar

from tree_sitter import Node

T = TypeVar("T")


@dataclass(frozen=True)
class Change:
    """Bytes `start` to `end` of a text, replaced; `kind` is the mutation operator's name."""

    kind: str
    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Mutant:
    """One change of one file of a design. `file` is its path within the work folder, `language` one of LANGUAGES."""

    design: str
    language: str
    file: str
    change: Change
    line: int
    before: str
    after: str
    """The text around the change, before and after it, without the spaces that layout needs."""
    id: str
    """Stays the same where other lines of the file come and go."""

    @property
    def kind(self) -> str:
        """The mutation operator."""
        return self.change.kind


LANGUAGES = ("Verilog", "C++", "memory")
LONGEST = 160
"""Characters of a line that are shown."""


def mutants(design: str, language: str, file: str, source: bytes, changes: Iterable[Change]) -> list[Mutant]:
    """Changes of one file, each once, named by the line's text, which of the equal ones it is, and what it does."""
    once = {(change.start, change.end, change.text): change for change in changes}
    starts = _line_starts(source)
    seen: dict[bytes, Iterator[int]] = {}
    number_of = {}
    for place, start in enumerate(starts):
        text = _line(source, start)
        number_of[place] = next(seen.setdefault(text, count()))
    return [_mutant(design, language, file, source, change, starts, number_of) for change in once.values()]


def _mutant(
    design: str, language: str, file: str, source: bytes, change: Change, starts: list[int], number_of: dict[int, int]
) -> Mutant:
    place = _place(starts, change.start)
    line, column = _line(source, starts[place]), change.start - starts[place]
    spelled = (
        design,
        file,
        line.decode(),
        number_of[place],
        column,
        change.end - change.start,
        change.kind,
        change.text,
    )
    name = hashlib.sha256(repr(spelled).encode()).hexdigest()[:10]
    end = starts[_place(starts, max(change.start, change.end - 1))]
    old = source[starts[place] : end] + _line(source, end)
    new = old[:column] + change.text.encode() + old[column + change.end - change.start :]
    before, after = (" ".join(text.decode().split()) for text in (old, new))
    return Mutant(design, language, file, change, place + 1, before, after, name)


def applied(source: bytes, change: Change) -> bytes:
    """The file with the change."""
    return source[: change.start] + change.text.encode() + source[change.end :]


def excerpt(mutant: Mutant) -> tuple[str, str]:
    """Before and after, from shortly before where they differ on, and no longer than a line of a page."""
    common = next((n for n, (a, b) in enumerate(zip(mutant.before, mutant.after, strict=False)) if a != b), 0)
    first = max(0, common - LONGEST // 2)
    return tuple(("…" if first else "") + text[first : first + LONGEST] for text in (mutant.before, mutant.after))  # type: ignore[return-value]


def pick(options: list[T], *key: object) -> T:
    """One of the options, always the same for the same key."""
    number = int.from_bytes(hashlib.sha256(repr(key).encode()).digest()[:8], "big")
    return options[number % len(options)]


def walk(node: Node, skip: Callable[[Node], bool]) -> Iterator[Node]:
    """All nodes under one, parents first, without the subtrees that are skipped."""
    pending = [node]
    while pending:
        here = pending.pop()
        if skip(here):
            continue
        yield here
        pending += reversed(here.children)


def replaced(kind: str, node: Node, text: str) -> Change:
    """A node's text, replaced."""
    return Change(kind, node.start_byte, node.end_byte, text)


def swapped(kind: str, first: Node, second: Node) -> Change:
    """Two nodes of one parent in each other's place."""
    assert first.parent is not None
    whole, base = first.parent.text or b"", first.parent.start_byte
    between = whole[first.end_byte - base : second.start_byte - base].decode()
    return Change(kind, first.start_byte, second.end_byte, spelled(second) + between + spelled(first))


def spelled(node: Node) -> str:
    """A node's text."""
    return (node.text or b"").decode()


def operand_swap(parent: Node, left: Node, operator: Node, right: Node) -> Change:
    """The two sides of an operator in each other's place."""
    assert parent.text is not None
    return Change(
        "operands swapped",
        left.start_byte,
        right.end_byte,
        f"{spelled(right)} {spelled(operator)} {spelled(left)}",
    )


def _line_starts(source: bytes) -> list[int]:
    return [0, *(n + 1 for n, byte in enumerate(source) if byte == 10)]


def _line(source: bytes, start: int) -> bytes:
    end = source.find(b"\n", start)
    return source[start : end if end >= 0 else len(source)]


def _place(starts: list[int], offset: int) -> int:
    return bisect_right(starts, offset) - 1
