"""Fits the model of logic (`fpga/coefficients.yaml`) on yosys' counts and tells its errors in docs/resources.md:

    python -m tests.bench.resources [--count] [--seconds 600]

`--count` synthesises what has not been counted yet, one design for one family after the other; what yosys counted stays
in build/resources, and a run that is stopped goes on there. Without it the counts of docs/resources.json are taken.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from time import monotonic

import numpy as np
import yaml
from scipy.optimize import nnls

from accel.architecture.network import Network
from accel.base.files import write_json, write_text
from accel.model import random_weights
from accel.model.design import Design
from accel.rtl.convert import convert
from accel.rtl.render import render
from fpga import logic
from fpga.board import find
from fpga.build import estimate as counted
from fpga.estimate import block_rams
from fpga.multipliers import demanded
from fpga.rtl import generated
from tests.bench.elaborated import elaborated
from tests.bench.resource_designs import BOARDS, SPECS, designs, fitted
from tests.bench.resource_page import page

ROOT = SPECS.parent
COUNTS, COEFFICIENTS, PAGE = ROOT / "docs/resources.json", ROOT / "fpga/coefficients.yaml", ROOT / "docs/resources.md"
WORK = Path("build/resources")
ELABORATED, RESOURCES = "elaborated", ("luts", "registers")
WITHOUT = "without multipliers"
TERMS = {"luts": logic.lut_terms, "registers": logic.register_terms}
FAMILIES = tuple(dict.fromkeys(kind.split()[0] for kind in BOARDS))
HEAD = "# Made by `make resources`; do not edit. What a bit of each term of fpga/logic.py takes.\n"
YOSYS = "0.70"
"""The version whose counts are kept; those of another one would be another record."""
Counts = dict[str, dict[str, dict[str, int]]]
"""What yosys counted: by design and by family, as `BOARDS` names them."""


def made(name: str) -> Design:
    """A design with seeded weights and its Verilog in its work folder."""
    chosen = designs()[name]
    found = Design(chosen, random_weights.seeded(chosen), WORK / chosen.name)
    for path, text in render(found).items():
        write_text(found.work / path, text)
    write_text(found.work / f"rtl/{chosen.identifier}.v", convert(found))
    return found


def count(name: str, kind: str) -> dict[str, int]:
    """What yosys makes of a design for a family, or before it knows of one."""
    design = made(name)
    if kind == ELABORATED:
        return elaborated(generated(design.spec, design.work), design.work / ELABORATED)
    used = counted(design, find(BOARDS[kind])).used
    return {resource: amount for resource, amount in used.items() if resource != "large_rams"}


@cache
def net_of(name: str) -> Network:
    """A design's arrays as they are in hardware, with the ratios of its weights."""
    chosen = designs()[name]
    return random_weights.seeded(chosen).network(chosen).in_hardware


@dataclass(frozen=True)
class Sample:
    """One count: the design, its terms, what yosys counted beyond what is known exactly, and all of it."""

    name: str
    kind: str
    terms: Mapping[str, int]
    known: int
    counted: int


def elaborated_samples(counts: Counts, resource: str) -> list[Sample]:
    """Designs before anything of a chip is known."""
    found = []
    for name, by_kind in counts.items():
        if ELABORATED in by_kind:
            net = net_of(name)
            way = logic.elaborated_registers(net) if resource == "registers" else logic.elaborated_logic(net)
            found.append(Sample(name, ELABORATED, way | logic.steering(net), 0, by_kind[ELABORATED][resource]))
    return found


def samples(counts: Counts, family: str, resource: str, weights: Mapping[str, float]) -> list[Sample]:
    """All counts of a family, on boards with and without multipliers; `weights` are those of what is elaborated."""
    found = []
    for name, by_kind in counts.items():
        for kind, used in by_kind.items():
            if kind.split()[0] != family:
                continue
            terms = TERMS[resource](net_of(name), family, kind == family, weights)
            if f"{family} {WITHOUT}" not in BOARDS:
                terms.pop("products", None)  # a few bits, which no fit could tell from others
            known = terms.pop("held", 0)
            found.append(Sample(name, kind, terms, known, used[resource]))
    return found


