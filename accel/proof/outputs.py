"""Files that a step is about to leave: none that a person made is written over without a word, and none is lost."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path

from accel.base.faults import Fault, Refused
from accel.base.files import write_bytes
from accel.base.progress import say
from accel.proof import ledger
from accel.proof.folder import follows, inside
from accel.proof.ledger import Entry, file_digest
from accel.proof.links import Links

ASIDE = "set-aside"
"""Folder, in the work folder, of files that a person changed and a step would have written over."""


class Outputs:
    """What one run of a step writes into a work folder.

    `links` are what the run depends on. With `replace`, what others left is set aside instead of being refused.
    """

    def __init__(self, work: Path, step: str, made_by: str, links: Links, replace: bool = False) -> None:
        self.work, self.step, self.made_by, self.links, self.replace = work, step, made_by, links, replace

    def claim(self, *names: str) -> None:
        """Say which files, or folders of unknown files, the step is about to write; from here on it counts as begun.

        Refused where some are there already though the step never ran here. Where it did, and somebody changed them
        since, they are set aside.
        """
        if follows():
            return
        if self.replace:
            set_aside_unreadable(self.work)
        known = ledger.entries(self.work)
        own = known.get(self.step)
        others = list(self._others(names, known))
        if own is None and others and not self.replace:
            wanted = "no such file yet: another --work, or --replace"
            got = f"one that no `{self.made_by}` left"
            raise Refused([Fault(str(self.work / name), wanted, got) for name in others])
        set_aside(self.work, others)
        ledger.begin(self.work, self.step, self.made_by)

    def write(self, contents: Mapping[str, str | bytes]) -> list[str]:
        """Write files that were claimed, by their paths within the work folder; returns the paths."""
        plain = {name: one.encode() if isinstance(one, str) else one for name, one in contents.items()}
        digests = {name: hashlib.sha256(one).hexdigest() for name, one in plain.items()}
        ledger.intend(self.work, self.step, digests)
        for name, one in plain.items():
            write_bytes(inside(self.work, name), one)
        return list(contents)

    def _others(self, names: tuple[str, ...], known: Mapping[str, Entry]) -> Iterator[str]:
        """Of some names those that hold what this step, by this maker, did not leave."""
        own = known.get(self.step)
        if own is not None and own.made_by != self.made_by:
            known = {step: one for step, one in known.items() if step != self.step}
        for name in dict.fromkeys(names):
            path = inside(self.work, name)
            within = [one for one in path.rglob("*") if one.is_file()] if path.is_dir() and own is None else []
            files = within or ([path] if path.is_file() else [])
            if any(not _left(known, str(file.relative_to(self.work)), file) for file in files):
                yield name


def _left(known: Mapping[str, Entry], name: str, path: Path) -> bool:
    """Whether some step left a file as it is."""
    digest = file_digest(path)
    return any(one.left(name, digest) for one in known.values())


def set_aside(work: Path, names: list[str]) -> None:
    """Move files and folders of a work folder to where no step writes, and say so."""
    if not names:
        return
    target = next(path for number in count(1) if not (path := inside(work, f"{ASIDE}/{number}")).exists())
    for name in names:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        inside(work, name).rename(target / name)
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    say(f"{work / names[0]}{more}: not what a finished step left there; kept in {target}")


def set_aside_unreadable(work: Path) -> None:
    """Set the manifest aside where it is none that sparrow wrote: everything begins anew."""
    try:
        ledger.entries(work)
    except Refused:
        set_aside(work, [ledger.NAME])
