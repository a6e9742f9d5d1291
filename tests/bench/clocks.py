"""Clocks that designs reach, placed and routed with nextpnr: writes docs/clocks.md.

    python -m tests.bench.clocks [NAME ...]

Each design goes the way of `sparrow train`, `generate` and `build` with every seed of its placement. What a route gave
is kept in docs/clocks.json with the digest of its netlist; a design that is named is routed again, as is one that is
missing. A route takes from half a minute to a quarter of an hour of a core.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from accel.architecture.network import network
from accel.base.files import read_json, write_json, write_text
from accel.schedule.load_spec import parse
from tests.bench.presets import changed, slug

ROOT = Path(__file__).resolve().parents[2]
RECORD, PAGE = ROOT / "docs" / "clocks.json", ROOT / "docs" / "clocks.md"
REGISTERS = {"operand_register": True, "multiplier_registers": True}


@dataclass(frozen=True)
class Case:
    """A design to route: a spec and what is changed of it, the chip, and whether its serial line is with it."""

    base: str
    changes: dict[str, dict[str, Any]]
    board: str
    clock_mhz: float
    seeds: tuple[int, ...]
    alone: bool

    def spec(self) -> dict[str, Any]:
        """The spec, with seeded weights."""
        target = {"target": {"board": self.board, "clock_mhz": self.clock_mhz}}
        seeded = {"training": {"task": "seeded", "seed": 1}, "verify": {"sequences": 4}}
        return changed(self.base, self.changes) | target | seeded


CASES = {
    "speech-128, 32 lanes, all registers": Case(
        "speech-128",
        {"engine": REGISTERS | {"operand_memory": "block"}},
        "ulx3s-85f",
        150.0,
        (1, 2, 3),
        alone=True,
    ),
    "speech-128, 128 lanes in 8 banks": Case(
        "speech-128",
        {
            "sparsity": {"pattern": "bank"},
            "engine": REGISTERS | {"units": 4, "lanes_per_row": 8, "cells_per_cycle": 2},
        },
        "ulx3s-85f",
        130.0,
        (1,),
        alone=False,
    ),
    "digits-icebreaker, both registers": Case(
        "digits-icebreaker",
        {"sparsity": {"search": None, "input": 0.75, "recurrent": 0.5}, "engine": REGISTERS},
        "icebreaker",
        40.5,
        (1, 2, 3),
        alone=False,
    ),
}


def folder(name: str) -> Path:
    """Where a design is made."""
    return ROOT / "build" / "clocks" / slug(name)


def sparrow(*arguments: str) -> None:
    """A command of the product; its own words are shown where it does not succeed."""
    done = subprocess.run([sys.executable, "-m", "sparrow.cli", *arguments], capture_output=True, text=True, cwd=ROOT)
    if done.returncode:
        raise SystemExit(f"sparrow {' '.join(arguments)}: {done.returncode}\n{done.stdout}{done.stderr}")


def routed(name: str, case: Case) -> dict[str, Any]:
    """All seeds of a design, each with its clock, cells and where its slowest path leads."""
    work = folder(name)
    spec = work / "spec.yaml"
    write_text(spec, yaml.safe_dump(case.spec()))
    for verb in ("train", "generate"):
        sparrow(verb, str(spec), "--work", str(work / "made"))
    found = {}
    for seed in case.seeds:
        alone = ["--alone"] if case.alone else []
        sparrow("build", str(spec), "--work", str(work / "made"), "--allow-slow", "--seed", str(seed), *alone)
        timing, used = (read_json(work / "made" / one) for one in ("timing.json", "utilization.json"))
        found[str(seed)] = {"mhz": timing["reached_mhz"], "from": timing["path"][0], "to": timing["path"][-1]} | {
            "used": used["used"],
            "available": used["available"],
        }
        print(name, "seed", seed, timing["reached_mhz"], flush=True)
    made = next((work / "made" / "rtl").glob("*.v"))
    return {"verilog": hashlib.sha256(made.read_bytes()).hexdigest(), "seeds": found}


def lanes(case: Case) -> int:
    """Multipliers of the recurrent layers' lanes."""
    return sum(array.multipliers for array in network(parse(case.spec())).layers)


HEAD = (
    *("design", "board", "lanes", "MHz asked for", "MHz, best", "seeds, in order"),
    *("logic cells", "block RAMs", "multipliers", "slowest path"),
)
LOGIC, MEMORY, PRODUCTS = ("TRELLIS_COMB", "ICESTORM_LC"), ("DP16KD", "ICESTORM_RAM"), ("MULT18X18D", "ICESTORM_DSP")


def row(name: str, case: Case, record: dict[str, Any]) -> str:
    """A line of the table: the fastest seed, and all of them."""
    best = max(record["seeds"].values(), key=lambda one: one["mhz"])
    every = ", ".join(f"{record['seeds'][str(seed)]['mhz']:.1f}" for seed in case.seeds)
    cells = (
        next(f"{best['used'][kind]:,} of {best['available'][kind]:,}" for kind in kinds if kind in best["used"])
        for kinds in (LOGIC, MEMORY, PRODUCTS)
    )
    what = "accelerator alone" if case.alone else "whole chip"
    return " | ".join(
        (
            f"| {name}",
            f"{case.board}, {what}",
            str(lanes(case)),
            f"{case.clock_mhz:g}",
            f"{best['mhz']:.1f}",
            every,
            *cells,
            f"`{best['from']}` to `{best['to']}` |",
        )
    )


def page(records: dict[str, dict[str, Any]]) -> str:
    """The document."""
    head = " | ".join(HEAD)
    rows = "\n".join(row(name, CASES[name], record) for name, record in records.items())
    return f"""# Clocks

Made by `python -m tests.bench.clocks`; do not edit. **Routed** with nextpnr, seeded weights; no such chip was on the
desk. Seeds are those of the placement: 1, 2, 3. An ECP5 is of speed grade 6. What the registers are and cost is told
in [FPGA](fpga.md#clock).

| {head} |
|{"---|" * len(HEAD)}
{rows}
"""


def main(names: list[str]) -> None:
    """Route what is asked for, or what is missing; then write the page. Raises SystemExit for a name of no design."""
    if unknown := [name for name in names if name not in CASES]:
        raise SystemExit(f"refused: NAME: wanted one of {', '.join(CASES)}, got {', '.join(unknown)}")
    records: dict[str, dict[str, Any]] = read_json(RECORD) if RECORD.is_file() else {}
    for name in names or [case for case in CASES if case not in records]:
        records[name] = routed(name, CASES[name])
        write_json(RECORD, records)
    write_text(PAGE, page({name: records[name] for name in CASES if name in records}))


if __name__ == "__main__":
    main(sys.argv[1:])
