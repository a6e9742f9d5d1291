"""The memories of a design, against those that yosys finds in its Verilog."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from accel.base.files import write_text
from accel.model import random_weights
from accel.model.design import Design
from accel.rtl.convert import convert
from accel.rtl.render import render
from fpga.inventory import memories
from fpga.rtl import generated
from tests.bench.resource_designs import designs
from tests.fpga.test_memories import YOSYS, needs_yosys

FAST = ("tiny", "loaded")
Shapes = Counter[tuple[str, int, int]]


def found(name: str, folder: Path) -> Shapes:
    """Kind, words and bits of every memory in the Verilog of a design."""
    spec = designs()[name]
    made = Design(spec, random_weights.seeded(spec), folder)
    for path, text in render(made).items():
        write_text(folder / path, text)
    write_text(folder / f"rtl/{spec.identifier}.v", convert(made))
    rtl = generated(spec, folder)
    for path, text in rtl.files.items():
        write_text(folder / "flat" / path, text)
    read = f"read_verilog -sv {' '.join(rtl.sources)}; hierarchy -top {rtl.top}; proc; flatten; opt; opt_clean"
    words = (str(YOSYS), "-q", "-p", f"{read}; memory -nomap -no-rw-check; dump -o memories.il t:$mem_v2")
    subprocess.run(words, cwd=folder / "flat", check=True, capture_output=True, timeout=300)
    cells = (folder / "flat/memories.il").read_text().split("\n  cell ")[1:]
    return Counter(shape(cell) for cell in cells)


def shape(cell: str) -> tuple[str, int, int]:
    size, width, writes = (
        int(re.search(rf"parameter \\{name} (?:signed )?(\d+)", cell)[1])  # type: ignore[index]
        for name in ("SIZE", "WIDTH", "WR_PORTS")
    )
    return ("ram" if writes else "rom", size, width)


def counted(name: str) -> Shapes:
    """The same by the sizes of the arrays."""
    spec = designs()[name]
    shapes: Shapes = Counter()
    for _, memory in memories(random_weights.seeded(spec).network(spec)):
        shapes[memory.kind, memory.depth, memory.width] += memory.count
    return shapes


FEW = 48
"""Words of a ROM that may happen to have bits in common."""


def unlike(yosys: Shapes, rule: Shapes) -> tuple[Shapes, Shapes]:
    """What only one of the two has.

    Of a ROM yosys drops bits that happen to be the same in all words, as seeded biases and weights of few units have
    some.
    """
    only_yosys, only_rule = yosys - rule, rule - yosys
    for kind, depth, _ in [*only_yosys]:
        own, other = (
            [one for one in found.elements() if one[:2] == (kind, depth)] for found in (only_yosys, only_rule)
        )
        narrower = all(one[2] < wide[2] for one, wide in zip(sorted(own), sorted(other), strict=False))
        if kind == "rom" and depth <= FEW and len(own) == len(other) and narrower:
            only_yosys.subtract(own)
            only_rule.subtract(other)
    return +only_yosys, +only_rule


@needs_yosys
@pytest.mark.parametrize(
    "name", [name if name in FAST else pytest.param(name, marks=pytest.mark.slow) for name in designs()]
)
def test_every_memory_of_the_verilog_is_counted_and_no_other(name: str, tmp_path: Path) -> None:
    assert unlike(found(name, tmp_path), counted(name)) == (Counter(), Counter())


def test_a_memory_too_few_or_one_word_deeper_is_noticed() -> None:
    right = counted("tiny")
    (kind, depth, width), *_ = (one for one in right if one[0] == "ram")
    assert unlike(right - Counter({(kind, depth, width): 1}), right) != (Counter(), Counter())
    assert unlike(right - Counter({(kind, depth, width): 1}) + Counter({(kind, depth + 1, width): 1}), right)[0]
