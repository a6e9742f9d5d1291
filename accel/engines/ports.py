"""The ports of a rendered top, as the benches in other languages see them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

DRIVEN = re.compile(r"s_\w+_(tdata|tvalid|tlast|tuser)|m_\w+_tready|states_threshold")
"""Inputs of the accelerator beside clk and reset: one side of its streams, and the threshold of states."""

STATUS = "status_"
"""What the ports of the status word begin with."""

UNWATCHED = ("status_cycles",)
"""Outputs that change in every cycle, by themselves."""
HIDDEN = "-"
"""What is shown of a word while it is not valid."""


@dataclass(frozen=True)
class Port:
    """Name and width of a port; one bit is a flag."""

    name: str
    width: int

    @property
    def range(self) -> str:
        """Its Verilog range."""
        return "" if self.width == 1 else f"[{self.width - 1}:0] "


def ports(signals: dict[str, Any]) -> dict[str, Any]:
    """Signal of every port but clk and reset, by its Verilog name."""
    return dict(_flat(signals))


def _flat(signals: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for group, value in signals.items():
        if group not in ("clk", "reset"):
            for name, signal in vars(value).items():
                yield f"{group}_{name}", signal


def status(signals: dict[str, Any]) -> dict[str, Any]:
    """Signal of every part of the status word, by its port's name without the prefix."""
    return {name.removeprefix(STATUS): signal for name, signal in ports(signals).items() if name.startswith(STATUS)}


def listed(signals: dict[str, Any]) -> tuple[list[Port], list[Port]]:
    """Inputs and outputs."""
    found = [Port(name, len(signal) or 1) for name, signal in ports(signals).items()]
    driven = [port for port in found if DRIVEN.fullmatch(port.name)]
    return driven, [port for port in found if port not in driven]


def watched(outputs: list[Port]) -> list[tuple[str, str | None]]:
    """The outputs that are compared in every cycle, each with the flag that tells when it counts, where it has one."""
    names = [port.name for port in outputs]
    return [(name, _guard(name, names)) for name in names if name not in UNWATCHED]


def _guard(name: str, names: list[str]) -> str | None:
    valid = f"{name.rpartition('_')[0]}_tvalid" if name.endswith(("_tdata", "_tlast")) else f"{name}_valid"
    return valid if valid in names else None


def flags(signals: dict[str, Any]) -> dict[str, Any]:
    """Signal of every flag of the status word, by its port's name without the prefix."""
    return {name: signal for name, signal in status(signals).items() if len(signal) <= 1}
