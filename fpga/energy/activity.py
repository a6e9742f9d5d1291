"""How often every net changes: what a SAIF file counts (IEEE 1801, Annex; made by Verilator)."""

from __future__ import annotations

import re
from pathlib import Path

from accel.base.faults import Fault, Refused
from accel.engines.verilator import Window

_NET = re.compile(r"^\s*\((\S+) \(T0 \d+\).*\(TC (\d+)\)\)$", re.MULTILINE)


def changes(window: Window) -> dict[str, int]:
    """Changes of each net of the top between the window's first cycle and its last, a change a cycle at most.

    Nets are named as in Verilog; a vector's bits are `name[0]` and so on.
    """
    counted, beginning = saif(window.counts), saif(window.beginning)
    if counted.keys() != beginning.keys():
        raise Refused([Fault(str(window.beginning), f"the nets of {window.counts.name}", "others")])
    return {net: count - beginning[net] for net, count in counted.items()}


def saif(path: Path) -> dict[str, int]:
    """Toggle count of each net in a SAIF file. Refused where it holds none."""
    found = {name.replace("\\", ""): int(count) for name, count in _NET.findall(path.read_text(encoding="utf-8"))}
    if not found:
        raise Refused([Fault(str(path), "nets with their toggle counts", "none")])
    return found
