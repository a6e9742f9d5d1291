"""What nobody reads is not written: MyHDL converts every signal of a bundle, whoever needs it.

Synthesis removes the same, so the netlist stays what it is (a test proves it with yosys).
"""

from __future__ import annotations

import re

_DECLARED = re.compile(r"^(?:wire|reg) (?:signed )?(?:\[[^\]]*\] )?(\w+)(?: \[[^\]]*\])?;$")
_PORT = re.compile(r"^(?:input|output) (?:wire )?(?:signed )?(?:\[[^\]]*\] )?(\w+);$", re.MULTILINE)
_ASSIGNED = re.compile(r"^ *(?:(?:\d+|default): )?(?:assign )?(\w+)(?:\[[^=]*?\])? <?= (?=.*;$)")
_NAME = re.compile(r"\b[A-Za-z_]\w*\b")
_COMMENT = re.compile(r"//.*")
_NOTHING = (
    re.compile(r"^ *for \([^\n]*\) begin\n *end\n", re.MULTILINE),
    re.compile(r"^ *else begin\n *end\n", re.MULTILINE),
    re.compile(r"^ *(?:else )?if \([^\n]*\) begin\n *end\n(?! *else\b)", re.MULTILINE),
    re.compile(r"^ *case \([^\n]*\)\n *endcase\n", re.MULTILINE),
    re.compile(r"^always @\([^\n]*\) begin: \w+\n(?: *integer \w+;\n)*end\n", re.MULTILINE),
)
"""Statements that do nothing."""


def without_unread(module: str) -> str:
    """A module as MyHDL converted it, a statement a line, without signals that nothing but they themselves reads.

    Ports stay, and what Verilog text of a block's own drives.
    """
    while unread := _unread(module):
        kept = [line for line in module.split("\n") if _subject(line) not in unread]
        module = _without_nothing("\n".join(kept))
    return module


def _subject(line: str) -> str:
    """The signal that a line declares or assigns to, and does nothing else; empty for any other line."""
    found = _DECLARED.match(line) or _ASSIGNED.match(line)
    return found[1] if found else ""


def _unread(module: str) -> set[str]:
    unread = {found[1] for line in module.split("\n") if (found := _DECLARED.match(line))}
    unread -= set(_PORT.findall(module))
    for line in module.split("\n"):
        subject = _subject(line)
        unread -= {name for name in _NAME.findall(_COMMENT.sub("", line)) if name != subject}
    return unread


def _without_nothing(module: str) -> str:
    before = ""
    while before != module:
        before = module
        for pattern in _NOTHING:
            module = pattern.sub("", module)
    return module
