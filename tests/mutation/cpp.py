"""Mutation operators for the generated C++ and the headers that it is made of.

Left alone: what only shows values to a bench (`Observe`), assertions of the compiler, pragmas, sizes of arrays, and the
branches of the preprocessor that C simulation does not take.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import tree_sitter_cpp
from tree_sitter import Language, Node, Parser

from tests.mutation.mutants import Change, operand_swap, pick, replaced, spelled, swapped, walk

OPERATORS = {
    **{"+": "-", "-": "+", "*": "+", "/": "*", "%": "/", "&&": "||", "||": "&&", "&": "|", "|": "&", "^": "|"},
    **{"==": "!=", "!=": "==", "<": "<=", "<=": "<", ">": ">=", ">=": ">", "<<": ">>", ">>": "<<"},
}
ASSIGNING = {"+=": "-=", "-=": "+=", "|=": "&=", "&=": "|=", "^=": "|=", "<<=": ">>=", ">>=": "<<="}
BOUNDS = ("<", "<=", ">", ">=")
SHIFTS = ("<<", ">>")
ORDERED = ("-", "/", "%", *BOUNDS, *SHIFTS)
SKIPPED = {
    *("comment", "static_assert_declaration", "preproc_include", "preproc_call", "preproc_def", "string_literal"),
    *("template_parameter_list", "array_declarator", "enumerator_list", "field_identifier"),
}
FUNCTIONS = ("function_definition", "lambda_expression")


def changes(text: str, lines: Callable[[int, int], bool]) -> Iterator[Change]:
    """All single changes of a C++ file. `lines(first, last)` says whether a function in these lines is used."""
    tree = Parser(Language(tree_sitter_cpp.language())).parse(text.encode())
    unused = {
        node.id
        for node in walk(tree.root_node, lambda node: False)
        if node.type == "function_definition" and not lines(node.start_point[0] + 1, node.end_point[0] + 1)
    }
    for node in walk(tree.root_node, lambda node: node.id in unused or _skips(node)):
        yield from _of(node)


def _skips(node: Node) -> bool:
    if node.type in SKIPPED:
        return True
    parent = node.parent
    if parent is not None and parent.type in ("preproc_if", "preproc_elif"):
        return node.type not in ("preproc_else", "preproc_elif")
    return node.type == "expression_statement" and spelled(node).startswith("Observe(")


def _of(node: Node) -> Iterator[Change]:
    kind = node.type
    if kind == "binary_expression":
        yield from _operator(node, *node.children)
    elif kind == "assignment_expression" and spelled(node.children[1]) in ASSIGNING:
        yield replaced("operator", node.children[1], ASSIGNING[spelled(node.children[1])])
    elif kind == "update_expression":
        sign = next(child for child in node.children if not child.is_named)
        yield replaced("operator", sign, "--" if spelled(sign) == "++" else "++")
    elif kind == "unary_expression" and spelled(node.children[0]) in ("!", "-", "~"):
        yield replaced("operator", node.children[0], "")
    elif kind == "number_literal":
        yield from _constant(node)
    elif kind in ("true", "false"):
        yield replaced("constant ±1", node, "false" if kind == "true" else "true")
    elif kind == "condition_clause":
        yield replaced("condition negated", node, f"(!{spelled(node)})")
    elif kind == "conditional_expression":
        condition, *chosen = (child for child in node.children if child.is_named)
        yield replaced("condition negated", condition, f"!({spelled(condition)})")
        yield swapped("branches swapped", *chosen)
    elif kind == "if_statement":
        yield from _branches(node)
    elif kind in ("expression_statement", "continue_statement") or spelled(node) == "return;":
        yield replaced("assignment dropped", node, ";")
    elif kind == "argument_list":
        arguments = [child for child in node.children if child.is_named]
        if len(arguments) > 1:
            first = pick(list(range(len(arguments) - 1)), node.start_byte)
            yield swapped("operands swapped", arguments[first], arguments[first + 1])
    elif kind in ("identifier", "type_identifier"):
        yield from _other_name(node)


def _operator(node: Node, left: Node, operator: Node, right: Node) -> Iterator[Change]:
    sign = spelled(operator)
    if sign not in OPERATORS:
        return
    kind = "bound" if sign in BOUNDS else "shift" if sign in SHIFTS else "operator"
    yield replaced(kind, operator, OPERATORS[sign])
    if sign in ORDERED and spelled(left) != spelled(right):
        yield operand_swap(node, left, operator, right)


def _constant(node: Node) -> Iterator[Change]:
    found = re.fullmatch(r"(0x)?([0-9a-fA-F]+?)([uUlL]*)", spelled(node))
    if found is None:
        return
    prefix, digits, suffix = found.groups()
    value = int(digits, 16 if prefix else 10)
    turned = value ^ 1 << pick(list(range(max(1, value.bit_length()))), node.start_byte, value)
    for number, kind in ((value + 1, "constant ±1"), (value - 1, "constant ±1"), (turned, "bit of a constant")):
        if number < 0 or (kind == "bit of a constant" and abs(number - value) == 1):
            continue
        yield replaced(kind, node, (f"0x{number:x}" if prefix else str(number)) + suffix)


def _branches(node: Node) -> Iterator[Change]:
    first, other = node.child_by_field_name("consequence"), node.child_by_field_name("alternative")
    if first is not None and other is not None and other.named_children:
        second = other.named_children[0]
        between = (node.text or b"")[first.end_byte - node.start_byte : second.start_byte - node.start_byte].decode()
        text = f"{spelled(second)}{between}{spelled(first)}"
        yield Change("branches swapped", first.start_byte, second.end_byte, text)


def _other_name(node: Node) -> Iterator[Change]:
    """Another constant of the same struct, or another whole number of the same function."""
    name, parent = spelled(node), node.parent
    assert parent is not None
    if parent.type == "qualified_identifier":
        scope = parent.child_by_field_name("scope")
        if scope is None or spelled(scope) not in ("A", "F") or not re.fullmatch(r"k[A-Z]\w*", name):
            return
        others = _constants(node, spelled(scope))
    else:
        if (
            parent.type in ("init_declarator", "parameter_declaration")
            and parent.child_by_field_name("declarator") == node
        ):
            return
        others = _whole_numbers(node)
        if name not in others:
            return
    others = sorted(set(others) - {name})
    if others:
        yield replaced("wrong signal", node, pick(others, name, node.start_byte))


def _constants(node: Node, scope: str) -> list[str]:
    """Constants that the file takes from the same struct."""
    root = node
    while root.parent is not None:
        root = root.parent
    return re.findall(rf"\b{scope}::(k[A-Z]\w*)\b(?!\()", spelled(root))


def _whole_numbers(node: Node) -> list[str]:
    """Variables of type int that the innermost functions around a node declare."""
    found: list[str] = []
    here = node
    while here.parent is not None:
        here = here.parent
        if here.type in FUNCTIONS:
            found += re.findall(r"\bint (\w+)(?= =|,|\)|;)", spelled(here))
    return found
