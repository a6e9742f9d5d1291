"""Running a program of somebody else's, and knowing what made its product."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO

from accel.base.files import write_text
from accel.engines.engine import ProgramFailed
from accel.proof.ledger import file_digest
from accel.proof.versions import at as version_at

LAST = 800
"""Characters of what a program said last that a sentence shows."""


def finished(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str] | None = None,
    out: IO[str] | None = None,
    log: IO[str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """A program that ran in `folder`, whatever its status; what it printed that is no UTF-8 is escaped.

    What it prints goes to the file `out`, its complaints to the file `log`, where these are given.
    """
    return subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdout=out or subprocess.PIPE,
        stderr=log or subprocess.PIPE,
        text=True,
        errors="backslashreplace",
        check=False,
    )


def succeed(command: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None) -> None:
    """Run a program in `folder`. Raises ProgramFailed, with what it said last, for any status but 0."""
    done = finished(command, folder, environment)
    if done.returncode:
        name, said = Path(command[0]).name, (done.stderr or done.stdout)[-LAST:]
        raise ProgramFailed(f"{name} ended with {done.returncode}: {said}")


def product(
    command: Sequence[str],
    folder: Path,
    made: Path,
    reads: Iterable[Path],
    others: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
) -> Path:
    """The file that a program makes of others, running in `folder`, as an absolute path.

    It runs where these very words, versions and files have not made the file as it is; `others` are programs, by their
    paths, that it starts in its turn. Raises ProgramFailed as `succeed`, and where it made no file.
    """
    path, of = made.resolve(), [*reads]
    done = path.with_name(f"{path.name}.done.txt")

    def stamped() -> str:
        return stamp([command], (command[0], *others), [(file.name, file) for file in (*of, path)])

    if path.is_file() and done.is_file() and done.read_text(encoding="utf-8") == stamped():
        return path
    done.unlink(missing_ok=True)
    path.unlink(missing_ok=True)  # an old one cannot pass for new
    path.parent.mkdir(parents=True, exist_ok=True)
    succeed(command, folder, environment)
    if not path.is_file():
        raise ProgramFailed(f"{Path(command[0]).name} did not make {path.name}")
    write_text(done, stamped())
    return path


def stamp(commands: Iterable[Sequence[str]], programs: Iterable[str], files: Iterable[tuple[str, Path]]) -> str:
    """What made a product: the words of all commands that may, the version of each program by its path, and every file
    that is read or made, by SHA-256.
    """
    words = [shlex.join(command) for command in commands]
    versions = [version_at(program) for program in programs]
    return "\n".join([*words, *versions, *(f"{name} {file_digest(path)}" for name, path in files)]) + "\n"
