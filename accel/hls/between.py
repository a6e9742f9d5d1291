"""What stands between two recurrent layers, as a process of the HLS design: its call, and the beats that it makes."""

from __future__ import annotations

from dataclasses import dataclass

from accel.architecture.residual import Residual


@dataclass(frozen=True)
class Clipped:
    """h_t of a layer, beats `out` of an array of this `type`, to the stream `to`, within two ends of its own format."""

    type: str
    out: str
    to: str
    least: int
    most: int

    @property
    def beat(self) -> str:
        """C++ type of what it makes."""
        return f"Packet<{self.type}::kStateWidth, {self.type}::kCells>"

    @property
    def call(self) -> str:
        """The process that writes into the stream `to`."""
        return f"ClipWords<{self.type}>({self.out}, {self.to}, {self.least}, {self.most});"


@dataclass(frozen=True)
class Summed:
    """h_t of a layer and its own x_t, which was `kept` as it came in."""

    type: str
    out: str
    to: str
    kept: str
    residual: Residual

    @property
    def beat(self) -> str:
        """C++ type of what it makes."""
        return f"Packet<{self.residual.out.width}, {self.type}::kCells>"

    @property
    def call(self) -> str:
        """The process that writes into the stream `to`."""
        made, (of_h, of_x) = self.residual.out, self.residual.shifts
        constants = f"{of_h}, {of_x}, {self.residual.frac}, {made.width}, {made.frac}"
        return f"AddInputs<{self.type}, {constants}>({self.out}, {self.kept}, {self.to});"
