"""Every block has a unit test, its own or that of what makes it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from accel.rtl import blocks

FOLDERS = ("primitives", "streams", "lanes", "cells", "rows", "columns")
MAKERS = ("block", "module")
"""What a block is decorated with."""
PACKAGE = "accel.rtl.blocks"
ROOT = Path(blocks.__path__[0])
FILES = [path for folder in FOLDERS for path in sorted((ROOT / folder).glob("*.py"))]


@cache
def known() -> set[tuple[str, str]]:
    """Module and name of everything that the tests of this folder import from the blocks."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in Path(__file__).parent.glob("test_*.py")]
    imports = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return {(found.module or "", name.name) for found in imports for name in found.names}


def blocks_in(text: str) -> dict[str, set[str]]:
    """The blocks of a file by name, each with every name that it mentions."""
    functions = [node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]
    found = [one for one in functions if any(isinstance(d, ast.Name) and d.id in MAKERS for d in one.decorator_list)]
    return {one.name: {n.id for n in ast.walk(one) if isinstance(n, ast.Name)} for one in found}


def untested(text: str, module: str, imported: set[tuple[str, str]]) -> Iterator[str]:
    """Blocks of a file that no test imports and no tested block of the file makes."""
    mentions = blocks_in(text)
    reached = {name for name in mentions if (module, name) in imported}
    waiting = list(reached)
    while waiting:
        more = (mentions[waiting.pop()] & set(mentions)) - reached
        reached |= more
        waiting += more
    yield from sorted(set(mentions) - reached)


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_block_of_a_file_is_tested(path: Path) -> None:
    module = f"{PACKAGE}.{path.parent.name}.{path.stem}"
    assert not list(untested(path.read_text(encoding="utf-8"), module, known()))


def test_a_block_without_a_test_is_found() -> None:
    text = (
        "@block\ndef inner():\n    pass\n\n@block\ndef outer():\n    return inner()\n\n@block\ndef alone():\n    pass\n"
    )
    assert list(untested(text, "m", {("m", "outer")})) == ["alone"]
    assert list(untested(text, "other", {("m", "outer")})) == ["alone", "inner", "outer"]
