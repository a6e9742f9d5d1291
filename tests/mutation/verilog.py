"""Mutation operators for the generated Verilog.

What only shows signals to a bench (the observation ports of the top) is left alone: a fault there is a fault of the
bench, and caught anyway. So are declarations, but for the word `signed`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import tree_sitter_verilog
from tree_sitter import Language, Node, Parser

from tests.mutation.mutants import Change, operand_swap, pick, replaced, spelled, swapped, walk

OPERATORS = {
    **{"+": "-", "-": "+", "*": "+", "&&": "||", "||": "&&", "&": "|", "|": "&", "^": "|", "==": "!=", "!=": "=="},
    **{"<": "<=", "<=": "<", ">": ">=", ">=": ">", "<<": ">>", ">>": "<<", ">>>": ">>", "<<<": ">>>"},
}
BOUNDS = ("<", "<=", ">", ">=")
SHIFTS = ("<<", ">>", ">>>", "<<<")
ORDERED = ("-", *BOUNDS, *SHIFTS)
"""Operators whose operands are not the same when swapped."""

SKIPPED = {
    *("comment", "module_nonansi_header", "port_declaration", "packed_dimension", "unpacked_dimension"),
    *("initial_construct", "genvar_declaration", "attribute_instance", "text_macro_definition", "name_of_instance"),
    *("zero_directive", "timescale_compiler_directive", "default_nettype_compiler_directive"),
}
BINARY = ("expression", "constant_expression")
ASSIGNMENTS = ("nonblocking_assignment", "clocking_drive", "blocking_assignment", "variable_assignment")
DECLARED = re.compile(
    r"^\s*(?:input|output|reg|wire)(?:\s+wire)?(\s+signed)?(?:\s+\[(\d+)(?:-1)?:0\])?\s+(\w+)(\s+\[[^;]*\])?;$",
    re.MULTILINE,
)
"""Sign, highest bit, name and places of a declared signal."""


@dataclass(frozen=True)
class Shape:
    """What a signal must be for another to stand in its place."""

    signed: bool
    width: int
    array: str


def changes(text: str) -> Iterator[Change]:
    """All single changes of a Verilog file, of every kind."""
    source = text.encode()
    tree = Parser(Language(tree_sitter_verilog.language())).parse(source)
    for module in tree.root_node.children:
        if module.type == "module_declaration":
            yield from _Module(module).changes()


class _Module:
    """One module: its signals, by what they are, and the changes of its statements."""

    def __init__(self, node: Node) -> None:
        self.node = node
        text = spelled(node)
        found = DECLARED.findall(text)
        self.shapes = {name: Shape(bool(sign), int(high or 0) + 1, array) for sign, high, name, array in found}
        self.alike: dict[Shape, list[str]] = defaultdict(list)
        for name, shape in self.shapes.items():
            if name != "clk":
                self.alike[shape].append(name)
        outputs = re.findall(r"^output\s+(?:signed\s+)?(?:\[\d+:0\]\s+)?(\w+);$", text, re.MULTILINE)
        is_top = "s_axis_tready" in outputs
        shown = [n for n in outputs if not n.startswith(("m_", "status_")) and not n.endswith("_tready")]
        self.shown = set(shown) if is_top else {name for name in outputs if name.startswith("observed_")}

    def changes(self) -> Iterator[Change]:
        for node in walk(self.node, self._skips):
            yield from self._of(node)

    def _skips(self, node: Node) -> bool:
        if node.type == "continuous_assign":
            return any(spelled(found) in self.shown for found in walk(node, lambda n: n.type == "expression"))
        return node.type in SKIPPED

    def _of(self, node: Node) -> Iterator[Change]:
        kind = node.type
        if kind in BINARY and len(node.children) == 3:
            yield from _operator(node, *node.children)
        elif kind in ("unsigned_number", "decimal_number", "binary_number", "hex_number"):
            yield from _constant(node)
        elif kind == "cond_predicate":
            yield replaced("condition negated", node, f"!({spelled(node)})")
        elif kind == "conditional_expression":
            chosen = [child for child in node.children if child.is_named][1:]
            yield swapped("branches swapped", *chosen)
        elif kind == "conditional_statement":
            yield from _branches(node)
        elif kind in ASSIGNMENTS:
            yield replaced("reset dropped" if _in_reset(node) else "assignment dropped", node, "")
        elif kind == "continuous_assign":
            yield replaced("assignment dropped", node, "")
        elif kind == "simple_identifier":
            yield from self._other_signal(node)
        elif kind == "event_expression":
            yield from _event(node)
        elif kind == "signed" or (kind == "'signed'" or spelled(node) == "signed"):
            yield replaced("sign dropped", node, "")

    def _other_signal(self, node: Node) -> Iterator[Change]:
        name, parent = spelled(node), node.parent
        assert parent is not None
        if parent.type not in ("primary", "constant_primary") or name not in self.shapes or name == "clk":
            return
        above = parent.parent.parent if parent.parent is not None else None
        if above is not None and above.type == "event_expression":
            return
        others = [other for other in self.alike[self.shapes[name]] if other != name]
        if others:
            yield replaced("wrong signal", node, pick(others, name, node.start_byte, len(others)))


def _operator(node: Node, left: Node, operator: Node, right: Node) -> Iterator[Change]:
    sign = spelled(operator)
    if operator.is_named or sign not in OPERATORS:
        return
    kind = "bound" if sign in BOUNDS else "shift" if sign in SHIFTS else "operator"
    yield replaced(kind, operator, OPERATORS[sign])
    if sign in ORDERED and spelled(left) != spelled(right):
        yield operand_swap(node, left, operator, right)


def _constant(node: Node) -> Iterator[Change]:
    """A number, one more, one less, and with one bit turned. Sized ones stay within their size."""
    found = re.fullmatch(r"(?:(\d+)?'(s?)([bdhBDH]))?([0-9a-fA-F_]+)", spelled(node))
    if found is None or (
        node.parent is not None and node.parent.type == "decimal_number" and "'" in spelled(node.parent)
    ):
        return
    size, sign, base, digits = found.groups()
    value = int(digits, {"b": 2, "h": 16, "d": 10, None: 10}[base.lower() if base else None])
    bits = int(size) if size else max(1, value.bit_length())
    kind = "reset value" if _in_reset(node) else "constant ±1"

    def written(number: int) -> str:
        if base is None:
            return str(number)
        return f"{size or ''}'{sign}{base}{number:{ {'b': 'b', 'h': 'x', 'd': 'd'}[base.lower()] }}"

    around = {value + 1, value - 1} if size is None else {(value + 1) % (1 << bits), (value - 1) % (1 << bits)}
    for number in sorted(around - {value}):
        if number >= 0:
            yield replaced(kind, node, written(number))
    turned = value ^ 1 << pick(list(range(bits)), node.start_byte, value)
    if turned not in around:
        yield replaced("reset value" if _in_reset(node) else "bit of a constant", node, written(turned))


def _branches(node: Node) -> Iterator[Change]:
    chosen = [child for child in node.children if child.type == "statement_or_null"]
    if len(chosen) == 2 and not _is_reset(node):
        yield swapped("branches swapped", *chosen)


def _event(node: Node) -> Iterator[Change]:
    """An edge turned, or an entry left out of a list of signals."""
    edge = next((child for child in node.children if child.type == "edge_identifier"), None)
    if edge is not None:
        yield replaced("sensitivity", edge, "negedge" if spelled(edge) == "posedge" else "posedge")
        return
    parts = [child for child in node.children if child.type == "event_expression"]
    if len(parts) == 2:
        yield Change("sensitivity", parts[0].end_byte, parts[1].end_byte, "")
        yield Change("sensitivity", parts[0].start_byte, parts[1].start_byte, "")


def _is_reset(node: Node) -> bool:
    condition = next((child for child in node.children if child.type == "cond_predicate"), None)
    return condition is not None and spelled(condition).replace(" ", "") in ("reset", "reset==1", "(reset==1)")


def _in_reset(node: Node) -> bool:
    """Whether a node stands in the branch that reset takes."""
    here = node
    while here.parent is not None:
        if here.parent.type == "conditional_statement" and _is_reset(here.parent):
            first = next(child for child in here.parent.children if child.type == "statement_or_null")
            return here.id == first.id
        here = here.parent
    return False
