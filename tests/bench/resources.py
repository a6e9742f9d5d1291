"""Fits the model of logic in `fpga/estimate.py` on yosys' counts:  python -m tests.bench.resources [--add SPEC ...]

Synthesises small designs that differ in everything the model knows, for an ECP5, and prints what to write into
`fpga/estimate.py`, and the error of each design. What yosys counted stays in build/resources and is not counted again.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from accel.architecture.network import Network
from accel.base.files import write_text
from accel.model import random_weights
from accel.model.design import Design
from accel.rtl.convert import convert
from accel.rtl.render import render
from accel.schedule.load_spec import load
from accel.spec import Spec
from fpga import estimate
from fpga.board import find
from fpga.build import estimate as counted
from tests.designs import spec

BOARD = "ulx3s-85f"
SMALL: dict[str, dict[str, Any]] = {
    "little": {},
    "two lanes a row": {"engine": {"units": 4, "lanes_per_row": 2, "cells_per_cycle": 2}},
    "registers": {"engine": {"units": 4, "operand_register": True, "operand_memory": "block"}},
    "no head": {"model": {"inputs": 5, "hidden": [24], "head": None}, "engine": {"units": 6}},
    "dense": {"sparsity": {"pattern": "dense", "input": None, "recurrent": None}, "engine": {"units": 4}},
    "two layers": {"model": {"inputs": 6, "hidden": [12, 8]}, "engine": {"units": 4}},
    "wider": {
        "model": {"inputs": 12, "hidden": [48]},
        "engine": {"units": 8, "cells_per_cycle": 2},
        "formats": {"state": [16, 15], "activation": [16, 15], "cell": [18, 13]},
        "weights": {"width": 10, "input_frac": 6, "recurrent_frac": 6},
    },
    "banks": {
        "model": {"inputs": 9, "hidden": [20]},
        "sparsity": {"pattern": "bank", "input": 0.3, "recurrent": 0.5},
        "engine": {"units": 2, "lanes_per_row": 4, "cells_per_cycle": 2, "operand_memory": "block"},
    },
    "more lanes": {"model": {"inputs": 16, "hidden": [64]}, "engine": {"units": 16}},
}


def designs(added: list[Path]) -> dict[str, Spec]:
    """Names and specs."""
    small = {name: spec(name=name.replace(" ", "-"), **sections) for name, sections in SMALL.items()}
    return small | {path.stem: load(path) for path in added}


def count(chosen: Spec) -> tuple[Network, dict[str, int]]:
    """What yosys makes of a spec with seeded weights."""
    work = Path("build/resources") / chosen.name
    made = Design(chosen, random_weights.seeded(chosen), work)
    for path, text in render(made).items():
        write_text(work / path, text)
    write_text(work / f"rtl/{chosen.identifier}.v", convert(made))
    return made.net, dict(counted(made, find(BOARD)).used)


def fitted(terms: list[dict[str, int]], counts: list[int]) -> dict[str, float]:
    """Coefficients of least relative squares, none negative (a term that wants to be is left out)."""
    names = list(terms[0])
    while True:
        matrix = np.array([[one[name] for name in names] for one in terms]) / np.array(counts)[:, None]
        solved = np.linalg.lstsq(matrix, np.ones(len(counts)), rcond=None)[0]
        if (solved >= 0).all():
            return dict(zip(names, (round(float(value), 3) for value in solved), strict=True))
        names = [name for name, value in zip(names, solved, strict=True) if value >= 0]


def main(added: list[Path]) -> None:
    """Count, fit, compare."""
    found = {name: count(chosen) for name, chosen in designs(added).items()}
    kinds = {"luts": estimate.lut_terms, "registers": estimate.register_terms}
    for kind, terms in kinds.items():
        rows = [terms(net) for net, _ in found.values()]
        fit = fitted(rows, [used[kind] for _, used in found.values()])
        print(f"{kind.upper()} = {fit}")
        for (name, (_, used)), row in zip(found.items(), rows, strict=True):
            guess = sum(fit.get(term, 0) * amount for term, amount in row.items())
            print(f"  {name:20} {used[kind]:7} {guess:9.0f} {guess / used[kind] - 1:+7.1%}  {row}")
    for name, (net, used) in found.items():
        blocks = sum(memory.blocks for _, memory in estimate.memories(net))
        exact = (blocks, estimate.multipliers(net))
        wanted = (used["block_rams"], used["multipliers"])
        print(f"  {name:20} block RAM and multipliers {exact}, yosys {wanted}{'' if exact == wanted else '  WRONG'}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--add", nargs="*", type=Path, default=[], help="specs besides the small designs")
    main(parser.parse_args().add)
