"""Every block's docstring ends with its ports, where they go and how wide they are, and with its latency."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rtl.test_every_block import FILES, MAKERS

CONSTANTS = {"activation", "array", "bias_shift", "bias_width", "cells", "constants", "file", "layer", "pool", "shifts"}
"""Parameters of any type that are no signals."""
NO_BUNDLES = re.compile(r".*Constants|.*File|HeldState|Wiring|module")
TREES = [ast.parse(path.read_text(encoding="utf-8")) for path in FILES]
CLASSES = {node.name for tree in TREES for node in tree.body if isinstance(node, ast.ClassDef)}
BUNDLES = {name for name in CLASSES if not NO_BUNDLES.fullmatch(name)}
"""Classes of signals, which tell their widths themselves."""
ENDING = re.compile(r"(?:In: (?P<ins>.*?)\. ?)?(?:Out: (?P<outs>.*)\. )Latency: .+\Z")
PORT = re.compile(r"(?:(?P<bundle>\w+)?\.\w+|(?P<name>\w+))(?: \((?P<width>[^)]+)\))?(?:, |\Z)")


def blocks_of(text: str) -> list[ast.FunctionDef]:
    functions = [node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]
    return [one for one in functions if any(isinstance(d, ast.Name) and d.id in MAKERS for d in one.decorator_list)]


def ports(block: ast.FunctionDef) -> Iterator[str]:
    """Parameters that are signals, bundles of them, or lists."""
    for one in block.args.args:
        kind = ast.unparse(one.annotation) if one.annotation else "Any"
        if one.arg not in CONSTANTS and kind in {"Any", *BUNDLES}:
            yield one.arg


def driven(block: ast.FunctionDef) -> set[str]:
    """Parameters that a generator of the block itself drives, they or a signal of theirs."""
    found = set()
    for node in ast.walk(block):
        for target in node.targets if isinstance(node, ast.Assign) else []:
            if isinstance(target, ast.Attribute) and target.attr == "next":
                inner: ast.expr = target.value
                while isinstance(inner, (ast.Attribute, ast.Subscript)):
                    inner = inner.value
                found |= {inner.id} if isinstance(inner, ast.Name) else set()
    return found


def told(names: str | None) -> dict[str, str | None]:
    """Ports, or bundles, that one side of a docstring names, with what it says in brackets of their width or unit."""
    found, bundle = dict[str, str | None](), ""
    for port in PORT.finditer(names or ""):
        bundle = port["bundle"] or port["name"] or bundle
        found.setdefault(bundle, port["width"] or ("" if port["name"] is None else None))
    return found


def faults(text: str) -> Iterator[str]:
    """What the docstrings of a file's blocks leave out."""
    for block in blocks_of(text):
        ending = ENDING.search(" ".join((ast.get_docstring(block) or "").rsplit("\n\n", 1)[-1].split()))
        if ending is None:
            yield f"{block.name}: no ports and latency at the end"
            continue
        ins, outs = told(ending["ins"]), told(ending["outs"])
        for port in ports(block):
            if port not in ins and port not in outs:
                yield f"{block.name}: {port} is not told"
            if port in driven(block) and port not in outs:
                yield f"{block.name}: {port} is driven, and not told as such"
            if port not in {"clk", "reset"} and bare(block, port) and not (ins | outs).get(port):
                yield f"{block.name}: {port} has no width or unit"


def bare(block: ast.FunctionDef, port: str) -> bool:
    """Whether a port is a signal by itself: a generator of the block reads or drives it as a whole."""
    within = [node for node in ast.walk(block) if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)]
    return any(node.attr == "next" and isinstance(node.value, ast.Name) and node.value.id == port for node in within)


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_blocks_name_their_ports_and_end_with_their_latency(path: Path) -> None:
    assert list(faults(path.read_text(encoding="utf-8"))) == []


BLOCK = '''
@block
def keep(clk: Any, i: Any, o: Any, width: int) -> Any:
    """A number, a cycle later.

    In: clk, i ({i}). Out: o ({o}). {latency}
    """

    @always(clk.posedge)
    def keeping():
        o.next = i
'''
WHOLE = {"i": "`width` bits", "o": "as wide as i", "latency": "Latency: 1."}


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("", "", []),
        ("Latency: 1.", "", ["keep: no ports and latency at the end"]),
        ("clk, i (`width` bits)", "clk", ["keep: i is not told"]),
        (
            "In: clk, i (`width` bits). Out: o (as wide as i)",
            "In: clk, i, o (a word). Out: end",
            [
                "keep: o is driven, and not told as such",
            ],
        ),
        ("o (as wide as i)", "o", ["keep: o has no width or unit"]),
    ],
    ids=["all told", "no latency", "a port left out", "the wrong side", "no width"],
)
def test_what_a_docstring_leaves_out_is_found(old: str, new: str, told: list[str]) -> None:
    assert list(faults(BLOCK.format(**WHOLE).replace(old, new, 1))) == told
