"""Files of a work folder: written atomically, and only when their contents change."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

JSON_SCHEMA = 1
"""Version of what sparrow prints as JSON and of `report.json`: higher where a key goes or means something else."""


def write_bytes(path: Path, contents: bytes) -> bool:
    """Replace a file in one move; leaves it (and its time stamp) alone when nothing changes. True if it was written.

    An OSError names the file.
    """
    if path.is_file() and path.read_bytes() == contents:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(contents)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException as error:
        Path(name).unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename is None:
            error.filename = str(path)  # a full disk names none
        raise
    return True


def write_text(path: Path, text: str) -> bool:
    """`write_bytes` for UTF-8 text."""
    return write_bytes(path, text.encode("utf-8"))


def write_json(path: Path, data: Any) -> bool:
    """`write_bytes` for JSON, two-space indent."""
    return write_text(path, json.dumps(data, indent=2) + "\n")


def read_json(path: Path) -> Any:
    """Parse a JSON file that an earlier step wrote. Raises ValueError where it is none."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except RecursionError:
        raise ValueError(f"{path}: JSON that is nested too deeply") from None
