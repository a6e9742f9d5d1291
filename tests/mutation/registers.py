"""Registers and memory words of a Verilog file, by the paths under which a bench reads them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from accel.engines.stored import modules

KEPT = re.compile(r"^reg(?:\s+signed)?(?:\s+\[[^]]*\])?\s+(\w+)(?:\s+\[0:([\d-]+)\])?;", re.MULTILINE)
REPEATED = re.compile(
    r"for \((\w+) = 0; \1 < (\d+); \1 = \1 \+ 1\) begin: (\w+)\n"
    r"\s*reg(?:\s+signed)?\s+\[[^]]*\]\s+(\w+)\s+\[0:(\d+)-1\];"
)


def registers(text: str) -> list[str]:
    """Every register and memory word of a Verilog file, as a path from its top, which is its first module."""
    known = modules(text)
    return list(_inside(next(iter(known)), known))


def _inside(name: str, known: dict[str, str]) -> Iterator[str]:
    yield from _registers(known[name])
    for module, instance in re.findall(rf"^({'|'.join(known)}) (\w+) \(\.", known[name], re.MULTILINE):
        yield from (f"{instance}.{register}" for register in _inside(module, known))


def _registers(module: str) -> list[str]:
    loaded = set(re.findall(r"\$readmemh\([^,]*, (\w+)\)", module))
    found = []
    for name, last in KEPT.findall(module):
        if name not in loaded:
            high, _, less = last.partition("-")
            found += [f"{name}[{n}]" for n in range(int(high) - int(less or 0) + (not less))] if last else [name]
    for _, copies, label, name, words in REPEATED.findall(module):
        found += [f"{label}[{copy}].{name}[{word}]" for copy in range(int(copies)) for word in range(int(words))]
    return found
