"""Proofs that a mutant computes what the original does; a mutant with one is not counted.

* Verilog: yosys optimises both (constant folding, sharing, dead logic), then the two netlists are walked together from
  the output ports backwards. If every pair of cells met has the same type and parameters, the walk is a bisimulation.
* Verilog under reset: the change only has an effect while `reset` is high, nothing differs at the ports in any cycle,
  and some cycles after reset every register and memory holds what it holds in the original. From there on both are
  the same machine in the same state. (Icarus starts registers as unknown values, so what reset leaves out is unknown.)
* C++: g++ -O2 makes the same object file of both, with the copies of operand memories that hardware has.
* C++ widths: with integers that are not checked for their range the object files are the same, and the change makes an
  exact integer wider: no value changes.
"""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from accel.base import tools
from accel.engines.hls import FLAGS

OPTIMISED = (
    "read_verilog design.v; hierarchy -top {top}; proc; flatten; opt -full; wreduce; opt -full; opt_clean -purge; "
    "write_json design.json"
)
Netlist = dict[str, Any]


def netlist(verilog: Path, top: str) -> Netlist:
    """The optimised top of a Verilog file whose memory files lie beside it. Raises CalledProcessError."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path in verilog.parent.iterdir():
            (folder / path.name).write_bytes(path.read_bytes())
        (folder / "design.v").write_bytes(verilog.read_bytes())
        command = [str(tools.paths(["yosys"])["yosys"]), "-q", "-p", OPTIMISED.format(top=top)]
        subprocess.run(command, cwd=folder, capture_output=True, check=True)
        found: Netlist = json.loads((folder / "design.json").read_text())["modules"][top]
        return found


def same_function(one: Netlist, other: Netlist) -> bool:
    """Whether two netlists with the same ports are bisimilar."""
    drivers = [_drivers(side) for side in (one, other)]
    if one["ports"].keys() != other["ports"].keys():
        return False
    pending: list[tuple[Any, Any]] = []
    for name, port in one["ports"].items():
        if port["direction"] == "output":
            pending += zip(port["bits"], other["ports"][name]["bits"], strict=True)
    met: set[tuple[Any, Any]] = set()
    while pending:
        pair = pending.pop()
        if pair in met:
            continue
        met.add(pair)
        inputs = _inputs_of_same(pair, drivers)
        if inputs is None:
            return False
        pending += inputs
    return True


Driver = tuple[str, int, dict[str, Any]]
"""The port that drives a bit, the bit's place in it, and the cell (empty for a port of the module)."""


def _drivers(side: Netlist) -> dict[Any, Driver]:
    found: dict[Any, Driver] = {}
    for name, port in side["ports"].items():
        if port["direction"] == "input":
            found |= {bit: (name, place, {}) for place, bit in enumerate(port["bits"])}
    for cell in side["cells"].values():
        for name, direction in cell.get("port_directions", {}).items():
            if direction == "output":
                found |= {bit: (name, place, cell) for place, bit in enumerate(cell["connections"][name])}
    return found


def _inputs_of_same(pair: tuple[Any, Any], drivers: list[dict[Any, Driver]]) -> list[tuple[Any, Any]] | None:
    """Pairs of bits that two bits depend on where their drivers are alike; None where they are not."""
    if isinstance(pair[0], str) or isinstance(pair[1], str):
        return [] if pair[0] == pair[1] else None
    (name, place, cell), (other_name, other_place, other) = (side[bit] for side, bit in zip(drivers, pair, strict=True))
    if (name, place, cell.get("type"), _parameters(cell)) != (
        other_name,
        other_place,
        other.get("type"),
        _parameters(other),
    ):
        return None
    found: list[tuple[Any, Any]] = []
    for port, bits in cell.get("connections", {}).items():
        if cell["port_directions"][port] == "input":
            if len(bits) != len(other["connections"][port]):
                return None
            found += zip(bits, other["connections"][port], strict=True)
    return found


def _parameters(cell: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in cell.get("parameters", {}).items() if name not in ("MEMID",)}


UNCHECKED = """#pragma once
namespace sparrow {
template <int kWidth>
class CheckedInt {
 public:
  CheckedInt() = default;
  CheckedInt(long long value) : value_(value) {}
  template <int kOther>
  CheckedInt(const CheckedInt<kOther> &other) : value_(static_cast<long long>(other)) {}
  operator long long() const { return value_; }
 private:
  long long value_ = 0;
};
}
"""
"""In place of `checked_int.h`: integers whose width makes no difference."""


def objects(folder: Path, unchecked: bool = False) -> list[bytes] | None:
    """What g++ makes of a rendered folder's top, with one copy of operand memories and with all; None if it refuses."""
    found = []
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        for path in folder.iterdir():
            if path.is_file():
                (work / path.name).write_bytes(path.read_bytes())
        if unchecked:
            (work / "checked_int.h").write_text(UNCHECKED)
        for copies in ((), ("-DSPARROW_COPIES",)):
            command = ["g++", *FLAGS, *copies, "-c", "top.cpp", "-o", "top.o"]
            if subprocess.run(command, cwd=work, capture_output=True, check=False).returncode:
                return None
            found.append((work / "top.o").read_bytes())
    return found


def widens(before: str, after: str) -> bool:
    """Whether the only change of a line is a number of a constant's sum or of a type's width, one more than before."""
    old, new = (re.findall(r"\d+|\D+", text) for text in (before, after))
    changed = [(a, b) for a, b in zip(old, new, strict=False) if a != b]
    if len(old) != len(new) or len(changed) != 1 or not (changed[0][0].isdigit() and changed[0][1].isdigit()):
        return False
    return int(changed[0][1]) == int(changed[0][0]) + 1 and ("constexpr int" in before or "Int<" in before)


def only_under_reset(kind: str) -> bool:
    """Whether a mutation operator changes what happens while `reset` is high, and nothing else."""
    return kind in ("reset value", "reset dropped")
