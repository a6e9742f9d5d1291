"""Energy of a step with dense and sparse weights and states, counted on gates: writes docs/energy.md.

    python -m tests.bench.energy

Networks are trained where their work folders in build/ hold none. Cells are those of an open 180 nm library (Debian's
qflow-tech-osu018, or the file that SPARROW_LIBERTY names); where it is not found, nothing is run and nothing written.
Results are kept in build/energy.json, so the script can be stopped and continued.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from accel.base import tools
from accel.base.files import read_json, write_json, write_text
from accel.model import samples
from accel.model.design import Design
from accel.model.samples import Samples
from accel.schedule import load_spec
from accel.schedule.schedule import schedule
from fpga.energy.liberty import library
from fpga.energy.measure import count
from fpga.energy.parts import NAMES
from sparrow import flow, steps
from tests.bench.skipping import zero_shares

ROOT = Path(__file__).resolve().parents[2]
RECORD = ROOT / "build" / "energy.json"
LIBRARY = Path(os.environ.get("SPARROW_LIBERTY", "/usr/share/qflow/tech/osu018/osu018_stdcells.lib"))
SEQUENCES = 16
SLEWS = (0.1e-9, 0.3e-9)
"""Transition times that all nets are taken to have: for the tables, and for comparison."""
NETWORKS = {"By columns: `digits-columns`": "digits-columns", "By rows: `digits`": "digits"}
LANES = ("multipliers", "accumulators")


@dataclass(frozen=True)
class Row:
    """One run of one design."""

    weights: float
    """Share that is kept."""
    states: float
    cycles: float
    products: float
    """Products that lanes add to a sum, a step."""
    clock: list[dict[str, float]]
    """Joules of a step that the clock takes, by part, for each of SLEWS."""
    data: list[dict[str, float]]
    gates: dict[str, int]
    """Of one copy of each part."""
    copies: dict[str, int]

    def of_clock(self, *parts: str, slew: int = 0) -> float:
        """What the clock takes of some parts, of all where none is named."""
        return sum(self.clock[slew][part] for part in parts or NAMES)

    def of_data(self, *parts: str, slew: int = 0) -> float:
        """What data takes."""
        return sum(self.data[slew][part] for part in parts or NAMES)

    def of_all(self, *parts: str, slew: int = 0) -> float:
        """Both."""
        return self.of_clock(*parts, slew=slew) + self.of_data(*parts, slew=slew)


def trained(name: str, dense: bool) -> Design:
    """A spec's network, or the one that it makes when all weights stay; converted to Verilog."""
    data: dict[str, Any] = yaml.safe_load((ROOT / "specs" / f"{name}.yaml").read_text(encoding="utf-8"))
    if dense:
        kept = {key: value for key, value in data["sparsity"].items() if key in ("threshold", "states")}
        data |= {"name": f"{name}-dense", "sparsity": {"pattern": "dense", **kept}}
    given = load_spec.parse(data)
    work = ROOT / "build" / given.name
    flow.run(given, work, steps=steps.STEPS[:2])
    return steps.design(given, work)


def rows(name: str, cells: str) -> list[Row]:
    """Dense weights first; of each network dense states first, then its own threshold where it has one."""
    return [row(made, cells) for dense in (True, False) for made in thresholds(trained(name, dense))]


def thresholds(made: Design) -> Iterator[Design]:
    """The same hardware with dense states, and with the threshold that it was trained with."""
    for threshold in dict.fromkeys((0, made.weights.threshold)):
        yield replace(made, weights=replace(made.weights, threshold=threshold))


def row(made: Design, cells: str) -> Row:
    """One run, or what is known of it."""
    key = f"{made.spec.name} at {made.weights.threshold}"
    if key not in record():
        found = asdict(measured(made, samples.load(made.work / "samples.npz", made.spec), cells))
        write_json(RECORD, record() | {key: found})
    return Row(**record()[key])


def record() -> dict[str, Any]:
    """The rows that are known, by network and threshold."""
    known: dict[str, Any] = read_json(RECORD) if RECORD.is_file() else {}
    return known


