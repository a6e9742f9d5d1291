"""The borders of a work folder: one process at a time works in it, and no path and no symbolic link leads out of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from filelock import FileLock, Timeout

from accel.base.faults import Fault, Refused

LOCK = ".sparrow.lock"


class Busy(Refused):
    """Another process works in the folder."""


def inside(work: Path, name: str) -> Path:
    """The file of a work folder by its path within it. Refused for a path that leads out, whatever is written there."""
    pure = PurePosixPath(name)
    path = work / name
    within = name not in ("", ".") and name.isprintable() and not pure.is_absolute() and ".." not in pure.parts
    if not within or not _real(path).is_relative_to(_real(work)):
        raise Refused([Fault(f"{work}: {name!r}", "a path that stays within the work folder", "one that leads out")])
    return path


def _real(path: Path) -> Path:
    """Without symbolic links; a loop of links stays what it is."""
    return Path(os.path.realpath(path))


def follows() -> bool:
    """Whether this process is one of `torchrun` that the first one leads: that one alone keeps the work folder."""
    return "TORCHELASTIC_RUN_ID" in os.environ and os.environ.get("RANK", "0") != "0"


@contextmanager
def held(work: Path) -> Iterator[None]:
    """The work folder for this process alone, while the context lasts; made where there is none.

    Refused where another process holds it, or where a symbolic link in it leads out. A folder that was made here and
    stayed empty is removed again.
    """
    if follows():
        yield
        return
    made = not work.exists()
    if not made and not work.is_dir():
        raise Refused([Fault(str(work), "a work folder", "a file")])
    work.mkdir(parents=True, exist_ok=True)
    try:
        with _locked(work):
            _require_no_way_out(work)
            yield
    finally:
        if made:
            _remove_if_empty(work)


@contextmanager
def _locked(work: Path) -> Iterator[None]:
    lock = FileLock(_real(work) / LOCK, timeout=0, is_singleton=True)
    try:
        lock.acquire()
    except Timeout:
        raise Busy([Fault(str(work), "a work folder that no other sparrow works in now", "a locked one")]) from None
    try:
        yield
    finally:
        lock.release()


def _require_no_way_out(work: Path) -> None:
    home = _real(work)
    faults = [
        Fault(str(path), "no symbolic link out of the work folder", f"a link to {_real(path)}")
        for path in _links(work)
        if not _real(path).is_relative_to(home)
    ]
    if faults:
        raise Refused(faults)


def _links(work: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(work):
        yield from (path for name in (*folders, *files) if (path := Path(folder, name)).is_symlink())


def _remove_if_empty(work: Path) -> None:
    if all(path.name == LOCK for path in work.iterdir()):
        (work / LOCK).unlink(missing_ok=True)
        work.rmdir()
