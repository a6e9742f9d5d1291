"""Area of a lane by the kind of its weights, counted by yosys: writes docs/area.md.

    python tests/bench/area.py

What is counted is one unit of a dense layer of 1000 inputs and 1000 units: four lanes with their accumulators and the
registers that carry totals to the cell stage; no memory. Cells are those of an open 180 nm library (Debian's
qflow-tech-osu018, or the file that SPARROW_LIBERTY names; left out where it is not found) and the LUTs of ECP5 with multipliers mapped to LUTs.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from accel.architecture.array import Array
from accel.architecture.network import network
from accel.base import tools
from accel.base.files import write_text
from accel.rtl.blocks.lanes.unit import dense_unit, shared_width
from accel.rtl.blocks.primitives.signals import bits, flag
from accel.rtl.form import converted
from accel.rtl.modules import written
from accel.schedule.load_spec import parse

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = Path(os.environ.get("SPARROW_LIBERTY", "/usr/share/qflow/tech/osu018/osu018_stdcells.lib"))

KINDS: dict[str, dict[str, Any]] = {
    "fixed, 12 bits": {"kind": "fixed", "width": 12, "input_frac": 11, "recurrent_frac": 11},
    "fixed, 8 bits": {"kind": "fixed", "width": 8, "input_frac": 7, "recurrent_frac": 7},
    "fixed, 4 bits": {"kind": "fixed", "width": 4, "input_frac": 3, "recurrent_frac": 3},
    "ternary": {"kind": "ternary", "input_frac": 0, "recurrent_frac": 0},
    "binary": {"kind": "binary", "input_frac": 0, "recurrent_frac": 0},
}


def array(weights: dict[str, Any]) -> Array:
    """The layer: operands of 12 bits, biases that fit every kind."""
    fraction = 11
    made = parse(
        {
            "name": "area",
            "model": {"inputs": 1000, "hidden": [1000]},
            "sparsity": {"pattern": "dense"},
            "weights": weights,
            "formats": {
                **{"input": [12, fraction], "bias": [16, 11], "gate": [16, 11]},
                **{"activation": [12, 11], "cell": [16, 11], "state": [12, fraction]},
            },
            "engine": {"units": 100},
            "training": {"task": "seeded"},
        }
    )
    return network(made).layers[0]


def said(text: str, steps: str) -> str:
    """What yosys' statistics say of a module named `unit` after some steps, which find the library as `cells.lib`."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_text(folder / "unit.v", text)
        if LIBRARY.is_file():
            shutil.copy(LIBRARY, folder / "cells.lib")
        script = f"read_verilog unit.v; {steps}"
        yosys = tools.paths(["yosys"])["yosys"]
        subprocess.run([yosys, "-q", "-p", script], cwd=folder, check=True, capture_output=True)
        return (folder / "said").read_text(encoding="utf-8")


def luts(text: str) -> int:
    """LUT4 of ECP5, two for each carry cell; multipliers are made of LUTs."""
    report = json.loads(said(text, "synth_ecp5 -nodsp -top unit; tee -q -o said stat -json"))
    cells = report["design"]["num_cells_by_type"]
    return int(cells.get("LUT4", 0)) + 2 * int(cells.get("CCU2C", 0))


def cell_area(text: str) -> float | None:
    """Area of the open library's cells, in its unit; None where the library is not found."""
    if not LIBRARY.is_file():
        return None
    mapped = "synth -flatten -top unit; dfflibmap -liberty cells.lib; abc -liberty cells.lib; opt_clean"
    report = said(text, f"{mapped}; tee -q -o said stat -liberty cells.lib")
    found = re.search(r"Chip area for module[^:]*: ([0-9.]+)", report)
    return float(found.group(1)) if found else None


def rows() -> Iterator[tuple[str, int, int, float | None]]:
    """Kind, bits of a weight, LUTs and area of four lanes."""
    for kind, weights in KINDS.items():
        made = array(weights)
        text = unit_text(made)
        yield kind, made.weight_width, luts(text), cell_area(text)


def unit_text(made: Array) -> str:
    """The unit's Verilog."""
    chain = made.sums_per_unit * made.total_width
    ports = {"clk": flag(), "word": bits(made.word_width), "first": flag(), "capture": flag()}
    ports |= {"shared": bits(shared_width(made)), "shift_in": bits(chain), "shift_out": bits(chain)}
    return written(converted(dense_unit, {**ports, "array": made}), "unit")


def page(found: list[tuple[str, int, int, float | None]]) -> str:
    """docs/area.md."""
    _, most_bits, most_luts, most_area = found[0]
    version = next(one.version for one in tools.examine() if one.tool == "yosys")
    head = (
        "# Area of a lane by the kind of its weights\n\n"
        f"Made by `python tests/bench/area.py` with yosys {version}; do not edit. **Synthesised**, not placed. One unit of a dense\n"
        "layer 1000 -> 1000 with operands of 12 bits, four lanes: weight registers, multiplier or none, product register, exact\n"
        "accumulator, and the register that carries the total to the cell stage. No memory, no cell stage. Every kind does one\n"
        "weight a lane and cycle, so the ratio of areas is the ratio of throughput per area at the same clock.\n\n"
        "| weights | bits of a weight | weight memory | LUT4 of ECP5, no multipliers | | area, osu018 cells | |\n"
        "|---|---|---|---|---|---|---|\n"
    )
    lines = ""
    for kind, size, count, area in found:
        cells = "not run | " if area is None or most_area is None else f"{area / 4:,.0f} | {most_area / area:.1f}x less"
        lines += f"| {kind} | {size} | {most_bits / size:.1f}x less | {count / 4:,.0f} a lane | {most_luts / count:.1f}x less | {cells} |\n"
    return (
        head
        + lines
        + (
            "\nTernary (arXiv 1809.11086) recalls 10x (binary) and 5x (ternary) more lanes in the area of 12-bit ones, in 65 nm\n"
            "[R-H]. Here the accumulator and the register behind it, which every kind needs, are most of what is left: the\n"
            "ratio to 12 bits is higher in LUTs, where a multiplier is dear, and lower in cells.\n"
        )
    )


if __name__ == "__main__":
    (ROOT / "docs" / "area.md").write_text(page(list(rows())), encoding="utf-8")