def measured(made: Design, known: Samples, cells: str) -> Row:
    """One run of the first sequences. Raises EngineFailed where the gates compute anything else than golden."""
    array, timing, inputs = made.net.layers[0], schedule(made), known.first(SEQUENCES)
    counted = count(made, inputs, cells)
    energies = [counted.per_step(library(cells), slew) for slew in SLEWS]
    return Row(
        weights=array.nonzeros / (array.rows * (array.inputs + array.outputs)),
        states=1 - zero_shares(made, inputs)["1"],
        cycles=counted.cycles / counted.steps,
        products=timing.busy_over(inputs) * array.multipliers * float(timing.intervals(inputs).mean()),
        clock=[{part: one.clock for part, one in energy.items()} for energy in energies],
        data=[{part: one.data for part, one in energy.items()} for energy in energies],
        gates=counted.sizes(),
        copies=counted.copies,
    )


TEXT = """# Energy of a step

Made by `make energy` with yosys {yosys}, Verilator {verilator} and the cells of {library}; do not edit. **Mapped to gates and
simulated**, not placed. Memories are not in it. Every energy is a ratio to the first row's, dense weights and dense states;
"lanes" are operands, multipliers, sums and chain; "data alone" leaves out what the clock takes at the registers.

{tables}

## How it is counted

* **Designs**: the network that a spec trains (its seed), and the one that it trains with all weights kept; how right such
  networks are, over five seeds, is in [results](results.md). Rows of one network that
  differ in the states kept run on the very same gates: the threshold is a port, and 0 keeps all states. Hardware for dense and
  for sparse weights has as many lanes and the same cell stage; what is derived from the weights differs: the width of sums,
  memory contents, counters.
* **Gates**: yosys maps one unit of the lanes (four of them), one cell of the cell stage and all that is left of the LSTM
  layer and the streams (`techmap`, `dfflibmap`, `abc` for area; nothing is sized, no clock is gated). The other units and
  cells stay Verilog and count as these do. The head is left out. A gate's part is that of the Verilog line it came from.
* **Inputs**: {sequences} test sequences; counted are whole rounds of those that run without pauses, from the second on. The
  whole design, gates and all, runs in Verilator; every bit of every signal and every cycle equals the golden model and the
  schedule, or there is no row.
* **Activity**: changes of every net from one cycle's settled values to the next one's (SAIF), exact to one change.
* **Energy**: at every pin of every gate, changes x (C V^2 / 2 of an input + `internal_power` of the library at the load that
  an output drives). An output's change is put down to its inputs as often as they change. The clock changes twice a cycle
  at each register.

## What it does not say

* Weights, sums by columns, queues, c, tables and biases lie in memories, for which the library has no cells. What they take goes
  with "products a step": a weight is read for each, by rows an operand too, by columns a sum is read and one written.
* No wires, no clock tree, no glitches (a multiplier has many), no leakage. All nets take {slew:.1f} ns to change; the last column of
  the second tables is the ratio at {other:.1f} ns.
* Without clock gating registers take energy while they stand still, so the clock goes with cycles. "Data alone" is the
  other extreme.
* Cells of 180 nm at 1.8 V. Ratios between runs of one design are fair; nothing is said of another chip, or in joules.
"""

PART_NAMES = {
    "multipliers": "operands, multipliers",
    "accumulators": "sums, chain",
    "gates": "bias, activations",
    "products": "Hadamard products",
    "rest": "control, queues",
}


def markdown(titles: tuple[str, ...], lines: list[tuple[str, ...]]) -> str:
    """A table."""
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (titles, ("---",) * len(titles), *lines))


def spent(found: list[Row]) -> str:
    """Energy of a step, dense weights with dense states being 1, and where it goes."""
    first = found[0].of_all()
    titles = ("weights kept", "states kept", "cycles a step", "products a step", "energy a step", "less")
    titles += tuple(PART_NAMES[part] for part in NAMES)
    lines = [
        (
            *(f"{row.weights:.1%}", f"{row.states:.1%}", f"{row.cycles:.1f}", f"{row.products:,.0f}"),
            *(f"{row.of_all() / first:.3f}", f"{first / row.of_all():.2f} x"),
            *(f"{row.of_all(part) / first:.3f}" for part in NAMES),
        )
        for row in found
    ]
    return markdown(titles, lines)


