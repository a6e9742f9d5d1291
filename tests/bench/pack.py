"""What two products a multiplier spare, counted by yosys: writes docs/pack.md.

    python -m tests.bench.pack

Each design is made twice, with `engine.pack` and without; `sparrow check`'s count must be that of yosys.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from accel.architecture.network import network
from accel.base import tools
from accel.base.files import write_text
from accel.model import random_weights
from accel.model.design import Design
from accel.rtl.convert import convert
from accel.rtl.render import render
from accel.spec import Spec
from fpga.able import refusals
from fpga.board import find
from fpga.build import estimate as counted
from fpga.estimate import exact
from fpga.multipliers import taken
from tests.designs import spec

WORK, PAGE = Path("build/pack"), Path(__file__).resolve().parents[2] / "docs/pack.md"
COLUMN = {"pattern": "column", "input": 0.5, "recurrent": 0.5}
SHARED = {"pattern": "row", "input": 0.5, "recurrent": 0.5, "shared_by_gates": True}
DENSE = {"pattern": "dense", "input": None, "recurrent": None}


def sections(bits: int, board: str, sparsity: dict[str, Any], **others: Any) -> dict[str, Any]:
    """A layer of 8 inputs and 16 units on 16 lanes (12 of a GRU); weights of some bits, operands of 8 (7 on ECP5)."""
    operand = 7 if board == "ulx3s-85f" else 8
    made = {"width": bits, "input_frac": bits - 1, "recurrent_frac": bits - 1}
    held = {"input": [operand, operand - 1], "state": [operand, operand - 1], "activation": [operand, operand - 1]}
    engine = {"units": 4} | others.pop("engine", {})
    return {
        "model": {"inputs": 8, "hidden": [16], "head": None} | others,
        "sparsity": sparsity,
        "weights": made,
        "formats": held | {"gate": [12, 8], "bias": [12, 8], "cell": [12, 8]},
        "engine": engine,
        "target": {"board": board},
    }


COLUMNS = {"engine": {"dataflow": "column"}}
DESIGNS: dict[str, dict[str, Any]] = {
    "by columns, 8 bits": sections(8, "zcu104", COLUMN, **COLUMNS),
    "by columns, GRU, 8 bits": sections(8, "zcu104", COLUMN, cell="gru", **COLUMNS),
    "dense rows, 8 bits": sections(8, "zcu104", DENSE),
    "rows, columns shared by gates, 8 bits": sections(8, "zcu104", SHARED),
    "by columns, 8 bits, xc7": sections(8, "arty-a7-100", COLUMN, **COLUMNS),
    "by columns, 5 bits": sections(5, "ulx3s-85f", COLUMN, **COLUMNS),
    "rows, columns shared by gates, 5 bits": sections(5, "ulx3s-85f", SHARED),
    "by columns, 4 bits": sections(4, "ulx3s-85f", COLUMN, **COLUMNS),
}


@dataclass(frozen=True)
class Count:
    """What yosys counts of a design."""

    multipliers: int
    luts: int
    registers: int


def made(name: str, pack: bool) -> Spec:
    """The spec of a design, with two products a multiplier or one."""
    given, number = DESIGNS[name], list(DESIGNS).index(name)
    return spec(**given | {"name": f"pack-{number}-{int(pack)}", "engine": given["engine"] | {"pack": pack}})


def count(chosen: Spec) -> Count:
    """Synthesised; an error where `check` says another number of multipliers."""
    design = Design(chosen, random_weights.seeded(chosen), WORK / chosen.name)
    for path, text in render(design).items():
        write_text(design.work / path, text)
    write_text(design.work / f"rtl/{chosen.identifier}.v", convert(design))
    board = find(str(chosen.target.board))
    used = counted(design, board).used
    said = exact(design.net, board)[0].used
    if said != used["multipliers"]:
        raise AssertionError(f"{chosen.name}: check says {said} multipliers, yosys {used['multipliers']}")
    return Count(used["multipliers"], used["luts"], used["registers"])


def rows() -> Iterator[tuple[str, ...]]:
    """A line of the table for each design."""
    for name in DESIGNS:
        both = made(name, pack=True)
        assert not list(refusals(both))
        layer, board = network(both).layers[0], find(str(both.target.board))
        before, after = count(made(name, pack=False)), count(both)
        each, _ = taken(layer.weight_width, layer.operand_width, board.family)
        others, lanes = before.multipliers - layer.multipliers * each, layer.multipliers
        yield (
            *(name, f"{board.name}, {board.family}", f"{layer.packed_width} x {layer.operand_width}", str(lanes)),
            *(f"{before.multipliers}", f"{after.multipliers}"),
            f"{(before.multipliers - others) / lanes:.2g} → {(after.multipliers - others) / lanes:.2g}",
            f"{before.luts:,} → {after.luts:,}",
            f"{before.registers:,} → {after.registers:,}",
        )


def page(found: list[tuple[str, ...]]) -> str:
    """docs/pack.md."""
    version = next(one.version for one in tools.examine() if one.tool == "yosys")
    heads = ("design", "board", "word x operand", "lanes", "multipliers", "with pack", "of lanes, a lane")
    lines = [(*heads, "lookup tables", "registers"), ("---",) * 9, *found]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return HEAD.format(version=version) + table + "\n" + TAIL


HEAD = """# Two products a multiplier

Made by `make pack` with yosys {version}; do not edit. **Synthesised**, not placed; for Xilinx chips an estimate of what
Vivado makes. Each design twice, without `engine.pack` and with it: 8 inputs, 16 units, no head, four units at once,
seeded weights, operands of 8 bits (7 on ECP5). "Multipliers" are those of the whole design, the cells' too; `sparrow
check` tells the same numbers, or the page is not made. How it is exact, and what is refused:
[decision 049](decisions/049-two-products.md).

"""
TAIL = """
A step takes the same cycles with and without. What grows beside the multipliers is the subtraction in front of a pair
and the borrow that is given back behind it.
"""


if __name__ == "__main__":
    write_text(PAGE, page(list(rows())))
