"""What both directions take on shared lanes and on lanes of their own: writes docs/directions.md.

    python -m tests.bench.directions

Multipliers, block RAMs and cycles are those that `check` and the schedule tell; Verilator measures the same cycles, or
there is no page. That yosys counts the same is tested on small designs (`tests/fpga/test_directions.py`).
"""

from __future__ import annotations

import importlib.metadata
import platform
from pathlib import Path
from typing import Any

from accel.base.files import write_text
from tests.bench.shared_layers import STEPS, Case, measured

ROOT = Path(__file__).resolve().parents[2]
BOARD = "ulx3s-85f"
DIGITS: dict[str, dict[str, Any]] = {"sparsity": {"search": None, "input": 0.25, "recurrent": 0.8125}}
DENSE: dict[str, Any] = {"pattern": "dense", "search": None, "input": None, "recurrent": None}
SPEECH: dict[str, dict[str, Any]] = {}
ONE: dict[str, Any] = {"head": None}
BOTH = ONE | {"bidirectional": True, "longest": STEPS}


def case(title: str, spec: str, both: bool, sparsity: dict[str, Any] | None = None, **engine: Any) -> Case:
    """A design of the table."""
    sections = {"digits": DIGITS, "speech-128": SPEECH}[spec] | ({"sparsity": sparsity} if sparsity else {})
    return Case(title, spec, sections | {"model": BOTH if both else ONE, "engine": engine}, BOARD, counted=False)


CASES = (
    case("8 → 32, one direction", "digits", False, units=4),
    case("8 → 32, shared", "digits", True),
    case("8 → 32, own", "digits", True, directions="own"),
    case("8 → 32, own, two cells", "digits", True, directions="own", cells_per_cycle=2),
    case("8 → 32, own, x first", "digits", True, directions="own", order="x_first"),
    case("8 → 32 dense, shared", "digits", True, DENSE),
    case("8 → 32 dense, own", "digits", True, DENSE, directions="own"),
    case("39 → 128, one direction", "speech-128", False, units=4),
    case("39 → 128, shared", "speech-128", True),
    case("39 → 128, own", "speech-128", True, directions="own"),
    case("39 → 128, own, x first", "speech-128", True, directions="own", order="x_first"),
)
HEAD = (
    *("design", "lanes", "cycles a step", "gap", f"cycles of {STEPS} steps", "index, bits", "copies, bits"),
    *("sequence buffers, bits", "memory bits", "multipliers", "block RAMs"),
)


def row(one: Case) -> tuple[str, ...]:
    """One line of the table."""
    built, multipliers, block_rams = measured(one)
    (array,), net = built.net.layers, built.net
    copies = array.operand_bits["x copies"] + array.operand_bits["h copies"]
    numbers = array.multipliers, built.cycles_per_step, built.gap, built.finish([STEPS]), array.index_width, copies
    sizes = sum(mirror.bits for mirror in net.mirrors.values()), net.memory_bits, multipliers, block_rams
    return (one.title, *(f"{number:,}" for number in (*numbers, *sizes)))


def page() -> str:
    """The document."""
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("numpy", "myhdl", "verilator"))
    lines = [" | ".join(cells) for cells in (HEAD, ("---",) * len(HEAD), *map(row, CASES))]
    table = "\n".join(f"| {line} |" for line in lines)
    return f"""# Both directions

Made by `python -m tests.bench.directions`; do not edit. Python {platform.python_version()}, {versions}.

A bidirectional layer has its directions on shared lanes ([decision 042](decisions/042-bidirectional.md)), or each on
lanes of its own with `engine.directions: own` ([decision 053](decisions/053-lanes-a-direction.md)). LSTM layers alone,
seeded weights. Cycles are **predicted and measured in Verilator** alike, on sequences of up to {STEPS} steps, which the
buffers hold; bits are **exact**; multipliers and block RAMs of the {BOARD} are **exact by rule**, which yosys' count
of small designs confirms ([resources](resources.md)). "Cycles of {STEPS} steps" is from a sequence's first beat to its
last result.

{table}

* **`shared` takes the fewest cycles**: rows of one direction fill the gap of the other. The price is the copies: each
  lane holds what both directions read.
* **`own` halves the copies** and takes a bit from each index. A step waits for its own direction, as that of one
  direction does on half of the lanes. With one cell a cycle the gap is a little longer, since twice the units of a
  group come one after the other; with two it is the same. Where a step is longer than the pipeline, there is none.
* **Dense rows need no index with `own`**, and one copy for all lanes of a direction, as those of one direction do; on
  shared lanes every row has its indices and each lane its copy.
* **`own` with `order: x_first`** fills the gap, where there is one, with the x of all groups, for a partial sum a row:
  the cycles of `shared` at half the copies.
"""


if __name__ == "__main__":
    write_text(ROOT / "docs" / "directions.md", page())