def fit(found: list[Sample]) -> dict[str, float]:
    """Coefficients of least relative squares, none negative; a term that wants to be is left out."""
    names, totals = list(found[0].terms), np.array([one.counted for one in found], dtype=float)
    matrix = np.array([[one.terms.get(name, 0) for name in names] for one in found]) / totals[:, None]
    solved, _ = nnls(matrix, 1 - np.array([one.known for one in found]) / totals)
    return {name: round(float(value), 3) for name, value in zip(names, solved, strict=True) if value > 0}


def error(one: Sample, coefficients: Mapping[str, float]) -> float:
    """By how much of the count the estimate is too high."""
    guess = one.known + sum(value * one.terms.get(name, 0) for name, value in coefficients.items())
    return guess / one.counted - 1


def errors(every: list[Sample]) -> Iterator[tuple[Sample, str, float]]:
    """Of every count of a family: `left out`, fitted on all others, or `outside`, of a design that no fit has seen."""
    inside = [one for one in every if one.name in fitted()]
    for one in every:
        if one in inside:
            others = [other for other in inside if other.name != one.name]
            yield one, "left out", error(one, fit(others))
        else:
            yield one, "outside", error(one, fit(inside))


def exact(counts: Counts) -> Iterator[tuple[str, str, tuple[int, int], tuple[int, int]]]:
    """Block RAMs and multipliers by the rules, and as yosys counts them."""
    for name, by_kind in counts.items():
        for kind, used in by_kind.items():
            if kind == ELABORATED:
                continue
            family, net = kind.split()[0], net_of(name)
            rules = block_rams(net, family), demanded(net, family, kind == family)[0]
            yield name, kind, rules, (used["block_rams"], used["multipliers"])


def gathered(seconds: float, names: Iterable[str], kinds: Collection[str]) -> Counts:
    """Everything that was counted before, and what can be counted in the time of these designs and kinds."""
    found: Counts = json.loads(COUNTS.read_text(encoding="utf-8"))["counts"] if COUNTS.exists() else {}
    end = monotonic() + seconds
    for name in names:
        for kind in kinds:
            if kind not in found.get(name, {}) and monotonic() < end:
                found.setdefault(name, {})[kind] = count(name, kind)
                write_json(COUNTS, {"yosys": YOSYS, "counts": found})
    return found


def main(seconds: float, names: Iterable[str], kinds: Collection[str]) -> None:
    """Count, fit, tell."""
    found = gathered(seconds, names, kinds)
    fits: dict[str, dict[str, dict[str, float]]] = {ELABORATED: {}} | {family: {} for family in FAMILIES}
    told = {}
    for resource in RESOURCES:
        weights = fits[ELABORATED][resource] = fit(elaborated_samples(found, resource))
        for family in FAMILIES:
            every = samples(found, family, resource, weights)
            fits[family][resource] = fit([one for one in every if one.name in fitted()])
            told[family, resource] = [(one.name, one.kind, how, off) for one, how, off in errors(every)]
    write_text(COEFFICIENTS, HEAD + yaml.safe_dump({"yosys": YOSYS} | fits, sort_keys=False))
    write_text(PAGE, page(told, list(exact(found)), found, YOSYS))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", action="store_true", help="synthesise what has not been counted yet")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begin no count after that long")
    parser.add_argument("--design", action="append", choices=[*designs()], help="count this one alone")
    parser.add_argument("--kind", action="append", choices=[ELABORATED, *BOARDS], help="for this family alone")
    asked = parser.parse_args()
    main(asked.seconds if asked.count else 0, asked.design or designs(), asked.kind or [ELABORATED, *BOARDS])
