"""Moves registers of an ECP5 netlist into the block RAMs that they stand behind, and into multipliers.

yosys leaves the output registers of DP16KD and MULT18X18D unused and puts flip-flops behind them: a block RAM's word
then leaves it 5.8 ns after the clock instead of 1.0 ns (nextpnr, speed grade 6), and every bit costs a flip-flop. A
register is moved where all bits of an output that anybody reads go into plain flip-flops of the same clock and nowhere
else: no enable, no reset, zero at start.

The factors of a multiplier have to come 3.5 ns before the clock where they have no registers there. They get them where
all bits of both come out of such flip-flops, right behind other registers: without those the way from one place to the
next is longer than what is gained. Flip-flops that somebody else reads stay beside it.

The netlist computes the same in each cycle; engine `chip` proves it.

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
        self.kept_by: dict[Bit, str] = {}
        """The flip-flop that drives a bit."""
        self.registered: set[Bit] = set()
        """What comes out of a register, one that was moved or another."""
        for name, cell in self.cells.items():
            if cell["type"] == "TRELLIS_FF":
                self.kept_by[cell["connections"]["Q"][0]] = name
                self.registered.add(cell["connections"]["Q"][0])
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

    def feeding(self, bits: list[Bit], clock: Bit) -> dict[Bit, str] | None:
        """The flip-flop of this clock, behind a register, in front of each bit that is no zero; else None."""
        found = {bit: self.kept_by.get(bit, "") for bit in bits if bit != "0"}
        for name in found.values():
            if name not in self.cells or not _plain(self.cells[name], clock):
                return None
            if self.cells[name]["connections"]["DI"][0] not in self.registered:
                return None
        return found or None

    def take_in(self, name: str, ports: list[str], registers: dict[Bit, str]) -> int:
        """Let a cell's ports read what the flip-flops read, and remove those nobody reads any more; their number."""
        connections = self.cells[name]["connections"]
        for port in ports:
            (bit,) = connections[port]
            if bit in registers:
                connections[port] = list(self.cells[registers[bit]]["connections"]["DI"])
                self.readers[bit].remove((name, port))
                self.readers[connections[port][0]].append((name, port))
        idle = [(bit, flop) for bit, flop in registers.items() if not self.readers[bit]]
        for _, flop in idle:
            self.readers[self.cells.pop(flop)["connections"]["DI"][0]].remove((flop, "DI"))
        return len(idle)

    def move(self, cell: Cell, ports: list[str], registers: dict[Bit, str]) -> None:
        """Let the ports drive what the flip-flops drove, and remove those."""
        for port in ports:
            name = registers.get(cell["connections"][port][0])
            if name is not None:
                cell["connections"][port] = self.cells.pop(name)["connections"]["Q"]
                self.kept_by.pop(cell["connections"][port][0])


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


def _block_ram(netlist: Netlist, name: str) -> Iterator[int]:
    """Registers moved into one DP16KD: side by side, or all together where one word is as wide as both sides.

    All of a wide word is read by the clock of side B; side A, if it never writes, may have none, and is given the same.
    """
    cell = netlist.cells[name]
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


def _product(netlist: Netlist, name: str) -> Iterator[int]:
    """Registers moved behind one MULT18X18D, whose registers have a clock of their own."""
    cell = netlist.cells[name]
    if cell["parameters"].get("REG_OUTPUT_CLK", "NONE") != "NONE":
        return
    ports = _ports(cell, "P")
    bits = [cell["connections"][port][0] for port in ports]
    behind = [reader for bit in bits for reader, _ in netlist.readers.get(bit, ()) if reader]
    clock = netlist.cells[behind[0]]["connections"].get("CLK", [""])[0] if behind else ""
    registers = netlist.registers(bits, clock)
    if registers:
        cell["parameters"] |= {"REG_OUTPUT_CLK": "CLK0", "REG_OUTPUT_CE": "CE0", "REG_OUTPUT_RST": "RST0"}
        cell["connections"] |= {"CLK0": [clock], "CE0": ["1"], "RST0": ["0"]}
        cell["port_directions"] |= {"CLK0": "input", "CE0": "input", "RST0": "input"}
        netlist.move(cell, ports, registers)
        yield len(registers)


def _factors(netlist: Netlist, name: str) -> Iterator[int]:
    """Registers moved in front of one MULT18X18D that has its product's: of both factors, since one alone that is late
    bounds the clock as well.
    """
    cell = netlist.cells[name]
    parameters, connections = cell["parameters"], cell["connections"]
    if parameters.get("REG_OUTPUT_CLK", "NONE") != "CLK0" or parameters.get("REG_INPUTA_CLK", "NONE") != "NONE":
        return
    sides = {side: _ports(cell, side) for side in "AB"}
    bits = {side: [connections[port][0] for port in ports] for side, ports in sides.items()}
    found = {side: netlist.feeding(of, connections["CLK0"][0]) for side, of in bits.items()}
    for side, registers in found.items() if all(found.values()) else ():
        parameters |= {f"REG_INPUT{side}_{kind}": f"{kind}0" for kind in ("CLK", "CE", "RST")}
        yield netlist.take_in(name, sides[side], registers or {})


ABSORBERS = (("DP16KD", _block_ram), ("MULT18X18D", _product), ("MULT18X18D", _factors))
"""In this order: what stands between a memory and a multiplier is the memory's."""


def absorb(design: dict[str, Any]) -> Counter[str]:
    """Move what can be moved in every module, in place; flip-flops that are gone, by what they are in now."""
    moved: Counter[str] = Counter()
    for module in design["modules"].values():
        netlist = Netlist(module)
        for kind, absorber in ABSORBERS:
            for name in [name for name, cell in netlist.cells.items() if cell["type"] == kind]:
                moved[kind] += sum(absorber(netlist, name))
    return moved


def main(before: str, after: str) -> None:
    """Read a netlist, write the other one, print what was moved."""
    design = json.loads(Path(before).read_text(encoding="utf-8"))
    moved = absorb(design)
    Path(after).write_text(json.dumps(design), encoding="utf-8")
    for cell, count in sorted(moved.items()):
        print(f"{count} flip-flops are registers of {cell} now")


if __name__ == "__main__":
    main(*sys.argv[1:])
