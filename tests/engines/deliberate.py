"""Deliberate faults in generated Verilog."""

from __future__ import annotations

import re
from pathlib import Path

from accel.base.files import write_text


def spoil(file: Path, pattern: str, replacement: str) -> None:
    """Replace the one place of a file that a pattern finds; a space in it is any white space, an end of line too."""
    text, count = re.subn(pattern.replace(" ", r"\s+"), replacement, file.read_text(encoding="utf-8"))
    assert count == 1, f"{count} places in {file.name} for {pattern}"
    write_text(file, text)
