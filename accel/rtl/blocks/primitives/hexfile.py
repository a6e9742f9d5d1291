"""Memory contents as text: what `$readmemh` reads, and the same numbers for native simulation."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


def to_hex(words: Iterable[int], width: int) -> str:
    """One word a line, two's complement in `width` bits."""
    digits, mask = -(-width // 4), (1 << width) - 1
    return "".join(f"{int(word) & mask:0{digits}x}\n" for word in words)


def from_hex(path: Path) -> tuple[int, ...]:
    """The words of a file, unsigned."""
    return tuple(int(line, 16) for line in path.read_text(encoding="ascii").split())
