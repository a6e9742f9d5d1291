"""The ways in which a verb says no: input is refused (place, wanted, got), verification differs, work ends early."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

DIFFERENT, REFUSED, UNFINISHED, CRASHED, SIGNALLED = 1, 2, 3, 70, 128
"""Exit statuses of the command, as `sparrow.endings` explains them; signal n adds n to the last."""


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with what the user gave."""

    place: str
    wanted: str
    got: str

    def __str__(self) -> str:
        """One line; what a file brings of line ends and a terminal's commands is escaped."""
        said = f"{self.place}: wanted {self.wanted}, got {self.got}"
        return "".join(char if char.isprintable() else repr(char)[1:-1] for char in said)


class Refused(Exception):
    """Input that is refused, with every fault found. The command line prints them and exits with status 2."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))

    def elsewhere(self, place: str, called: str) -> Refused:
        """The same of files that lie in a `place` of ours, as a person knows them."""
        return Refused([replace(fault, place=fault.place.replace(place, called)) for fault in self.faults])


class Different(Exception):
    """Verification found a difference. `facts` are what the verb prints, `view` how. The command line exits with 1."""

    def __init__(self, facts: dict[str, Any], view: str, reason: str) -> None:
        self.facts, self.view = facts, view
        super().__init__(reason)


class Crashed(Exception):
    """An engine ended in a fault of our own, whose traceback is `left_in` a file. The command line exits with 70.

    `facts` and `view` as of Different.
    """

    def __init__(self, facts: dict[str, Any], view: str, reason: str, left_in: Path) -> None:
        self.facts, self.view, self.left_in = facts, view, left_in
        super().__init__(reason)


class Unfinished(Exception):
    """What cannot be done on this machine: a tool is missing or failed; says which. The command line exits with 3.

    `facts` and `view`, as of Different, are what is known nevertheless.
    """

    def __init__(self, reason: str, facts: dict[str, Any] | None = None, view: str = "") -> None:
        self.facts, self.view = facts, view
        super().__init__(reason)


class Stopped(Exception):
    """Training was asked to stop by a signal and left a checkpoint. The command line exits with 128 + the signal."""

    def __init__(self, name: str, number: int, kept: str) -> None:
        self.number = number
        super().__init__(f"{name}; {kept} is kept, and the same command goes on from it")
