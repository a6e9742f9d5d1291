"""Effective GOPS/W as a range, with every assumption: writes docs/efficiency.md.

    python -m tests.bench.efficiency

Cycles are exact, energy of the gates is the closed form of `fpga.energy.closed`, energy of memories a published figure
for an access. Nothing is measured.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import fmean

from accel.architecture.array import Array
from accel.architecture.network import Network, network
from accel.base.files import write_text
from accel.model import random_weights
from accel.model.design import Design
from accel.schedule.load_spec import load
from accel.schedule.schedule import schedule
from fpga.energy.closed import Work, step_energy
from tests.bench import banks
from tests.bench.goals import of_its_own

ROOT = Path(__file__).resolve().parents[2]
PAGE, SKIPPED = ROOT / "docs" / "efficiency.md", ROOT / "docs" / "skipping.json"
BY_ROWS = ("speech-128", "timit-1024", "timit-1024-bank", "square-1024")
IN_BANKS = ("timit-1024, 32 banks, x first", "square-1024, 32 banks, x first", "ptb-1500x2, 32 banks, x first")
"""Designs of docs/banks.md."""
BY_COLUMNS = ("digits-columns", "spoken-digits-united", "keywords-1024")
GATES = (180.0, 1.8)
"""Nanometres and volts of the cells that the closed form is of."""
SRAM_WORD, SRAM_BITS = 10.0, 64
"""pJ of an access to 8 kB, and its bits, in 45 nm at 0.9 V (Horowitz, ISSCC 2014)."""
ROUTED = "speech-128", 135.9
"""A design on an ECP5, and the megahertz that docs/fpga.md has routed of it."""
WIRES = 2.0
"""How many times more energy than the gates alone: the upper bound puts wires, clock tree and glitches at as much."""
FABRIC = 14.0
"""How many times more dynamic power an FPGA of lookup tables takes than standard cells (Kuon and Rose, TCAD 2007)."""


@dataclass(frozen=True)
class Process:
    """Where energy is scaled to: C as the feature size, times V squared, for gates and memories alike."""

    name: str
    nanometres: float
    volts: float
    most: float
    """What gates take at most, times what the closed form says."""

    def scaled(self, of: tuple[float, float]) -> float:
        """The factor from another feature size and voltage."""
        return self.nanometres / of[0] * (self.volts / of[1]) ** 2


CELLS = Process("standard cells, 45 nm, 0.9 V", 45.0, 0.9, WIRES)
ECP5 = Process("ECP5, 40 nm, 1.1 V", 40.0, 1.1, WIRES * FABRIC)
PUBLISHED = (45.0, 0.9)


@dataclass(frozen=True)
class Step:
    """A step of a design: cycles, dense operations, nJ of its gates in 180 nm, and bits that memories give or take."""

    design: str
    lanes: int
    cycles: float
    operations: int
    gates: float
    bits: float

    def joules(self, process: Process) -> tuple[float, float]:
        """nJ on a process, at least and at most; a word of a memory is taken bit for bit, or as whole words of 64."""
        gates = self.gates * process.scaled(GATES)
        memory = self.bits / SRAM_BITS * SRAM_WORD / 1000 * process.scaled(PUBLISHED)
        return gates + memory, gates * process.most + 2 * memory

    def per_watt(self, process: Process) -> tuple[float, float]:
        """Effective GOPS/W, at least and at most: dense operations a nanojoule, whatever the clock."""
        least, most = self.joules(process)
        return self.operations / most, self.operations / least


def dense_operations(net: Network) -> int:
    """Two for each weight of the dense recurrent layers."""
    return sum(2 * array.rows * array.levels * (array.inputs + array.outputs) for array in net.layers)


def traffic(array: Array, work: Work) -> float:
    """Bits that the memories of a layer give and take for the products of a step: words of weights with their indices,
    operands, and by columns sums, which are read and written.
    """
    cycles = work.products / array.multipliers
    read = array.units * array.word_width + array.copies * array.operand_width
    return cycles * read + (2 * work.products * array.total_width if array.skips_states else 0)


def step(name: str, net: Network, layers: Sequence[Work]) -> Step:
    """A design whose layers do this work; the head adds its gates."""
    rest = [Work(layers[0].cycles, float(array.nonzeros)) for array in net.arrays[len(net.layers) :]]
    bits = sum(traffic(array, work) for array, work in zip(net.layers, layers, strict=True))
    lanes = sum(array.multipliers for array in net.layers)
    return Step(name, lanes, layers[0].cycles, dense_operations(net), step_energy(net, [*layers, *rest]), bits)


def of_preset(name: str, **engine: object) -> Step:
    """A step between others of seeded weights of a preset's pattern, with some keys of its engine replaced."""
    spec = load(ROOT / "specs" / f"{name}.yaml")
    spec = spec.model_copy(update={"engine": spec.engine.model_copy(update=engine)})
    return of_design(name, Design(spec, random_weights.seeded(spec), Path()))


