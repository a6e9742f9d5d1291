"""The ports of a rendered top, as the benches in other languages see them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

DRIVEN = ("s_axis_tdata", "s_axis_tvalid", "s_axis_tlast", "m_axis_tready")
"""Inputs of the accelerator beside clk and reset."""


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


def listed(signals: dict[str, Any]) -> tuple[list[Port], list[Port]]:
    """Inputs and outputs."""
    found = [Port(name, len(signal) or 1) for name, signal in ports(signals).items()]
    return [p for p in found if p.name in DRIVEN], [p for p in found if p.name not in DRIVEN]
