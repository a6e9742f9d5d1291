"""What tools report, in one form for all of them. Every number says where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from accel.base.files import write_json

Origin = Literal["estimated", "synthesised", "routed"]
"""How much is known: a tool's guess, counted after synthesis, or counted after place and route."""


@dataclass(frozen=True)
class Utilization:
    """Cells by the vendor's names; `available` is empty where the tool does not know the chip."""

    tool: str
    origin: Origin
    used: Mapping[str, int]
    available: Mapping[str, int]

    @property
    def over(self) -> dict[str, int]:
        """Cells of which the chip has too few, and how many are missing."""
        return {
            name: used - self.available[name]
            for name, used in self.used.items()
            if used > self.available.get(name, used)
        }


@dataclass(frozen=True)
class Timing:
    """The slowest clock: what it was to reach, what it reaches, and through which nets its longest path goes."""

    tool: str
    origin: Origin
    clock: str
    wanted_mhz: float
    reached_mhz: float
    path: tuple[str, ...]
    note: str = ""
    """What has to be known of these numbers."""

    @property
    def met(self) -> bool:
        """Whether the clock is as fast as wanted."""
        return self.reached_mhz >= self.wanted_mhz


def write_reports(folder: Path, utilization: Utilization, timing: Timing) -> None:
    """Leave `utilization.json` and `timing.json`."""
    write_json(folder / "utilization.json", plain(utilization))
    write_json(folder / "timing.json", plain(timing) | {"met": timing.met})


def plain(report: Utilization | Timing) -> dict[str, Any]:
    """As JSON data."""
    return asdict(report)
