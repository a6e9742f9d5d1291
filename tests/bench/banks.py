"""Memory and cycles of rows in banks beside those of plain rows, exact by the schedule: writes docs/banks.md.

    python -m tests.bench.banks

Nothing is simulated: bits are those of the design, cycles those of the schedule with seeded weights, which every
simulator has to meet (`sparrow verify`).
"""

from __future__ import annotations

import importlib.metadata
import platform
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from accel.base.files import write_text
from accel.model import random_weights
from accel.model.design import Design
from accel.schedule import load_spec
from accel.schedule.schedule import schedule
from fpga.board import find
from fpga.estimate import resources
from tests.bench.presets import changed

ROOT = Path(__file__).resolve().parents[2]


def banks(count: int, lanes: int, cells: int, **sections: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """A number of banks on a number of lanes, with as many input words as cells."""
    engine = {"units": lanes // count // 4, "lanes_per_row": count, "cells_per_cycle": cells, "input_words": cells}
    return {
        "sparsity": {"pattern": "bank", **sections.get("sparsity", {})},
        "engine": engine | sections.get("engine", {}),
    }


SHARED = {"shared_by_gates": True}
X_FIRST = {"order": "x_first"}
CASES: dict[str, tuple[str, dict[str, dict[str, Any]]]] = {
    "timit-1024, rows": ("timit-1024", {}),
    "timit-1024, 8 banks": ("timit-1024", banks(8, 1024, 4)),
    "timit-1024-bank (16 banks)": ("timit-1024-bank", {}),
    "timit-1024, 16 banks, x first": ("timit-1024-bank", {"engine": X_FIRST}),
    "timit-1024, 32 banks": ("timit-1024", banks(32, 1024, 4)),
    "timit-1024, 32 banks, x first": ("timit-1024", banks(32, 1024, 4, engine=X_FIRST)),
    "timit-1024, 32 banks, two streams": ("timit-1024", banks(32, 1024, 4, engine={"streams": 2})),
    "timit-1024, 16 banks, columns shared by gates": ("timit-1024", banks(16, 1024, 4, sparsity=SHARED)),
    "timit-1024, 16 banks, columns shared by gates, two streams": (
        "timit-1024",
        banks(16, 1024, 4, sparsity=SHARED, engine={"streams": 2}),
    ),
    "square-1024, rows": ("square-1024", {}),
    "square-1024, 16 banks": ("square-1024", banks(16, 1024, 4)),
    "square-1024, 16 banks, x first": ("square-1024", banks(16, 1024, 4, engine=X_FIRST)),
    "square-1024, 32 banks": ("square-1024", banks(32, 1024, 4)),
    "square-1024, 32 banks, x first": ("square-1024", banks(32, 1024, 4, engine=X_FIRST)),
    "ptb-1500x2, rows": ("ptb-1500x2", {}),
    "ptb-1500x2, 16 banks": ("ptb-1500x2", banks(16, 1024, 1)),
    "ptb-1500x2, 16 banks, x first": ("ptb-1500x2", banks(16, 1024, 1, engine=X_FIRST)),
    "ptb-1500x2, 32 banks, x first": ("ptb-1500x2", banks(32, 1024, 1, engine=X_FIRST)),
}
"""The designs of the table: a spec, and what is changed."""

CHIPS = {"timit-1024": "xcku9p", "ptb-1500x2": "alveo-u250"}
"""The chip that a network of this spec is held against."""

HEAD = (
    *("case", "K_x+K_h", "lanes", "gap", "cycles/step", "utilisation", "values, Mbit", "indices, Mbit"),
    *("copies, Mbit", "all, Mbit", "all / (values + indices + biases)"),
)


def design(name: str) -> Design:
    """A case with seeded weights."""
    base, changes = CASES[name]
    chosen = load_spec.parse(changed(base, changes))
    return Design(chosen, random_weights.seeded(chosen), Path())


def row(name: str, made: Design) -> tuple[str, ...]:
    """One line of the table, all layers together."""
    timing, layers = schedule(made), made.net.layers
    bits, cycles = Counter[str](), timing.cycles_per_step
    for array in layers:
        bits.update(array.memory_bits)
    stored, every = bits["values"] + bits["indices"] + bits["bias"], sum(bits.values())
    copies = bits["x copies"] + bits["h copies"]
    mbit = (f"{part / 1e6:.2f}" for part in (bits["values"], bits["indices"], copies, every))
    multipliers = sum(array.multipliers for array in layers)
    share = sum(array.nonzeros for array in layers) / (multipliers * cycles)
    kept = ", ".join("+".join(map(str, array.nnz)) for array in layers)
    lanes, gap = str(multipliers), str(timing.gap)
    return (name, kept, lanes, gap, str(cycles), f"{share:.2%}", *mbit, f"{every / stored:.2f}")


def fits(name: str, made: Design) -> tuple[str, ...] | None:
    """What a case takes of its chip, by the counts of `sparrow check`; None where it has none."""
    chip = CHIPS.get(CASES[name][0].removesuffix("-bank"))
    if chip is None:
        return None
    found = resources(made.net, find(chip))
    short = [one.resource.replace("_", " ") for one in found if one.used > one.available]
    counts = (f"{one.used:,} of {one.available:,}" for one in found)
    return (name, chip, *counts, f"no, for want of {' and '.join(short)}" if short else "yes")


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Rows in Markdown."""
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, ("---",) * len(head), *rows))


def page() -> str:
    """The document."""
    cases = {name: design(name) for name in CASES}
    held = filter(None, (fits(name, made) for name, made in cases.items()))
    chips = table(("case", "chip", "multipliers", "block RAMs", "lookup tables", "registers", "fits"), held)
    versions = f"Python {platform.python_version()}, numpy {importlib.metadata.version('numpy')}"
    memories = table(HEAD, (row(name, made) for name, made in cases.items()))
    return f"""# Rows in banks

Made by `python -m tests.bench.banks`; do not edit. {versions}.

With `sparsity.pattern: bank` each of the M lanes of a row reads a bank of the columns of its own and holds no other
([decision 038](decisions/038-banks.md)). Bits are **exact**; cycles are **exact by the schedule** with seeded weights
of the spec's seed, which verification holds every simulator to; these large designs were not simulated. Utilisation =
nonzeros / (lanes x cycles). "All" is values, indices, biases, copies of x and h and partial sums; tables and c are left
out.

{memories}

A row keeps as many weights in every bank, so its number is a multiple of the banks: at 87.5 % removed a row of 153
columns keeps 19 weights, 16 in 16 banks and 32 in 32. More lanes a row make groups shorter, and the gap between steps
longer: from the last product to an h that can be read it is the same pipeline. Two streams fill it, at twice the copies
of h; the x of all groups before the first h, where there is x enough, at a partial sum a row
([decision 043](decisions/043-x-first.md)).

On trained networks banks cost next to nothing: `spoken-digits-banks` in [results](results.md) keeps as many weights in
rows and in 2, 4, 8 and 16 banks, five seeds each, and no paired difference between them and the dense network is
beyond its interval. `ptb-words-200` (words) and `ptb-chars-banks` (characters) have the same study; results shows them
once all seeds were run.

## On a chip

What a design takes of the chip, weights in the bitstream, by the counts of `sparrow check`: multipliers and block RAMs
**exact** by yosys' rules, lookup tables and registers **estimated** ([errors](resources.md)). Nothing was synthesised.
UltraRAM holds nothing here: it has no contents at start.

{chips}
"""


if __name__ == "__main__":
    write_text(ROOT / "docs" / "banks.md", page())