def of_design(name: str, design: Design) -> Step:
    """A step between others, by rows; layers work at the same time, each as long as the longest."""
    cycles = schedule(design).cycles_per_step
    return step(name, design.net, [Work(cycles, float(array.nonzeros)) for array in design.net.layers])


def by_columns() -> Iterator[tuple[Step, ...]]:
    """Trained networks on their test sequences, a step of each seed, from `docs/skipping.json`."""
    kept = json.loads(SKIPPED.read_text(encoding="utf-8"))
    for name in BY_COLUMNS:
        spec = load(ROOT / "specs" / f"{name}.yaml")
        net = network(spec)
        found = []
        for seed in kept[name].values():
            row = of_its_own(spec, seed["rows"])
            done = Work(row["interval"], row["busy"] * row["interval"] * row["lanes"])
            found.append(step(name, net, [done]))
        yield tuple(found)


def shown(low: float, high: float) -> str:
    """A range, three figures each."""
    return f"{float(f'{low:.3g}'):,g} to {float(f'{high:.3g}'):,g}"


def row(steps: Sequence[Step]) -> Sequence[str]:
    """Of a design; where there are several seeds, the means of cycles and energy, and the range over all."""
    one = steps[0]
    ranges = [
        shown(*(pick(value(each)[end] for each in steps) for end, pick in enumerate((min, max))))
        for process in (CELLS, ECP5)
        for value in (partial(Step.joules, process=process), partial(Step.per_watt, process=process))
    ]
    cycles = fmean(each.cycles for each in steps)
    return (
        f"`{one.design}`",
        f"{one.lanes:,}",
        f"{cycles:,.1f}",
        f"{one.operations:,}",
        f"{one.operations / one.lanes / cycles:.1f}",
        f"{fmean(each.gates for each in steps):,.0f}",
        f"{fmean(each.bits for each in steps):,.0f}",
        *ranges,
    )


