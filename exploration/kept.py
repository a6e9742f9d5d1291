"""Small files that a study keeps beside its journal: read as they were written, or refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from accel.base.faults import Fault, Refused
from accel.base.files import read_json


def read_kept(path: Path, fields: tuple[str, ...]) -> dict[str, Any]:
    """A mapping with these fields. Refused where the file is damaged, or of something else."""
    try:
        found = read_json(path)
    except ValueError:
        found = None
    if not isinstance(found, dict) or set(fields) - set(found):
        wanted = f"what `sparrow explore` left, with {', '.join(fields)}; or no such folder"
        raise Refused([Fault(str(path), wanted, "others: it was damaged, or edited by hand")])
    return found
