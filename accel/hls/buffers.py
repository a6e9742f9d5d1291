"""The sequence buffers of bidirectional layers in C++: constants, and the names of what is before and behind each."""

from __future__ import annotations

from dataclasses import dataclass

from accel.architecture.mirror import Mirror
from accel.architecture.network import Network


@dataclass(frozen=True)
class MirrorProcess:
    """A buffer with the stream that it reads; `owner` is the array behind it, or the output."""

    mirror: Mirror
    owner: str
    source: str
    words: int
    width: int

    @property
    def type(self) -> str:
        """C++ type that holds its constants."""
        return f"{self.owner.capitalize()}Mirror"

    @property
    def given(self) -> str:
        """The stream that it gives."""
        return f"{self.owner}_mirrored"

    @property
    def label(self) -> str:
        """A step of what reads it."""
        return f"{self.owner.capitalize()}Step"

    @property
    def constants(self) -> list[tuple[str, int]]:
        """Names and values of its constants."""
        mirror = self.mirror
        return [
            *(("Longest", mirror.longest), ("Beats", mirror.beats), ("Words", self.words), ("Width", self.width)),
            *(("Crossed", int(mirror.crossed)), ("Rounds", mirror.rounds), ("LastOnly", int(mirror.last_only))),
            ("InTurn", int(mirror.in_turn)),
        ]


LIMITED = "limited"
"""The stream of x_t, or tokens, of sequences that are not too long, where no buffer takes them as they come in."""


def mirror_processes(net: Network, before: list[str]) -> dict[int, MirrorProcess]:
    """The buffers by the number of the array that each stands in front of; `before` are the streams in front of arrays,
    and that behind the last one.
    """
    found = {}
    for number, mirror in net.mirrors.items():
        behind = net.arrays[number - 1] if number else None
        given = net.spec.incoming
        after = net.arrays[number] if number < len(net.arrays) else None
        sizes = (given.words, given.fmt.width)
        if behind is not None:
            element = after.x if after is not None and after.kind is not None else behind.h
            sizes = behind.cells, element.width
        owner = "leaving" if after is None else after.name
        found[number] = MirrorProcess(mirror, owner, before[number], *sizes)
    return found
