"""A flat netlist of library cells, as yosys writes it in JSON: each cell with its part and the nets at its pins."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from accel.base.faults import Fault, Refused


@dataclass(frozen=True)
class Gate:
    """A cell of the library; `nets` are by pin, None where a pin is constant or open."""

    kind: str
    part: str
    nets: dict[str, str | None]


def gates(text: str, top: str) -> list[Gate]:
    """The gates of a module: its cells that have a part. Refused where one of them is none of a library."""
    module: dict[str, Any] = json.loads(text)["modules"][top]
    names = _names(module)
    cells = [cell for cell in module["cells"].values() if "part" in cell["attributes"]]
    strange = sorted({cell["type"] for cell in cells if cell["type"].startswith("$")})
    if strange:
        raise Refused([Fault(top, "cells of the library", ", ".join(strange))])
    return [
        Gate(
            cell["type"],
            cell["attributes"]["part"],
            {pin: names.get(bits[0]) for pin, bits in cell["connections"].items()},
        )
        for cell in cells
    ]


def _names(module: dict[str, Any]) -> dict[int | str, str]:
    """The name of every net by yosys' number for it; constants have none."""
    return {
        bit: name if len(net["bits"]) == 1 else f"{name}[{place}]"
        for name, net in module["netnames"].items()
        for place, bit in enumerate(net["bits"])
        if isinstance(bit, int)
    }
