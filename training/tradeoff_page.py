"""docs/tradeoff.md: what is lost for how many operations, as the mean of paired differences over the seeds."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import fmean
from typing import Any

from training.machine import told
from training.paired import difference, spread

BEARABLE = 2.0
"""Points of accuracy that a compressed network may lose."""

HEADS = (
    *("point", "seeds", "units left", "weights kept", "states zero", "multiplications"),
    *("dense", "hardware", "lost", "2 points"),
)

TEXT = """# Accuracy against operations

Made by `make tradeoff`; do not edit. Networks from which everything is taken at once, as `specs/{name}.yaml` says:
units by group Lasso, weights balanced by rows or columns, states, and bits. A point is the strength of the Lasso, and
after a colon the share of the rest's weights that is removed where it is not the spec's. *Multiplications* are those of
a step of one sequence, its zero states left out, and how many times fewer than those of the dense network. *Dense* is
that network in floating point, *hardware* the golden model's integers, which every engine equals; both on the whole
test split. *Lost* is the mean of the differences of the same seeds in points, with its 95 % interval (Student's t). It
is called *within 2* where the whole interval is, *beyond 2* where none of it is, *not shown* otherwise. The interval
speaks of other seeds, not of other test examples.
"""


def page(record: dict[str, dict[str, dict[str, Any]]]) -> str:
    """The page of all records: by spec, point and seed."""
    sections = ["\n".join(_section(name, points)) for name, points in record.items()]
    return "\n".join([TEXT.format(name=next(iter(record), "NAME")), *sections]).rstrip() + "\n"


def _section(name: str, points: dict[str, dict[str, Any]]) -> Iterator[str]:
    yield f"## {name}\n"
    yield f"| {' | '.join(HEADS)} |"
    yield "|---" * len(HEADS) + "|"
    ordered = sorted(points.items(), key=lambda item: _mean(list(item[1].values()), "multiplications"))
    for point, seeds in ordered:
        yield _row(point, [seeds[seed] for seed in sorted(seeds, key=int)])
    every = [one for seeds in points.values() for one in seeds.values()]
    machines = (
        "; ".join(dict.fromkeys(told(each) for one in every for each in one["machines"])) or "machine not recorded"
    )
    yield f"\n{every[0]['tested']} test examples; {machines}; torch {every[0]['versions']['torch']}.\n"


def _row(point: str, runs: list[dict[str, Any]]) -> str:
    lost = difference([100 * one["dense"] for one in runs], [100 * one["hardware"] for one in runs])
    fewer = _mean(runs, "before") / _mean(runs, "multiplications")
    units = spread([float(sum(one["hidden"])) for one in runs], ".0f")
    cells = (
        *(point, ", ".join(str(one["seed"]) for one in runs), units),
        *(f"{_mean(runs, 'kept'):.1%}", f"{_mean(runs, 'zeros'):.0%}"),
        f"{_mean(runs, 'multiplications'):,.0f} ({fewer:.1f} x)",
        *(spread([one[key] for one in runs], ".4f") for key in ("dense", "hardware")),
        f"{lost.mean:+.2f} ({lost.least:+.2f} to {lost.most:+.2f})" if len(runs) > 1 else f"{lost.mean:+.2f}",
        verdict(lost.least, lost.most),
    )
    return f"| {' | '.join(cells)} |"


def verdict(least: float, most: float) -> str:
    """What an interval of points lost says of BEARABLE."""
    if most <= BEARABLE:
        return "within 2"
    return "beyond 2" if least > BEARABLE else "not shown"


def _mean(runs: list[dict[str, Any]], key: str) -> float:
    return fmean(float(one[key]) for one in runs)
