"""What a result depends on, link by link: keys of the spec, files of the work folder, our sources, tools' versions."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from accel.base.faults import Fault, Refused

SHOWN = 12
"""Digits of a SHA-256 that a sentence shows."""


@dataclass(frozen=True)
class Links:
    """The links of a chain of proof.

    `spec` maps sections to their contents, `files` paths within the work folder and `sources` paths of the project to
    SHA-256 (empty for a file that is not there), `tools` names to the versions that the tools gave.
    """

    spec: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    tools: Mapping[str, str] = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        """As JSON data for a person: files, tools, and all sources under one digest."""
        whole = hashlib.sha256(json.dumps(self.sources, sort_keys=True).encode()).hexdigest()
        return {"files": self.files, "sources": whole, "tools": self.tools}

    def changes(self, now: Links) -> Iterator[Fault]:
        """Every link that is another one now; `wanted` is what it was."""
        yield from _unequal(self.spec, now.spec, "")
        yield from _others("", self.files, now.files)
        yield from _others("source ", self.sources, now.sources)
        yield from _others("tool ", self.tools, now.tools)


def parse(found: Any, place: str) -> Links:
    """Links from JSON data that sparrow wrote. Refused where they are none."""
    if not isinstance(found, dict) or not isinstance(found.get("spec"), dict):
        raise Refused([Fault(place, "spec, files, sources and tools", type(found).__name__)])
    named = {kind: names(found.get(kind), f"{place}.{kind}") for kind in ("files", "sources", "tools")}
    return Links(found["spec"], **named)


def names(found: Any, place: str) -> dict[str, str]:
    """Names and what each had, from JSON data. Refused where it is something else."""
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise Refused([Fault(place, "names and what each had, as sparrow writes them", type(found).__name__)])
    return found


def shown(link: str) -> str:
    """A digest or a version in a sentence."""
    if len(link) == 64:
        return f"sha256 {link[:SHOWN]}…"
    return link or "nothing"


def _others(kind: str, was: Mapping[str, str], now: Mapping[str, str]) -> Iterator[Fault]:
    for name in sorted(was.keys() | now.keys()):
        before, after = was.get(name, ""), now.get(name, "")
        if before != after:
            yield Fault(f"{kind}{name}", shown(before), shown(after))


def _unequal(was: Any, now: Any, place: str) -> Iterator[Fault]:
    """The keys at which two pieces of JSON data differ."""
    if isinstance(was, Mapping) and isinstance(now, Mapping):
        for key in [*was, *(key for key in now if key not in was)]:
            yield from _unequal(was.get(key), now.get(key), f"{place}.{key}".lstrip("."))
    elif was != now:
        yield Fault(place, str(was), str(now))
