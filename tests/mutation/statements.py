"""A proof that a changed statement of Verilog does what the original does, whatever the signals are that it reads.

The `always` block or assignment around the change is put into a module of its own, before and after the change. What
it reads are inputs, registers are cut into what they hold and what they get, and a SAT solver of yosys looks for values
for which the two differ. Where there are none, the rest of the design, which is the same, cannot tell them apart.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path

import tree_sitter_verilog
from tree_sitter import Language, Node, Parser

from accel.base import tools
from tests.mutation.mutants import Change, applied, spelled
from tests.mutation.verilog import DECLARED

STATEMENTS = ("always_construct", "continuous_assign")
WRITTEN = re.compile(r"(?:^|\bassign |\bbegin\b|;|\))\s*(\w+)(?:\[[^]=]*\])*\s*(?:<=|=)(?!=)", re.MULTILINE)
PROOF = (
    "read_verilog gold.v gate.v; proc; expose -evert-dff gold gate; miter -equiv -flatten gold gate miter; "
    "sat -verify -prove trigger 0 miter"
)


def same_statement(source: bytes, change: Change) -> bool:
    """Whether the statement around a change is proven to do the same with it. False where nothing is proven."""
    tree = Parser(Language(tree_sitter_verilog.language())).parse(source)
    statement = tree.root_node.descendant_for_byte_range(change.start, max(change.start, change.end - 1))
    while statement is not None and statement.type not in STATEMENTS:
        statement = statement.parent
    if statement is None or change.end > statement.end_byte:
        return False
    shift = Change(change.kind, change.start - statement.start_byte, change.end - statement.start_byte, change.text)
    gold = spelled(statement)
    gate = applied(gold.encode(), shift).decode()
    declared = {found[2]: found for found in DECLARED.findall(spelled(_module(statement)))}
    made = [_alone(name, text, declared) for name, text in (("gold", gold), ("gate", gate))]
    return None not in made and _proven(*(text or "" for text in made))


def _module(node: Node) -> Node:
    while node.type != "module_declaration":
        assert node.parent is not None
        node = node.parent
    return node


def _alone(name: str, statement: str, declared: dict[str, tuple[str, ...]]) -> str | None:
    """A module around one statement; None where it touches a memory, or an output that depends on the change."""
    used = [signal for signal in dict.fromkeys(re.findall(r"\b[A-Za-z_]\w*", statement)) if signal in declared]
    if any(declared[signal][3] for signal in used):
        return None
    written = set(WRITTEN.findall(statement))
    kind = "output reg " if statement.startswith("always") else "output "
    ports = [f"{kind if signal in written else 'input '}{_typed(declared[signal])};" for signal in used]
    return "\n".join([f"module {name} ({', '.join(sorted(used))});", *ports, statement, "endmodule", ""])


def _typed(found: tuple[str, ...]) -> str:
    sign, high, name, _ = found
    return f"{sign} [{high or 0}:0] {name}".strip()


def _proven(gold: str, gate: str) -> bool:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "gold.v").write_text(gold, encoding="ascii")
        (folder / "gate.v").write_text(gate, encoding="ascii")
        command = [str(tools.paths(["yosys"])["yosys"]), "-q", "-p", PROOF]
        return subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode == 0
