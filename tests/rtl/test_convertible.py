"""The rules that keep MyHDL's simulation and its Verilog equal, enforced on the syntax tree of every generator."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from accel.model import random_weights
from accel.model.design import Design
from accel.rtl import blocks, render
from accel.schedule import load_spec

GENERATORS = ("always", "always_comb", "always_seq", "instance")
SOURCES = sorted(path for path in Path(blocks.__path__[0]).rglob("*.py"))


def generators(tree: ast.AST) -> Iterator[ast.FunctionDef]:
    """Functions that MyHDL converts; those of a block with Verilog text of its own never are."""
    for block in ast.walk(tree):
        if not isinstance(block, ast.FunctionDef) or "verilog_code" in ast.dump(block):
            continue
        for function in block.body:
            if isinstance(function, ast.FunctionDef) and any(_is_generator(d) for d in function.decorator_list):
                yield function


def _is_generator(decorator: ast.expr) -> bool:
    name = decorator.func if isinstance(decorator, ast.Call) else decorator
    return isinstance(name, ast.Name) and name.id in GENERATORS


def offences(function: ast.FunctionDef) -> Iterator[str]:
    """What a generator must not contain: two operators in one expression, or what converts to something else."""
    for node in _expressions(function):
        operators = [part for part in _outside_indices(node) if isinstance(part, ast.BinOp)]
        if len(operators) > 1:
            yield f"line {node.lineno}: two operators in one expression"
        if isinstance(node, ast.Compare) and operators:
            yield f"line {node.lineno}: arithmetic in a comparison"
        for part in operators:
            if isinstance(part.op, (ast.FloorDiv, ast.Mod, ast.Div, ast.Pow)):
                yield f"line {part.lineno}: {type(part.op).__name__} converts to something else"
        for part in _outside_indices(node):
            if isinstance(part, ast.Call) and not _is_signed(part):
                yield f"line {part.lineno}: a call"


def _expressions(function: ast.FunctionDef) -> Iterator[ast.expr]:
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            yield node.value
        elif isinstance(node, ast.Compare):
            yield node


def _outside_indices(node: ast.AST) -> Iterator[ast.AST]:
    """The node and its parts, subscripts left out: loop indices are plain integers in Verilog too."""
    yield node
    for child in ast.iter_child_nodes(node):
        if not (isinstance(node, ast.Subscript) and child is node.slice):
            yield from _outside_indices(child)


def _is_signed(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and call.func.attr == "signed" and not call.args


def faults(source: str) -> list[str]:
    return [fault for function in generators(ast.parse(source)) for fault in offences(function)]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_every_generator_keeps_the_rules(path: Path) -> None:
    assert faults(path.read_text(encoding="utf-8")) == []


def test_the_rendered_top_keeps_the_rules(tmp_path: Path) -> None:
    made = load_spec.load("specs/digits.yaml")
    texts = render.render(Design(made, random_weights.seeded(made), tmp_path))
    assert faults(texts["myhdl/digits.py"]) == []


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("o.next = (a + b) >> 1", "two operators"),
        ("o.next = a // 4", "FloorDiv"),
        ("o.next = abs(a)", "a call"),
        ("o.next = a if a + b > a else b", "arithmetic in a comparison"),
    ],
)
def test_an_offence_is_found(line: str, sentence: str) -> None:
    source = f"def block(a, b, o):\n    @always_comb\n    def working():\n        {line}\n    return working\n"
    assert any(sentence in fault for fault in faults(source))


def test_the_walk_reaches_the_generators() -> None:
    found = [f for path in SOURCES for f in generators(ast.parse(path.read_text(encoding="utf-8")))]
    assert len(found) > 40
