"""Which steps of a work folder are done: `steps.json` remembers what each step read and what it left."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from accel.base.files import read_json, write_json

NAME = "steps.json"


def file_digest(path: Path) -> str:
    """SHA-256 of a file's contents; empty for a file that is not there."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def inputs_digest(parts: Any, work: Path, files: Iterable[str]) -> str:
    """One digest of JSON data and of files of the work folder."""
    whole = {"parts": parts, "files": {name: file_digest(work / name) for name in files}}
    return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()


def recorded(work: Path, step: str) -> dict[str, Any]:
    """What is known of a step: `inputs`, `outputs` and `made_by`; empty where it never ran to its end."""
    return dict(_steps(work).get(step, {}))


def is_current(work: Path, step: str, inputs: str) -> bool:
    """Whether the step ran on these inputs and everything it left is still there, unchanged."""
    entry = recorded(work, step)
    return entry.get("inputs") == inputs and all(
        file_digest(work / name) == digest for name, digest in entry["outputs"].items()
    )


def record(work: Path, step: str, inputs: str, outputs: Iterable[str], made_by: str) -> None:
    """Remember a finished step; files that its last run left and this one did not are removed."""
    steps = _steps(work)
    found = {name: file_digest(work / name) for name in sorted(outputs)}
    for stale in steps.get(step, {}).get("outputs", {}).keys() - found.keys():
        (work / stale).unlink(missing_ok=True)
    steps[step] = {"made_by": made_by, "inputs": inputs, "outputs": found}
    write_json(work / NAME, steps)


def forget(work: Path, step: str) -> None:
    """Take a step as not done, before it starts to change its files."""
    steps = _steps(work)
    if step in steps:
        steps[step]["inputs"] = ""
        write_json(work / NAME, steps)


def _steps(work: Path) -> dict[str, Any]:
    """The ledger; an unreadable one counts as empty, so that everything is done again."""
    try:
        steps = read_json(work / NAME)
    except (OSError, ValueError):
        return {}
    return steps if isinstance(steps, dict) else {}
