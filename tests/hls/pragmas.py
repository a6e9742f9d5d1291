"""Checker of HLS pragmas. A compiler ignores every pragma it does not know, so it says nothing of a misspelt one."""

from __future__ import annotations

import re
from collections.abc import Iterator

NAME = r"[a-z_]\w*"
NUMBER = r"(\d+|(\w+(<\w+>)?::)?k\w+)"
ALLOWED = {
    "ARRAY_PARTITION": {"variable": NAME, "type": "complete|cyclic", "factor": NUMBER, "dim": NUMBER},
    "BIND_STORAGE": {"variable": NAME, "type": "rom_np"},
    "DATAFLOW": {},
    "DEPENDENCE": {
        **{"variable": NAME, "type": "inter", "direction": "RAW"},
        **{"distance": NUMBER, "dependent": "false|true"},
    },
    "INLINE": {"off": ""},
    "INTERFACE": {"mode": "axis|s_axilite", "port": NAME, "offset": "0x[0-9a-f]+"},
    "LOOP_FLATTEN": {"off": ""},
    "PIPELINE": {"II": "1"},
    "RESET": {"variable": NAME},
    "STREAM": {"variable": NAME, "depth": NUMBER},
    "UNROLL": {},
}
"""The pragmas that the project uses, with every option and what it may be."""


def faults(text: str) -> Iterator[str]:
    """What is wrong with the pragmas of a C++ file, a sentence each."""
    for number, line in enumerate(text.splitlines(), 1):
        if re.match(r"\s*#\s*pragma\b", line) and line.strip() != "#pragma once":
            for fault in _line_faults(line.strip(), text):
                yield f"line {number}: {fault}: {line.strip()}"


def _line_faults(line: str, text: str) -> Iterator[str]:
    words = line.split()
    if words[:2] != ["#pragma", "HLS"] or len(words) < 3 or words[2] not in ALLOWED:
        yield "unknown pragma"
        return
    options = ALLOWED[words[2]]
    for word in words[3:]:
        name, _, value = word.partition("=")
        if name not in options or not re.fullmatch(options[name], value):
            yield f"unknown option {word}"
        elif name in ("variable", "port") and value != "return" and len(re.findall(rf"\b{value}\b", text)) < 2:
            yield f"no {name} {value}"


def loop_faults(text: str) -> Iterator[str]:
    """Loops without a label, or without a pragma as their first statement."""
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        if not re.match(r"\s*for \(", line):
            continue
        if not re.fullmatch(r"\s*[A-Z]\w+:", lines[number - 2]):
            yield f"line {number}: a loop without a label: {line.strip()}"
        if not re.match(r"\s*#pragma HLS (PIPELINE II=1|UNROLL|LOOP_FLATTEN off)$", lines[number]):
            yield f"line {number}: a loop whose first statement is no pragma: {line.strip()}"
