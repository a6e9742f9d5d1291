"""What both directions take on shared lanes and on lanes of their own, exactly: writes docs/directions.md.

    python -m tests.bench.directions

Nothing is simulated or synthesised: bits are those of the design, cycles those of the schedule with seeded weights,
which every simulator has to meet (`sparrow verify`), multipliers and block RAMs those of `sparrow check`.
"""

from __future__ import annotations

import importlib.metadata
import platform
from pathlib import Path
from typing import Any

from accel.base.files import write_text
from accel.model import random_weights
from accel.model.design import Design
from accel.schedule.schedule import schedule
from fpga.board import find
from fpga.estimate import exact
from tests.bench.shared_layers import STEPS, Case, spec_of

ROOT = Path(__file__).resolve().parents[2]
BOARD = "ulx3s-85f"
ROWS: dict[str, dict[str, Any]] = {
    "digits": {"pattern": "row", "search": None, "input": 0.25, "recurrent": 0.8125},
    "speech-128": {},
}
DENSE = {"pattern": "dense", "search": None, "input": None, "recurrent": None}
ONE: dict[str, Any] = {"head": None}
BOTH = ONE | {"bidirectional": True, "longest": STEPS}
PAIR = BOTH | {"inputs": 64, "hidden": [150, 150]}
"""Two layers of 150, as those of beat trackers."""


def case(title: str, spec: str, model: dict[str, Any], sparsity: dict[str, Any] | None = None, **engine: Any) -> Case:
    """A design of the table."""
    changes = {"model": model, "sparsity": ROWS[spec] if sparsity is None else sparsity, "engine": engine}
    return Case(title, spec, changes, BOARD, counted=False)


OWN: dict[str, Any] = {"directions": "own"}
CASES = (
    case("8 → 32, one direction on half of the lanes", "digits", ONE, units=4),
    case("8 → 32, shared", "digits", BOTH),
    case("8 → 32, own", "digits", BOTH, **OWN),
    case("8 → 32, own, two cells", "digits", BOTH, **OWN, cells_per_cycle=2),
    case("8 → 32, own, x first", "digits", BOTH, **OWN, order="x_first"),
    case("8 → 32 dense, shared", "digits", BOTH, DENSE),
    case("8 → 32 dense, own", "digits", BOTH, DENSE, **OWN),
    case("39 → 128, one direction on half of the lanes", "speech-128", ONE, units=4),
    case("39 → 128, shared", "speech-128", BOTH),
    case("39 → 128, own", "speech-128", BOTH, **OWN),
    case("64 → 150 → 150, shared", "speech-128", PAIR, units=[6, 10]),
    case("64 → 150 → 150, own", "speech-128", PAIR, **OWN, units=[6, 10]),
)
HEAD = (
    *("design", "lanes", "cycles a step", "gap", f"cycles of {STEPS} steps", "index, bits", "copies, bits"),
    *("sequence buffers, bits", "memory bits", "multipliers", "block RAMs"),
)


def row(one: Case) -> tuple[str, ...]:
    """One line of the table; the gap is that of the first layer."""
    chosen, board = spec_of(one), find(one.board)
    built = schedule(Design(chosen, random_weights.seeded(chosen), Path()))
    net, layers = built.net, built.net.layers
    multipliers, block_rams = (found.used for found in exact(net, board))
    copies = sum(array.operand_bits[kind] for array in layers for kind in ("x copies", "h copies"))
    index = "none" if not layers[0].indices else ", ".join(str(array.index_width) for array in layers)
    cycles = built.cycles_per_step, built.gap, built.finish([STEPS])
    sizes = copies, sum(mirror.bits for mirror in net.mirrors.values()), net.memory_bits, multipliers, block_rams
    lanes = f"{sum(array.multipliers for array in layers):,}"
    return (one.title, lanes, *(f"{n:,}" for n in cycles), index, *(f"{n:,}" for n in sizes))


def page() -> str:
    """The document."""
    numpy = importlib.metadata.version("numpy")
    lines = [" | ".join(cells) for cells in (HEAD, ("---",) * len(HEAD), *map(row, CASES))]
    table = "\n".join(f"| {line} |" for line in lines)
    return f"""# Both directions

Made by `python -m tests.bench.directions`; do not edit. Python {platform.python_version()}, numpy {numpy}.

A bidirectional layer has its directions on shared lanes ([decision 042](decisions/042-bidirectional.md)), or each on
lanes of its own with `engine.directions: own` ([decision 053](decisions/053-lanes-a-direction.md)). LSTM layers alone,
`specs/digits.yaml` and `specs/speech-128.yaml` with other sizes, buffers of sequences of up to {STEPS} steps. Bits are
**exact**; cycles are **exact by the schedule** with seeded weights, which verification holds every simulator to; these
designs were not simulated. Multipliers and block RAMs of the {BOARD} are **exact** by yosys' rules
([errors](resources.md)). "Cycles of {STEPS} steps" is from a sequence's first beat to its last result.

{table}

* **`shared` takes the fewest cycles**: rows of one direction fill the gap of the other. The price is the copies: each
  lane holds what both directions read.
* **`own` halves the copies** and takes a bit from each index. A step waits for its own direction, as that of one
  direction does on half of the lanes. With one cell a cycle the gap is a little longer, since twice the units of a
  group come one after the other; with two it is the same. Where a step is longer than the pipeline, there is none.
* **`own` with `order: x_first`** fills the gap, where there is one, with the x of all groups, for a partial sum a row:
  the cycles of `shared` at half the copies.
* **Dense rows need no index with `own`**, and one copy for all lanes of a direction, as those of one direction do; on
  shared lanes every row has its indices and each lane its copy.

P is a multiple of two (of 2 E) with `own`, so layers of different sizes cannot always share lanes out as finely.
`sparrow check` tells of either choice what a step would take with the other.
"""


if __name__ == "__main__":
    write_text(ROOT / "docs" / "directions.md", page())
