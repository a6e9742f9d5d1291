"""Mutation operator for the contents of memories: one bit, in files for `$readmemh` and in arrays of C++."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.mutation.mutants import Change, pick

KIND = "bit of a memory"
LOADED = re.compile(
    r"reg\s+(?:signed\s+)?\[(\d+)-1:0\]\s+(\w+)\s+\[[^\]]*\];\s*initial\s+\$readmemh\(\"([^\"]+)\",\s+(\w+)\);"
)
ARRAY = re.compile(r"^const [^;=]*= (\{.*?\});$", re.MULTILINE | re.DOTALL)


def widths(verilog: str) -> dict[str, int]:
    """Bits of a word of each memory file that a Verilog text reads."""
    found = LOADED.findall(verilog)
    if len(found) != verilog.count("$readmemh"):
        raise ValueError(f"{verilog.count('$readmemh')} memories are read, and {len(found)} are declared just before")
    return {file: int(width) for width, _, file, _ in found}


def hex_changes(text: str, width: int) -> Iterator[Change]:
    """One turned bit of each word of a file for `$readmemh`."""
    for found in re.finditer(r"^[0-9a-fA-F]+$", text, re.MULTILINE):
        digits = found.group()
        turned = int(digits, 16) ^ 1 << pick(list(range(width)), found.start(), digits)
        yield Change(KIND, found.start(), found.end(), f"{turned:0{len(digits)}x}")


def array_changes(text: str) -> Iterator[Change]:
    """One turned low bit of each number of the arrays in a C++ text; all stay within their types."""
    for array in ARRAY.finditer(text):
        for found in re.finditer(r"-?\d+", array.group(1)):
            value = int(found.group())
            bits = max(1, abs(value).bit_length())
            turned = value ^ 1 << pick(list(range(bits)), found.start(), value)
            base = array.start(1)
            yield Change(KIND, base + found.start(), base + found.end(), str(turned))
