"""Which part of the accelerator a cell belongs to, from the module and the line of Verilog that it was made of.

MyHDL writes the hierarchy into the names of blocks and signals, and yosys remembers the line of every word-level cell.
So a cell's line gives the name of the block that stands there, and its module and the name give the part. Of what
stands side by side many times the first is looked at: one unit of the lanes, one cell of the cell stage. The head is
left out.
"""

from __future__ import annotations

import copy
import json
import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import Any

from accel.base.faults import Fault, Refused

UNIT, CELL = re.compile(r"_unit(_\d+)?$"), re.compile(r"_cell(_\d+)?$|_cell_in_levels(_\d+)?$")
LAYER, HEAD = re.compile(r"_(recurrent|column)_layer(_\d+)?$"), re.compile(r"_head_layer(_\d+)?$")
"""Modules by the ends of their names."""
PARTS = {
    "multipliers": (UNIT, r"stored|rows_slice|operand_part|rows\d+_.*?(stored|carry|weigh)|weigh|fetch"),
    "accumulators": (UNIT, r"accumulators|chain_out|rows\d+_.*?accumulate"),
    "gates": (CELL, r"narrow_sum|look_up"),
    "products": (CELL, r"exact|narrow"),
}
"""Parts by their modules, and what their blocks' names begin with there; the last two are parts of a cell: sums become
gates and pass tables, then operations on them and the state are made exactly and narrowed."""
REST = "rest"
NAMES = (*PARTS, REST)
SAMPLE = "_sample"
"""What the names of the modules of the first unit and of the first cell end with."""

_MODULE = re.compile(r"^module (\w+)")
_BLOCK = re.compile(r"^(?:always |assign |for \()[^;]*?(?:begin: (\w+)|(?<=assign )(\w+))")


def part(module: str, block: str) -> str:
    """The part of a block in a module."""
    fitting = (name for name, (kind, begins) in PARTS.items() if kind.search(module) and re.match(begins, block))
    return next(fitting, REST)


class Lines:
    """The parts of a Verilog text that MyHDL wrote, by line: that of the block that began last."""

    def __init__(self, text: str) -> None:
        module = ""
        self.starts = [0]
        self.parts = [REST]
        lines = text.splitlines()
        for number, line in enumerate(lines, 1):
            if opened := _MODULE.match(line):
                module = opened[1]
            elif begun := _BLOCK.match(" ".join(lines[number - 1 : number + 2])):
                self.starts.append(number)
                self.parts.append(part(module, begun[1] or begun[2]))

    def at(self, source: str) -> str:
        """The part of a place as yosys writes it, `file:line.column-...`."""
        found = re.search(r":(\d+)\.", source)
        return self.parts[bisect_right(self.starts, int(found[1]) if found else 0) - 1]


def parted(netlist: str, text: str) -> str:
    """A word-level netlist (yosys' JSON) whose cells name their part as `submod`; memories stay where they are.

    The first unit and the first cell get modules of their own, whose cells are their parts. `text` is the Verilog that
    all was made of. Refused where a part has no cells.
    """
    design: dict[str, Any] = json.loads(netlist)
    modules, lines, seen = design["modules"], Lines(text), set()
    layer = next(name for name in modules if LAYER.search(name))
    for kind in (UNIT, CELL):
        _set_apart(modules, layer, kind)
    head = {inner for name in modules if HEAD.search(name) for inner in (name, *_inside(modules, name))}
    for name, parts in _looked_at(modules, head - {layer, *_inside(modules, layer)}):
        for cell in modules[name]["cells"].values():
            found = lines.at(cell["attributes"].get("src", ""))
            if cell["type"].startswith("$") and not cell["type"].startswith("$mem") and found in parts:
                cell["attributes"]["submod"] = found
                seen.add(found)
    missing = [name for name in NAMES if name not in seen]
    if missing:
        raise Refused([Fault("the Verilog", f"blocks of the part {name}", "none") for name in missing])
    return json.dumps(design)


def _looked_at(modules: dict[str, Any], head: set[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Modules, and the parts of which their cells count: not the head's alone, units and cells but the first one's."""
    for name in modules:
        if name not in head and not UNIT.search(name):
            yield name, (REST,) if CELL.search(name) else NAMES


def _inside(modules: dict[str, Any], name: str) -> Iterator[str]:
    """The modules within a module, however deep."""
    for cell in modules[name]["cells"].values():
        if cell["type"] in modules:
            yield cell["type"]
            yield from _inside(modules, cell["type"])


def _set_apart(modules: dict[str, Any], layer: str, kind: re.Pattern[str]) -> None:
    """Give the first instance of a kind in a layer modules of its own, in their names `SAMPLE`."""
    for name in (layer, *_inside(modules, layer)):
        cells = modules[name]["cells"]
        found = [instance for instance in cells if kind.search(cells[instance]["type"])]
        if found:
            first = cells[min(found, key=_number)]
            first["type"] = _copied(modules, first["type"])
            return


def _copied(modules: dict[str, Any], name: str) -> str:
    made = copy.deepcopy(modules[name])
    modules[f"{name}{SAMPLE}"] = made
    for cell in made["cells"].values():
        if cell["type"] in modules:
            cell["type"] = _copied(modules, cell["type"])
    return f"{name}{SAMPLE}"


def _number(instance: str) -> int:
    return int(re.sub(r"\D", "", instance.rpartition("_")[2]) or 0)
