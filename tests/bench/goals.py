"""What was wanted of memory, lanes, gaps and clocks, beside what is reached: a section of docs/performance.md.

    python -m tests.bench.goals

Bits and cycles are exact and computed here; clocks are those of docs/clocks.json, what skipping brings those of
docs/skipping.json. Nothing is measured.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from accel.architecture.network import network
from accel.base.files import write_text
from accel.model.design import Design
from accel.schedule.load_spec import load
from accel.schedule.schedule import schedule
from accel.spec import Spec
from fpga.board import find
from fpga.estimate import resources
from tests.bench import banks, clocks, pack
from tests.bench.performance import BEGIN, END, PAGE, goals, seeded

ROOT = Path(__file__).resolve().parents[2]
SKIPPED, RESULTS = ROOT / "docs/skipping.json", ROOT / "docs/results"
HEAD = ("what", "before", "wanted", "now", "stage", "told in")
LARGE = "keywords-1024"
TEXT = """"Before" is what the same rows were when goals were set. Memory and multipliers are **exact** by the counts of
`sparrow check`, cycles **exact** by the schedule that every simulation is held to, clocks **routed**.
"""


def section() -> str:
    """The table, between its two marks."""
    rows = [HEAD, ("---",) * len(HEAD), *memories(), *packs(), *gaps(), *routes(), *skips()]
    table = "\n".join(f"| {' | '.join(one)} |" for one in rows)
    return f"{BEGIN}\n{TEXT}\n{table}\n{END}"


def memories() -> Iterator[tuple[str, ...]]:
    """Memory over what is stored, and whether the chip holds it."""
    for name, before, most, chip in (
        ("timit-1024, 32 banks, x first", "4.69", "1.25", "xcku9p"),
        ("ptb-1500x2, 32 banks, x first", "4.31", "1.3", "alveo-u250"),
    ):
        made = banks.design(name)
        bits = Counter[str]()
        for array in made.net.layers:
            bits.update(array.memory_bits)
        ratio = sum(bits.values()) / (bits["values"] + bits["indices"] + bits["bias"])
        held = {one.resource: one for one in resources(made.net, find(chip))}["block_rams"]
        yield (
            f"{name}: memory / (values + indices + biases), lanes at work, block RAMs of the {chip}",
            before,
            f"at most {most}, fits",
            f"{ratio:.2f}, {share(made):.1%}, {held.used:,} of {held.available:,}",
            "exact",
            "[banks](banks.md)",
        )


def share(made: Design) -> float:
    """Nonzeros over lanes times cycles of a step, all layers together."""
    layers = made.net.layers
    lanes = sum(array.multipliers for array in layers)
    return sum(array.nonzeros for array in layers) / lanes / schedule(made).cycles_per_step


def packs() -> Iterator[tuple[str, ...]]:
    """Multipliers of the lanes a lane, two weights through one."""
    name = "by columns, 8 bits"
    array = network(pack.made(name, pack=True)).layers[0]
    taken = (array.multipliers - array.pairs) / array.multipliers
    yield ("column engine, 8 bits, xcup: DSPs a lane", "1", "0.5", f"{taken:g}", "synthesised", "[pack](pack.md)")


def gaps() -> Iterator[tuple[str, ...]]:
    """Lanes at work, or cycles of a step."""
    for name, before, wanted in (
        ("digits, x first", "77.4%", "at least 92%"),
        ("speech-128, x first", "100.0%", "at least 99.5%"),
        ("tiny, x first", "64.1%", "at least 80%"),
        ("timit-1024, loaded weights, x first, 4 cells", "651 cycles", "588 cycles"),
    ):
        made = seeded(name)
        now = f"{schedule(made).cycles_per_step} cycles" if "cycles" in wanted else f"{share(made):.1%}"
        yield (f"{name}: a step", before, wanted, now, "simulated", "above")


def routes() -> Iterator[tuple[str, ...]]:
    """Clocks, the best seed and all of them."""
    found = json.loads(clocks.RECORD.read_text(encoding="utf-8"))
    for name, before, wanted in (
        ("speech-128, 32 lanes, all registers", "135.9", "at least 150"),
        ("speech-128, 128 lanes in 8 banks", "115.2 with 64 lanes", "at least 130"),
        ("digits-icebreaker, both registers", "36.8", "at least 40"),
    ):
        every = [one["mhz"] for one in found.get(name, {"seeds": {}})["seeds"].values()]
        seeds = f" (seeds: {', '.join(f'{one:.1f}' for one in every)})" if len(every) > 1 else ", one seed"
        now = f"{max(every):.1f}{seeds}" if every else "not run"
        yield (f"{name}: MHz", before, wanted, now, "routed", "[clocks](clocks.md)")


def skips() -> Iterator[tuple[str, ...]]:
    """Dense operations a lane and cycle of a layer of 1,024 units that was trained, and the points that it loses."""
    for seed, kept in json.loads(SKIPPED.read_text(encoding="utf-8"))[LARGE].items():
        models = json.loads((RESULTS / f"{LARGE}-{seed}.json").read_text(encoding="utf-8"))["models"]
        own = of_its_own(load(ROOT / "specs" / f"{LARGE}.yaml"), kept["rows"])
        each = own["operations"] / own["lanes"] / own["interval"]
        yield (
            f"{LARGE}, seed {seed}: dense operations a lane and cycle, points of accuracy lost to the dense network",
            "6.4, seeded",
            "at least 46, at most 2",
            f"{each:.1f}, {100 * (models['float'] - models['quantized']):.1f}",
            "simulated",
            "[skipping](skipping.md)",
        )


def of_its_own(spec: Spec, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The row of the threshold that a network was trained with."""
    assert spec.sparsity.threshold is not None
    wanted = spec.sparsity.threshold * 2 ** network(spec).layers[0].h.frac
    return min(rows, key=lambda one: abs(one["threshold"] - wanted))


def main() -> None:
    """Put the section in its place."""
    text = PAGE.read_text(encoding="utf-8")
    write_text(PAGE, text.replace(goals(text), section()))


if __name__ == "__main__":
    main()
