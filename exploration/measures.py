"""What a point is judged by: the objectives that there are, and the limits that a wish sets to them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Literal

from accel.base.faults import Fault, Refused

Stage = Literal["exact", "estimated", "trained"]
"""How a number is known: `exact`, of this very design; `estimated`, by a model or a random pattern; `trained`."""


@dataclass(frozen=True)
class Measure:
    """Something that a design has more or less of."""

    name: str
    unit: str
    about: str
    more: bool = False
    """More is better."""


HARDWARE = (
    Measure("cycles", "cycles", "from step to step"),
    Measure("latency", "cycles", "from the first beat of a sequence to its last result"),
    Measure("lanes", "", "multipliers of the recurrent layers' lanes"),
    Measure("multipliers", "", "products in one cycle, of lanes, scales and cell stages"),
    Measure("memory_bits", "bits", "of all memories, copies of operands included"),
    Measure("bandwidth", "Gbit/s", "of weights that come in every step, lanes never waiting"),
    Measure("energy", "nJ", "of a step's gates in 180 nm, memories left out (docs/energy.md)"),
    Measure("luts", "", "lookup tables of the board's chip, or of an ECP5"),
    Measure("registers", "", "flip-flops of the board's chip, or of an ECP5"),
    Measure("block_rams", "", "block RAMs of the board's chip, or of an ECP5"),
)
LOSS = "_loss"
"""Ends the name of what pruning and quantising cost of a metric."""
ERROR = "error"
"""What is told of a network that comes from a file: there are no labels."""
LIMIT = re.compile(r"^\s*([a-z_ ]+?)\s*(<=|>=)\s*([0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)\s*$")


@dataclass(frozen=True)
class Limit:
    """A bound that a measure has to keep."""

    measure: Measure
    bound: float

    def excess(self, value: float) -> float:
        """By how much of the bound a value misses it; 0 or less where it keeps it."""
        over = self.bound - value if self.measure.more else value - self.bound
        return over / max(abs(self.bound), 1e-9)

    def __str__(self) -> str:
        return f"{self.measure.name} {'>=' if self.measure.more else '<='} {self.bound:g}"


def measures(metric: str | None) -> dict[str, Measure]:
    """Every measure by its name; that of the network by the name of its task's metric, None where none is trained."""
    known = {one.name: one for one in HARDWARE}
    if metric == ERROR:
        known[ERROR] = Measure(ERROR, "", "of the answers, relative (rms), against the network of the file")
    elif metric is not None:
        name = metric.replace(" ", "_")
        known[name] = Measure(name, "", "of the quantised network on the validation split", more=metric == "accuracy")
        known[name + LOSS] = Measure(name + LOSS, "", "what that is worse than of the dense network it began with")
    return known


def of_network(metric: Measure, value: float, dense: float | None) -> dict[str, float]:
    """What is told of a network: its metric and, where there is a dense one that it began with, its loss."""
    if dense is None:
        return {metric.name: value}
    return {metric.name: value, metric.name + LOSS: dense - value if metric.more else value - dense}


def objectives(names: Sequence[str], known: Mapping[str, Measure]) -> tuple[Measure, ...]:
    """The measures of these names. Refused where one does not exist or stands twice, or where there are none."""
    faults = [
        Fault("objectives", f"some of {', '.join(known)}", name or "nothing") for name in names if name not in known
    ]
    faults += [Fault("objectives", "each once", name) for name in sorted(set(names)) if names.count(name) > 1]
    if not names:
        faults.append(Fault("objectives", f"some of {', '.join(known)}", "none"))
    if faults:
        raise Refused(faults)
    return tuple(known[name] for name in names)


def limits(texts: Sequence[str], known: Mapping[str, Measure]) -> tuple[Limit, ...]:
    """Limits from `cycles<=500`. Refused where one is no limit, of no measure, or looks the wrong way."""
    found, faults = [], []
    for text in texts:
        match = LIMIT.match(text)
        measure = known.get(match[1].replace(" ", "_")) if match else None
        if match is None or measure is None or not isfinite(float(match[3])):
            faults.append(Fault("limit", f"MEASURE<=NUMBER or MEASURE>=NUMBER, of {', '.join(known)}", text))
        elif (match[2] == ">=") != measure.more:
            sign = ">=" if measure.more else "<="
            faults.append(Fault(f"limit {text}", f"{sign}: {'more' if measure.more else 'less'} is better", match[2]))
        else:
            found.append(Limit(measure, float(match[3])))
    if faults:
        raise Refused(faults)
    return tuple(found)


def signed(values: Mapping[str, float], wanted: Sequence[Measure]) -> Iterator[float]:
    """Values of a point, less always better."""
    return (-values[one.name] if one.more else values[one.name] for one in wanted)
