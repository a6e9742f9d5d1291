"""What is refused, and in which words: place, wanted, got."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with what the user gave."""

    place: str
    wanted: str
    got: str

    def __str__(self) -> str:
        return f"{self.place}: wanted {self.wanted}, got {self.got}"


class Refused(Exception):
    """Input that is refused, with every fault found. The command line prints them and exits with status 2."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))
