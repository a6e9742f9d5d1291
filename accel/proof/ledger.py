"""The manifest of a work folder, `steps.json`: what each step's result depends on, and every file that it left.

An entry a step: who made the result (`made_by`), its `links` as `accel.proof.links` has them, its `outputs` by SHA-256.
A step that has begun and not ended is `begun`, and `writing` is what it was about to leave. A file belongs to the step
that wrote it last. The manifest carries a digest of its own; one that is damaged, edited or of another form is refused,
and nothing is read or removed by it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from accel.base.faults import Fault, Refused
from accel.base.files import read_json, write_json
from accel.proof import links as linked
from accel.proof.folder import inside
from accel.proof.links import Links, shown

NAME = "steps.json"


@dataclass(frozen=True)
class Entry:
    """What is known of a step; `made_by` is the command that made the result."""

    made_by: str
    links: Links = field(default_factory=Links)
    outputs: Mapping[str, str] = field(default_factory=dict)
    begun: bool = False
    writing: Mapping[str, str] = field(default_factory=dict)

    def left(self, name: str, digest: str) -> bool:
        """Whether the step left a file with these contents, or was writing it."""
        return digest in (self.outputs.get(name), self.writing.get(name))


Entries = dict[str, Entry]


def file_digest(path: Path) -> str:
    """SHA-256 of a file's contents; empty for a file that is not there."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def digests(work: Path, names: Iterable[str]) -> dict[str, str]:
    """SHA-256 of files of a work folder by their paths within it."""
    return {name: file_digest(inside(work, name)) for name in sorted(names)}


def entries(work: Path) -> Entries:
    """The whole manifest; empty where there is none. Refused where it is none that sparrow wrote."""
    path = work / NAME
    try:
        found = read_json(path)
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise _not_ours(str(path), str(error)) from None
    if not isinstance(found, dict) or not isinstance(found.get("steps"), dict):
        raise _not_ours(str(path), f"something else ({type(found).__name__})")
    if found.get("sha256") != _own_digest(found["steps"]):
        raise _not_ours(str(path), "others: it was damaged, or edited by hand")
    return {step: _entry(work, step, plain) for step, plain in found["steps"].items()}


def entry(work: Path, step: str) -> Entry | None:
    """What is known of a step; None where it never began."""
    return entries(work).get(step)


def outputs(work: Path, step: str) -> list[str]:
    """Files that a step left, as paths within the work folder."""
    known = entry(work, step)
    return list(known.outputs) if known else []


def changes(work: Path, step: str, now: Links) -> list[Fault]:
    """Why the results of a step are not those of these links; empty where they are, and nobody changed them."""
    known = entry(work, step)
    others = known.links.changes(now) if known and not known.begun else ()
    return [*others, *changes_since(work, step)]


def changes_since(work: Path, step: str) -> list[Fault]:
    """Why a step's results are not whole, as it left them, whatever their links are now."""
    known = entry(work, step)
    if known is None or known.begun:
        got = "none yet" if known is None else f"those of a `{known.made_by}` that did not end"
        return [Fault(str(work), f"the results of `sparrow {step}`", got)]
    return list(edited(work, step))


def edited(work: Path, step: str) -> Iterator[Fault]:
    """Files that are not as a step left them."""
    known = entry(work, step)
    for name, digest in digests(work, known.outputs if known else ()).items():
        if known and digest != known.outputs[name]:
            left = f"{shown(known.outputs[name])}, as `{known.made_by}` left it"
            yield Fault(str(work / name), left, shown(digest) if digest else "no such file")


def begin(work: Path, step: str, made_by: str) -> None:
    """Take a step as not done, before it starts to change its files."""
    known = entries(work)
    write(work, known | {step: replace(known.get(step, Entry(made_by)), made_by=made_by, begun=True)})


def intend(work: Path, step: str, writing: Mapping[str, str]) -> None:
    """Remember what a begun step is about to write, by SHA-256."""
    known = entries(work)
    write(work, known | {step: replace(known[step], writing={**known[step].writing, **writing})})


def record(work: Path, step: str, made_by: str, links: Links, left: Iterable[str]) -> None:
    """Remember a finished step; files that only its last run left are removed, unless somebody changed them."""
    known, found = entries(work), digests(work, left)
    for name, digest in known.get(step, Entry(made_by)).outputs.items():
        if name not in found and file_digest(inside(work, name)) == digest:
            inside(work, name).unlink(missing_ok=True)
    for other, own in known.items():
        known[other] = replace(own, outputs={name: own.outputs[name] for name in own.outputs.keys() - found.keys()})
    write(work, known | {step: Entry(made_by, links, found)})


def write(work: Path, known: Entries) -> None:
    """Replace the whole manifest."""
    steps = {step: asdict(one) for step, one in known.items()}
    write_json(work / NAME, {"sha256": _own_digest(steps), "steps": steps})


def _own_digest(steps: Any) -> str:
    return hashlib.sha256(json.dumps(steps, sort_keys=True).encode()).hexdigest()


def _entry(work: Path, step: str, found: Any) -> Entry:
    place = f"{work / NAME}: {step}"
    if not isinstance(found, dict) or not isinstance(found.get("made_by"), str):
        raise _not_ours(place, type(found).__name__)
    left = linked.names(found.get("outputs"), f"{place}.outputs")
    for name in left:
        inside(work, name)
    links = linked.parse(found.get("links"), f"{place}.links")
    writing = linked.names(found.get("writing"), f"{place}.writing")
    return Entry(found["made_by"], links, left, found.get("begun") is True, writing)


def _not_ours(place: str, got: str) -> Refused:
    wanted = "what sparrow wrote there (with --replace it is set aside, and everything begins anew)"
    return Refused([Fault(place, wanted, got)])
