"""`manifest.json` of a package: what it was made from, every file by SHA-256. By it a folder of ours is known."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from accel.base.faults import Fault, Refused
from accel.base.files import read_json, write_text

NAME = "manifest.json"
MADE_BY = "sparrow package"
SCHEMA = 1


def manifest(files: Mapping[str, str], made_from: Mapping[str, Any]) -> str:
    """The manifest of files (text by path) that were made from some results."""
    digests = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in sorted(files.items())}
    plain = {"schema": SCHEMA, "made_by": MADE_BY, **made_from, "files": digests}
    return json.dumps(plain | {"sha256": _own_digest(plain)}, indent=2) + "\n"


def require_ours(folder: Path) -> None:
    """Refused where something is there that is no package as it was left: whatever a person put in stays."""
    if not folder.exists() and not folder.is_symlink():
        return
    if faults := list(_strange(folder)):
        raise Refused(faults)


@contextmanager
def beside(folder: Path) -> Iterator[Path]:
    """An empty folder that takes the place of `folder` when the context ends well, and is removed when it does not."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as name:
        made, old = Path(name, "new"), Path(name, "old")
        made.mkdir()
        yield made
        if folder.exists():
            folder.rename(old)
        made.rename(folder)


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Write a package's files by their paths within it."""
    for name, text in files.items():
        write_text(folder / name, text)


def _strange(folder: Path) -> Iterator[Fault]:
    wanted = f"no such folder yet, or one that `{MADE_BY}` left and nobody changed"
    if folder.is_symlink() or not folder.is_dir():
        yield Fault(str(folder), wanted, "a symbolic link" if folder.is_symlink() else "a file")
        return
    try:
        found = read_json(folder / NAME)
        own = {key: value for key, value in found.items() if key != "sha256"}
        known = {name: str(digest) for name, digest in own["files"].items()}
        sealed = found["sha256"] == _own_digest(own) and own["made_by"] == MADE_BY
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        sealed, known = False, {}
    if not sealed:
        yield Fault(str(folder), wanted, f"one without a {NAME} of ours")
        return
    paths = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_symlink() or path.is_file()}
    for name in sorted(paths.keys() | known.keys()):
        if name != NAME and (name not in paths or not _is(paths[name], known.get(name))):
            got = "another file" if name in known and name in paths else "none" if name in known else "one"
            yield Fault(str(folder / name), "the file that was left there" if name in known else "no such file", got)


def _is(path: Path, digest: str | None) -> bool:
    return not path.is_symlink() and hashlib.sha256(path.read_bytes()).hexdigest() == digest


def _own_digest(plain: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()
