"""Which part of the accelerator a cell belongs to, from the line of Verilog that it was made of.

MyHDL writes the hierarchy into the names of blocks and signals, and yosys remembers the line of every word-level cell.
So a cell's line gives the name of the block that stands there, and the name gives the part. Of what stands side by side
many times the first is looked at: one unit of the lanes, one cell of the cell stage. The head is left out.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from typing import Any

from accel.base.faults import Fault, Refused

PARTS = {
    "multipliers": r"_unit\.(stored|rows_slice|operand_part|rows\d+_.*?(stored|carry|weigh)|weigh|fetch)",
    "accumulators": r"_unit\.(accumulators|chain_out|rows\d+_.*?accumulate)",
    "gates": r"_cell\d[\d_]*_(narrow_sum|look_up)[\d_]+_",
    "products": r"_cell\d[\d_]*_(exact|narrow)[\d_]+_",
}
"""Parts by what their blocks are called, the module's name first; the last two are parts of a cell: sums become gates
and pass tables, then operations on them and the state are made exactly and narrowed."""
REST = "rest"
NAMES = (*PARTS, REST)
SAMPLE = "_sample"
"""What the name of the first unit's module ends with."""

_HEAD = re.compile(r"_head_unit\.|\.head_layer")
_CELL = re.compile(r"_cell_stage[\d_]+_cell(\d+)[\d_]*_(?:narrow|look_up|exact)")
_MODULE = re.compile(r"^module (\w+)")
_BLOCK = re.compile(r"^(?:always .*begin: |assign |for \(.*begin: )(\w+)")


def part(module: str, block: str, cell: str) -> str | None:
    """The part of a block in a module; None where it is not looked at, as cells of another number than `cell`."""
    name = f"{module}.{block}"
    found = _CELL.search(name)
    if _HEAD.search(name) or (found and found[1] != cell):
        return None
    return next((part for part, pattern in PARTS.items() if re.search(pattern, name)), REST)


class Lines:
    """The parts of a Verilog text that MyHDL wrote, by line: that of the block that began last."""

    def __init__(self, text: str) -> None:
        module = ""
        first = min(_CELL.findall(text), key=int, default="")
        self.starts = [0]
        self.parts: list[str | None] = [None]
        for number, line in enumerate(text.splitlines(), 1):
            if opened := _MODULE.match(line):
                module = opened[1]
            elif begun := _BLOCK.match(line):
                self.starts.append(number)
                self.parts.append(part(module, begun[1], first))

    def at(self, source: str) -> str | None:
        """The part of a place as yosys writes it, `file:line.column-...`."""
        found = re.search(r":(\d+)\.", source)
        return self.parts[bisect_right(self.starts, int(found[1]) if found else 0) - 1]


def parted(netlist: str, text: str) -> str:
    """A word-level netlist (yosys' JSON) whose cells name their part as `submod`; memories stay where they are.

    The first unit gets a module of its own, whose cells are the lanes' parts. `text` is the Verilog that all was made
    of. Refused where a part has no cells.
    """
    design: dict[str, Any] = json.loads(netlist)
    modules, lines, seen = design["modules"], Lines(text), set()
    for name in [name for name in modules if name.endswith("_unit") and not name.endswith("_head_unit")]:
        modules[name + SAMPLE] = json.loads(json.dumps(modules[name]))
        users = (module["cells"].get(f"{name}_0") for module in modules.values())
        for cell in users:
            if cell is not None:
                cell["type"] = name + SAMPLE
    for name, module in modules.items():
        for cell in module["cells"].values():
            words = cell["type"].startswith("$") and not cell["type"].startswith("$mem")
            found = lines.at(cell["attributes"].get("src", "")) if words and not name.endswith("_unit") else None
            if found is not None:
                cell["attributes"]["submod"] = found
                seen.add(found)
    missing = [name for name in NAMES if name not in seen]
    if missing:
        raise Refused([Fault("the Verilog", f"blocks of the part {name}", "none") for name in missing])
    return json.dumps(design)
