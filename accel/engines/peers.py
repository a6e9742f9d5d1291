"""All outputs in every cycle: Verilog does in each what the MyHDL blocks do, handshakes and status word included."""

from __future__ import annotations

from dataclasses import dataclass

from accel.engines.engine import Ports


@dataclass
class Peers:
    """The first engine that showed its outputs in every cycle, and was equal: all others are compared with it."""

    name: str = ""
    ports: Ports | None = None

    def compared(self, name: str, shown: Ports) -> tuple[str, str]:
        """The engine that one was compared with, empty for the first, and the first difference, empty where none is."""
        if self.ports is None:
            self.name, self.ports = name, shown
            return "", ""
        return self.name, first_difference(self.ports, shown)


def first_difference(wanted: Ports, got: Ports) -> str:
    """The first cycle and output in which two engines differ; empty where none does."""
    if wanted.names != got.names:
        return f"other outputs: wanted {', '.join(wanted.names)}, got {', '.join(got.names)}"
    end = (max(one.changes[-1][0] for one in (wanted, got) if one.changes) + 1, "")
    for before, after in zip([*wanted.changes, end], [*got.changes, end], strict=False):
        if before != after:
            return _at(wanted, got, min(before[0], after[0]))
    return ""


def _at(wanted: Ports, got: Ports, cycle: int) -> str:
    sides = zip(wanted.names, wanted.at(cycle), got.at(cycle), strict=True)
    name, one, other = next(side for side in sides if side[1] != side[2])
    return f"{name} in cycle {cycle}: wanted {one}, got {other} (hexadecimal, - while not valid)"
