"""The functions of the C++ top: regions whose processes run side by side, each a list of variables and of calls."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

ENDED = "ended"
"""The flag by which a region tells its caller that the step ended a sequence."""


@dataclass(frozen=True)
class Variable:
    """What processes share: a stream, a flag or a counter, a memory, or a number that comes by value."""

    type: str
    name: str
    kind: Literal["stream", "scalar", "memory", "input"]

    @property
    def declaration(self) -> str:
        """The variable within a function."""
        if self.kind == "stream":
            return f'Stream<{self.type}> {self.name}("{self.name}");'
        return f"{self.type} {self.name};"

    @property
    def parameter(self) -> str:
        """The variable as a parameter."""
        if self.kind == "input":
            return f"{self.type} {self.name}"
        return f"Stream<{self.type}> &{self.name}" if self.kind == "stream" else f"{self.type} &{self.name}"

    @property
    def qualified(self) -> str:
        """The same outside the namespace."""
        return re.sub(r"(?<![\w:])([A-Z]\w*)", r"sparrow::\1", self.parameter)


@dataclass(frozen=True)
class Held(Variable):
    """A stream that has to hold `depth` beats: who reads it waits for what is behind its writer."""

    depth: int

    @property
    def declaration(self) -> str:
        """The variable within a function."""
        return f"{super().declaration}\n  #pragma HLS STREAM variable={self.name} depth={self.depth}"


@dataclass(frozen=True)
class Port(Variable):
    """An argument of the top: a stream, or a register of its AXI4-Lite interface."""

    bench: str
    """What the bench passes."""
    offset: int | None = None
    """Address of a register."""

    @property
    def mode(self) -> str:
        """How hardware has it."""
        return "axis" if self.kind == "stream" else "s_axilite"


@dataclass(frozen=True)
class Region:
    """A function of nothing but variables and calls of processes, in the order that data flows."""

    title: str
    name: str
    parameters: tuple[Variable, ...]
    variables: tuple[Variable, ...]
    calls: tuple[str, ...]

    @property
    def call(self) -> str:
        """The call of it with variables of the names of its parameters."""
        return f"{self.name}({', '.join(one.name for one in self.parameters)})"

    @property
    def around(self) -> tuple[Variable, ...]:
        """Parameters of the loop that calls it until it tells that a sequence ended."""
        return tuple(one for one in self.parameters if one.name != ENDED)

    @property
    def loop(self) -> str:
        """The call of that loop."""
        return f"{self.name}s({', '.join(one.name for one in self.around)})"


def region(
    title: str, name: str, outside: Sequence[Variable], variables: Sequence[Variable], calls: Sequence[str]
) -> Region:
    """A region with those parameters that its calls name."""
    words = set(re.findall(r"\w+", " ".join(calls)))
    own = tuple(one for one in outside if one.name in words)
    return Region(title, name, own, tuple(variables), tuple(calls))
