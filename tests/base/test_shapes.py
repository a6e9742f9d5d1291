"""Public functions over arrays name shapes in their docstrings: `[rows, columns]`, any shape, or that of something."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FLOORS = ("accel", "training", "fpga")
BLOCKS = ROOT / "accel" / "rtl" / "blocks"
"""Their ports are told in another way (`tests/rtl/test_ports.py`)."""
FILES = [path for floor in FLOORS for path in sorted((ROOT / floor).rglob("*.py")) if BLOCKS not in path.parents]
ARRAYS = re.compile(r"\b(Tensor|NDArray|ndarray|ArrayLike|Integers|Masks?)\b")
SHAPES = re.compile(r"\[[^\[\]]+\]|\bshapes?\b")


def public(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    """Functions of a module, and methods of its public classes, that others may call."""
    for node in tree.body:
        inside = node.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_") else [node]
        yield from (one for one in inside if isinstance(one, ast.FunctionDef) and not one.name.startswith("_"))


def over_arrays(function: ast.FunctionDef) -> bool:
    """Whether an array, or something of arrays, goes in or comes out."""
    own = function.args
    kinds = [one.annotation for one in (*own.posonlyargs, *own.args, *own.kwonlyargs)] + [function.returns]
    return any(kind is not None and ARRAYS.search(ast.unparse(kind)) for kind in kinds)


def silent(text: str) -> list[str]:
    """Public functions over arrays whose docstrings name no shape."""
    functions = (one for one in public(ast.parse(text)) if over_arrays(one))
    return [one.name for one in functions if not SHAPES.search(ast.get_docstring(one) or "")]


@pytest.mark.parametrize("floor", FLOORS)
def test_public_functions_over_arrays_name_shapes(floor: str) -> None:
    own = [path for path in FILES if path.is_relative_to(ROOT / floor)]
    found = {str(path.relative_to(ROOT)): silent(path.read_text(encoding="utf-8")) for path in own}
    assert {path: names for path, names in found.items() if names} == {}


FUNCTION = 'def masked(weight: Tensor, mask: Mask) -> Tensor:\n    """{}"""\n'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (FUNCTION.format("weight, zero outside the mask."), ["masked"]),
        (FUNCTION.format("weight [rows, columns], zero outside the mask."), []),
        (FUNCTION.format("weight of any shape, zero outside the mask."), []),
        (FUNCTION.format("weight.").replace("masked", "_masked"), []),
        ('class Layer:\n    def h(self) -> Integers:\n        """What leaves."""\n', ["h"]),
        ('def name(array: Array) -> str:\n    """An array of lanes has a name."""\n', []),
    ],
    ids=["none", "axes", "any", "private", "a method", "no array"],
)
def test_a_docstring_without_a_shape_is_found(text: str, told: list[str]) -> None:
    assert silent(text) == told