HEAD = (
    "design",
    "lanes",
    "cycles a step",
    "dense operations a step",
    "a lane and cycle",
    "gates in 180 nm, nJ a step",
    "bits of memories a step",
    f"nJ a step, {CELLS.name}",
    f"GOPS/W, {CELLS.name}",
    f"nJ a step, {ECP5.name}",
    f"GOPS/W, {ECP5.name}",
)
ASSUMPTIONS = (
    ("what", "least energy", "most energy"),
    (
        "gates",
        "the closed form of [energy](energy.md): 180 nm at 1.8 V, mapped, not placed, no clock gate",
        f"the same, times {WIRES:g} for wires, clock tree and glitches",
    ),
    ("to another process", "C as the feature size, times V squared", "the same"),
    (
        "an FPGA in place of standard cells",
        "as if there were no difference",
        f"{FABRIC:g} times the dynamic power, as Kuon and Rose (TCAD 2007) found of lookup tables and registers alone "
        "in 90 nm; hard multipliers and block RAM make it less",
    ),
    (
        "memories",
        f"{SRAM_WORD:g} pJ an access of {SRAM_BITS} bits to 8 kB in 45 nm at 0.9 V (Horowitz, ISSCC 2014, by a "
        "secondary source), bit for bit",
        f"twice that, for words that are not {SRAM_BITS} bits wide",
    ),
    (
        "which accesses",
        "weights with their indices, operands, by columns sums (read and written)",
        "the same: c, tables and biases go with units, not with products",
    ),
    ("what flows while a chip waits, pins, memory outside", "nothing", "nothing"),
)
PUBLISHED_FIGURES = (
    ("work", "effective GOPS/W"),
    ("ESE (FPGA'17), XCKU060", "61.5 [D]: 2.52 TOPS dense-equivalent at 41 W [V]"),
    ("DeltaRNN (FPGA'18), Zynq-7100", "164 [V]"),
    ("Spartus (TNNLS'22), Zynq-7100", "1,100 [V]"),
    ("HCGS (JSSC'20), a chip of 65 nm", "8,930 [V]"),
    ("BRDS (2021)", 'up to 272 % more than "a recently published work" [V]; its own figure is not in the abstract'),
    ("BBS (FPGA'19), Arria 10", "2.3 to 3.7 times the work before it [V]"),
)
TEXT = """# Effective GOPS/W: a range, no measurement

Made by `make efficiency`; do not edit. Operations of the dense network, two for each of its weights, over the joules
that a step takes: the unit in which papers on sparse recurrent accelerators compare themselves. **No board was
measured.** Cycles are **exact**; joules are **estimated**, and the range is what the assumptions below leave open.
Time cancels: operations a nanojoule are GOPS/W at any clock, as nothing that flows while a chip waits is counted.

{rows}

`{by_rows}`, and the designs of [banks](banks.md): weights of the preset's pattern, seeded.
`{by_columns}`: trained networks, states below the spec's threshold skipped, over the seeds of
[skipping](skipping.md): mean cycles and energy, and the range of all seeds (of `keywords-1024` one seed).

{routed}

## Assumptions

{assumptions}

## Beside published figures

[V] in the primary source, [D] derived. Those are whole boards or chips, measured or simulated with everything that is
left out here, on other networks: **the table above is not to be set beside them as a result.** It says how far the
design itself, memory and arithmetic, is from them.

{published}
"""


def table(rows: Iterable[Sequence[str]]) -> str:
    """Rows as Markdown, the first one their heads."""
    head, *others = rows
    return "\n".join(f"| {' | '.join(one)} |" for one in (head, ["---"] * len(head), *others))


def routed() -> str:
    """What a routed clock makes of a design: effective GOPS, and the watts that go with the range."""
    name, megahertz = ROUTED
    one = of_preset(name, operand_register=True)
    gops = one.operations / one.cycles * megahertz / 1000
    least, most = (gops / each for each in reversed(one.per_watt(ECP5)))
    return (
        f"`{name}` with `operand_register`, which costs a cycle, at the {megahertz:g} MHz that were **routed** on an "
        f"ECP5\n([clock](fpga.md#clock)): {gops:.1f} effective GOPS, {least:.2g} to {most:.2g} W by this range."
    )


def main() -> None:
    """Write the page."""
    steps = [
        *((of_preset(name),) for name in BY_ROWS),
        *((of_design(name, banks.design(name)),) for name in IN_BANKS),
        *by_columns(),
    ]
    rows = [row(one) for one in steps]
    text = TEXT.format(
        rows=table([HEAD, *rows]),
        routed=routed(),
        by_rows="`, `".join(BY_ROWS),
        by_columns="`, `".join(BY_COLUMNS),
        assumptions=table(ASSUMPTIONS),
        published=table(PUBLISHED_FIGURES),
    )
    write_text(PAGE, text)


if __name__ == "__main__":
    main()
