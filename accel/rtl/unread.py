"""What nobody reads is not written: MyHDL converts every signal of a bundle, whoever needs it.

Synthesis removes the same, so the netlist stays what it is (a test proves it with yosys).
"""

from __future__ import annotations

import re
from collections.abc import Set

_DECLARED = re.compile(r"^(?:wire|reg) (?:signed )?(?:\[[^\]]*\] )?(\w+)(?: \[[^\]]*\])?;$")
_PORT = re.compile(r"^(?:input|output) (?:wire )?(?:signed )?(?:\[[^\]]*\] )?(\w+);$", re.MULTILINE)
_HEAD = re.compile(r"^module \w+ \(\n(.*?)\);$", re.MULTILINE | re.DOTALL)
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


def without_unread(module: str, read: Set[str] = frozenset()) -> str:
    """A module as MyHDL converted it, a statement a line, without signals that nothing but they themselves reads.

    Ports stay, what its instances `read`, and what Verilog text of a block's own drives.
    """
    while unread := _unread(module) - read:
        kept = [line for line in module.split("\n") if _subject(line) not in unread]
        module = _without_nothing("\n".join(kept))
    return module


def without_ports(module: str, names: Set[str]) -> str:
    """A module of which some signals are no ports any more."""
    if not names:
        return module
    lines = [line for line in module.split("\n") if not ((port := _PORT.match(line)) and port[1] in names)]
    return _HEAD.sub(lambda head: _head(head, names), "\n".join(lines), count=1)


def ports(module: str) -> list[str]:
    """Names of a module's ports, in order."""
    return _PORT.findall(module)


def names_read(module: str) -> set[str]:
    """Names that stand in a module elsewhere than where they are declared or assigned to."""
    found: set[str] = set()
    for line in _HEAD.sub("", module, count=1).split("\n"):
        if _PORT.match(line):
            continue
        subject = _subject(line)
        found |= {name for name in _NAME.findall(_COMMENT.sub("", line)) if name != subject}
    return found


def _head(head: re.Match[str], names: Set[str]) -> str:
    left = [port for port in _NAME.findall(head[1]) if port not in names]
    return head[0].replace(head[1], "".join(f"    {port},\n" for port in left)[:-2] + "\n")


def _subject(line: str) -> str:
    """The signal that a line declares or assigns to, and does nothing else; empty for any other line."""
    found = _DECLARED.match(line) or _ASSIGNED.match(line)
    return found[1] if found else ""


def _unread(module: str) -> set[str]:
    declared = {found[1] for line in module.split("\n") if (found := _DECLARED.match(line))}
    return declared - set(ports(module)) - names_read(module)


def _without_nothing(module: str) -> str:
    before = ""
    while before != module:
        before = module
        for pattern in _NOTHING:
            module = pattern.sub("", module)
    return module
