"""Moves registers into the block RAMs and multipliers of an ECP5 netlist that they stand behind.

yosys leaves the output registers of DP16KD and MULT18X18D unused and puts flip-flops behind them: a block RAM's word
then leaves it 5.8 ns after the clock instead of 1.0 ns (nextpnr, speed grade 6), and every bit costs a flip-flop. A
register is moved where all bits of an output that anybody reads go into plain flip-flops of the same clock and nowhere
else: no enable, no reset, zero at start. The netlist computes the same in each cycle; engine `chip` proves it.

Needs nothing but Python, since it travels with a plan:  python3 absorb.py NETLIST.json REGISTERED.json
"""

from __future__ import annotations

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Cell = dict[str, Any]
Bit = int | str
"""A net's number, or a constant."""
WIDE = 36
"""Width of a block RAM word for which both of its sides read."""


class Netlist:
    """One module of a yosys netlist, with the readers of every bit."""

    def __init__(self, module: dict[str, Any]) -> None:
        self.cells: dict[str, Cell] = module["cells"]
        self.readers: dict[Bit, list[tuple[str, str]]] = defaultdict(list)
        for name, cell in self.cells.items():
            for port, bits in cell["connections"].items():
                if cell["port_directions"][port] == "input":
                    for bit in bits:
                        self.readers[bit].append((name, port))
        for port in module["ports"].values():
            if port["direction"] == "output":
                for bit in port["bits"]:
                    self.readers[bit].append(("", "port"))

    def registers(self, bits: list[Bit], clock: Bit) -> dict[Bit, str] | None:
        """The flip-flop behind each bit that is read; None where one of them is read by anything else."""
        found: dict[Bit, str] = {}
        for bit in bits:
            for name, port in self.readers.get(bit, ()):
                if bit in found or port != "DI" or not _plain(self.cells[name], clock):
                    return None
                found[bit] = name
        return found

    def move(self, cell: Cell, ports: list[str], registers: dict[Bit, str]) -> None:
        """Let the ports drive what the flip-flops drove, and remove those."""
        for port in ports:
            name = registers.get(cell["connections"][port][0])
            if name is not None:
                cell["connections"][port] = self.cells.pop(name)["connections"]["Q"]


def _plain(cell: Cell, clock: Bit) -> bool:
    """Whether a cell is a flip-flop of this clock that takes its input in every cycle and begins with zero."""
    if cell["type"] != "TRELLIS_FF" or cell["connections"]["CLK"] != [clock]:
        return False
    set_to = {name: str(value).strip() for name, value in cell["parameters"].items()}
    enabled = set_to.get("CEMUX") == "1" or cell["connections"].get("CE") == ["1"]
    quiet = cell["connections"].get("LSR", ["0"]) == ["0"]
    return enabled and quiet and set_to.get("CLKMUX") == "CLK" and set_to.get("REGSET") == "RESET"


def _ports(cell: Cell, prefix: str) -> list[str]:
    return [port for port in cell["connections"] if port.startswith(prefix) and port[len(prefix) :].isdecimal()]


def _block_ram(netlist: Netlist, cell: Cell) -> Iterator[int]:
    """Registers moved into one DP16KD: side by side, or all together where one word is as wide as both sides.

    All of a wide word is read by the clock of side B; side A, if it never writes, may have none, and is given the same.
    """
    connections, parameters = cell["connections"], cell["parameters"]
    if WIDE in (int(parameters[f"DATA_WIDTH_{side}"], 2) for side in "AB"):
        clock = connections["CLKB"][0]
        groups = [("AB", clock)] if connections["CLKA"][0] in (clock, "0", "1", "x") else []
    else:
        groups = [(side, connections[f"CLK{side}"][0]) for side in "AB"]
    for sides, clock in groups:
        ports = [port for side in sides for port in _ports(cell, f"DO{side}")]
        registers = netlist.registers([connections[port][0] for port in ports], clock)
        if registers and all(parameters[f"REGMODE_{side}"] == "NOREG" for side in sides):
            for side in sides:
                parameters[f"REGMODE_{side}"] = "OUTREG"
                connections[f"CLK{side}"], connections[f"OCE{side}"] = [clock], ["1"]
            netlist.move(cell, ports, registers)
            yield len(registers)


def _multiplier(netlist: Netlist, cell: Cell) -> Iterator[int]:
    """Registers moved behind one MULT18X18D, whose registers have a clock of their own."""
    if cell["parameters"].get("REG_OUTPUT_CLK", "NONE") != "NONE":
        return
    ports = _ports(cell, "P")
    bits = [cell["connections"][port][0] for port in ports]
    behind = [name for bit in bits for name, _ in netlist.readers.get(bit, ()) if name]
    clock = netlist.cells[behind[0]]["connections"].get("CLK", [""])[0] if behind else ""
    registers = netlist.registers(bits, clock)
    if registers:
        cell["parameters"] |= {"REG_OUTPUT_CLK": "CLK0", "REG_OUTPUT_CE": "CE0", "REG_OUTPUT_RST": "RST0"}
        cell["connections"] |= {"CLK0": [clock], "CE0": ["1"], "RST0": ["0"]}
        cell["port_directions"] |= {"CLK0": "input", "CE0": "input", "RST0": "input"}
        netlist.move(cell, ports, registers)
        yield len(registers)


ABSORBERS = {"DP16KD": _block_ram, "MULT18X18D": _multiplier}


def absorb(design: dict[str, Any]) -> Counter[str]:
    """Move what can be moved in every module, in place; flip-flops that are gone, by what they are in now."""
    moved: Counter[str] = Counter()
    for module in design["modules"].values():
        netlist = Netlist(module)
        for cell in list(netlist.cells.values()):
            if cell["type"] in ABSORBERS:
                moved[cell["type"]] += sum(ABSORBERS[cell["type"]](netlist, cell))
    return moved


def main(before: str, after: str) -> None:
    """Read a netlist, write the other one, print what was moved."""
    design = json.loads(Path(before).read_text(encoding="utf-8"))
    moved = absorb(design)
    Path(after).write_text(json.dumps(design), encoding="utf-8")
    for cell, count in sorted(moved.items()):
        print(f"{count} flip-flops are output registers of {cell} now")


if __name__ == "__main__":
    main(*sys.argv[1:])
