"""A step: its work, everything its result depends on, and the record of both in the work folder."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from dataclasses import replace as replaced
from pathlib import Path

from accel.base.faults import Fault, Refused
from accel.base.progress import Progress, silent
from accel.proof import ledger
from accel.proof.folder import follows, held
from accel.proof.links import Links
from accel.proof.outputs import Outputs
from accel.proof.sources import digests
from accel.proof.versions import versions
from accel.spec import Spec, plain

Act = Callable[[Spec, Path, Outputs, Progress], Iterable[str]]
"""Does a step's work, claims what it writes; returns the files it left, as paths within the work folder."""

SAID = 5
"""Changed links that a refusal names; the others are counted."""


@dataclass(frozen=True)
class Depends:
    """What the result of a step depends on: called, it finds out the links as they are now."""

    sections: tuple[str, ...]
    """Sections of the spec."""
    files: tuple[str, ...]
    """Files of the work folder."""
    steps: tuple[str, ...]
    """Earlier steps of which every file counts."""
    code: Callable[[], set[Path]]
    """Our source files behind the work."""
    tools: tuple[str, ...]
    """Tools, by their names for `accel.proof.versions`."""

    def __call__(self, spec: Spec, work: Path, made_by: str) -> Links:
        names = [*self.files, *(name for step in self.steps for name in ledger.outputs(work, step))]
        sections = {section: plain(getattr(spec, section)) for section in self.sections}
        return Links(sections, ledger.digests(work, names), digests(self.code()), versions(self.tools))


@dataclass(frozen=True)
class Step:
    """One step; the same work on the same links gives the same result."""

    name: str
    act: Act
    links: Callable[[Spec, Path, str], Links]
    """What the result depends on now; the last argument is the command that made it."""
    maker: str = ""

    @property
    def made_by(self) -> str:
        """The command that does the step: of its own name unless `maker` says another."""
        return self.maker or f"sparrow {self.name}"

    def changes(self, spec: Spec, work: Path) -> list[Fault]:
        """Why the work folder does not hold this step's result for just these links; empty where it does."""
        known = ledger.entry(work, self.name)
        return ledger.changes(work, self.name, self.links(spec, work, known.made_by if known else self.made_by))

    def lacking(self, spec: Spec, work: Path) -> list[Fault]:
        """What to say where others would build on this step and its result is not the one for spec, sources and tools.

        Names the links that changed; empty where nothing is lacking.
        """
        if not (found := self.changes(spec, work)):
            return []
        done = ledger.entry(work, self.name) is not None
        got = "others; `sparrow run` makes again what is due" if done else "none yet"
        whole = Fault(str(work), f"the results of `{self.made_by}` for this spec, its sources and tools", got)
        more = [Fault(str(work), "no other link changed", f"{len(found) - SAID} more")] if len(found) > SAID else []
        return [whole, *(found[:SAID] if done else []), *more]

    def perform(self, spec: Spec, work: Path, progress: Progress = silent, replace: bool = False) -> None:
        """Do the work and remember it. Killed at any moment, the step counts as not done.

        Refused where files of others would be written over and `replace` does not say so, or where a file that the
        work reads changed meanwhile.
        """
        with held(work):
            found = self.links(spec, work, self.made_by)
            outputs = Outputs(work, self.name, self.made_by, found, replace)
            left = list(self.act(spec, work, outputs, progress))
            if follows():
                return
            if changed := list(found.changes(replaced(found, files=ledger.digests(work, found.files)))):
                raise Refused(changed)
            ledger.record(work, self.name, self.made_by, found, left)