def clocked(found: list[Row]) -> str:
    """Clock and data apart, a product in the lanes, and other transition times."""
    titles = ("weights kept", "states kept", "clock", "data", "data alone", "less", "lanes, a product")
    titles += ("lanes, a product, data alone", "energy a step at the other transition time")
    first, lines = found[0], []
    for row in found:
        each = row.of_all(*LANES) / row.products / (first.of_all(*LANES) / first.products)
        each_data = row.of_data(*LANES) / row.products / (first.of_data(*LANES) / first.products)
        lines.append(
            (
                *(f"{row.weights:.1%}", f"{row.states:.1%}"),
                *(f"{part / row.of_all():.1%}" for part in (row.of_clock(), row.of_data())),
                *(f"{row.of_data() / first.of_data():.3f}", f"{first.of_data() / row.of_data():.2f} x"),
                *(f"{each:.3f}", f"{each_data:.3f}", f"{row.of_all(slew=1) / first.of_all(slew=1):.3f}"),
            )
        )
    return markdown(titles, lines)


def cell_stage(found: list[Row]) -> str:
    """What the cell stage takes beside the lanes: all, and data alone."""
    titles = ("weights kept", "states kept", *(f"{PART_NAMES[part]} / lanes" for part in ("gates", "products")))
    titles += tuple(f"{title}, data alone" for title in titles[2:])
    lines = [
        (
            *(f"{row.weights:.1%}", f"{row.states:.1%}"),
            *(f"{row.of_all(part) / row.of_all(*LANES):.1%}" for part in ("gates", "products")),
            *(f"{row.of_data(part) / row.of_data(*LANES):.1%}" for part in ("gates", "products")),
        )
        for row in found
    ]
    return markdown(titles, lines)


def said(found: list[Row]) -> str:
    """The rows in a sentence."""
    dense, sparse = found[0], found[-1]
    products = [row.of_all("products") / row.of_all(*LANES) for row in (sparse, dense)]
    return (
        f"All that can be sparse being sparse, a step takes {dense.of_all() / sparse.of_all():.1f} times less energy in"
        f" {dense.cycles / sparse.cycles:.1f} times fewer cycles than with everything dense. The Hadamard products take"
        f" {products[0]:.0%} of what the lanes take then, and {products[1]:.0%} with everything dense."
    )


def page(networks: dict[str, list[Row]], library_name: str) -> str:
    """docs/energy.md."""
    version = {one.tool: one.version for one in tools.examine() if one.tool in ("yosys", "verilator")}
    tables = []
    for title, found in networks.items():
        one = found[-1]
        sizes = "; ".join(f"{PART_NAMES[part]}: {one.copies[part]} x {one.gates[part]:,}" for part in NAMES)
        tables += [
            f"## {title}",
            said(found),
            spent(found),
            clocked(found),
            cell_stage(found),
            f"Copies and gates of each part, with sparse weights: {sizes}.",
        ]
    return TEXT.format(
        **version,
        library=library_name,
        tables="\n\n".join(tables),
        sequences=SEQUENCES,
        slew=SLEWS[0] * 1e9,
        other=SLEWS[1] * 1e9,
    )


def main() -> None:
    """Measure what is not known yet, and write the page after each network."""
    if not LIBRARY.is_file():
        raise SystemExit(f"not run: {LIBRARY} not found; apt install qflow-tech-osu018, or name one in SPARROW_LIBERTY")
    cells = LIBRARY.read_text(encoding="utf-8")
    networks: dict[str, list[Row]] = {}
    for title, name in NETWORKS.items():
        networks[title] = rows(name, cells)
        write_text(ROOT / "docs" / "energy.md", page(networks, library(cells).name))


if __name__ == "__main__":
    main()
