"""Running a program of somebody else's."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from accel.engines.engine import ProgramFailed

LAST = 800
"""Characters of what a program said last that a sentence shows."""


def finished(
    command: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """A program that ran in `folder`, whatever its status; what it printed that is no UTF-8 is escaped."""
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, errors="backslashreplace", check=False
    )


def succeed(command: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None) -> None:
    """Run a program in `folder`. Raises ProgramFailed, with what it said last, for any status but 0."""
    done = finished(command, folder, environment)
    if done.returncode:
        name, said = Path(command[0]).name, (done.stderr or done.stdout)[-LAST:]
        raise ProgramFailed(f"{name} ended with {done.returncode}: {said}")
