"""docs/skipping.md from its record: for every network a row a threshold, mean and range over the seeds."""

from __future__ import annotations

from collections.abc import Callable
from statistics import fmean
from typing import Any

from training.paired import difference, spread

ENOUGH = 5
"""Seeds from which on accuracies are told (decision 027)."""
Rows = list[dict[str, Any]]
"""What one network does at a threshold each."""

TEXT = """# What skipping zeros brings

Made by `make skipping`; do not edit. Cycles of the first seed are measured in Verilator, equal the schedule's
prediction step by step, and every bit of c_t and h_t equals the golden model; those of the other seeds are that
schedule's. Thresholds are given to one and the same hardware; 0 keeps every state (dense). "Recurrent part": cycles
from a step's first column of h to its last, waits included. "Step": mean interval between steps. Operations are the
dense network's multiply-accumulates, where units were removed those of the network before. "Correct" is the golden
model over the whole test split; "against dense" the mean of the differences to the dense network in floating point of
the same seed, in points, with its 95 % interval over the seeds (Student's t). Numbers are means, with the smallest
and the largest seed in brackets; of fewer than five seeds accuracies are left out. Training repeats on one machine only
([why](training.md#what-repeats-and-what-does-not)).

{tables}
"""

COLUMNS = (
    "threshold",
    "states that are zero",
    "recurrent part",
    "fewer",
    "step",
    "fewer",
    "lanes busy",
    "waits: x / accumulators / h / ends",
    "dense operations per lane and cycle",
    "correct",
    "against dense",
)


def page(record: dict[str, dict[str, dict[str, Any]]]) -> str:
    """The page of a record: by network and seed."""
    parts = [
        section(name, [seeds[seed]["rows"] for seed in sorted(seeds)], sorted(seeds)) for name, seeds in record.items()
    ]
    return TEXT.format(tables="\n\n".join(parts))


def section(name: str, seeds: list[Rows], names: list[str]) -> str:
    """One network: its head, its table, and what sharing would leave."""
    own = [rows[2] if len(rows) > 2 else rows[-1] for rows in seeds]
    before = ""
    if own[0]["metric"] is not None and len(own) >= ENOUGH:
        before = f" The dense network in floating point: {spread([row['metric'] for row in own], '.4f')} correct."
    units, kept = spread([row["units"] for row in own], ".0f"), spread([row["weights_kept"] for row in own], ".1%")
    trained = "" if own[0]["metric"] is None else f" Seeds {', '.join(names)}."
    sizes = f"{units} units, {own[0]['lanes']} lanes, {kept} of the weights kept, {own[0]['steps']} steps."
    return f"## {name}\n\n{sizes}{before}{trained}\n\n{table(seeds)}\n\n{together(own)}"


def table(seeds: list[Rows]) -> str:
    """A row a threshold as Markdown."""
    lines = ["| " + " | ".join(COLUMNS) + " |", "|---" * len(COLUMNS) + "|"]
    lines += [line([rows[number] for rows in seeds], [rows[0] for rows in seeds]) for number in range(len(seeds[0]))]
    return "\n".join(lines)


def line(rows: Rows, first: Rows) -> str:
    """One threshold over all seeds; `first` are the rows without one."""

    def each(value: Callable[[dict[str, Any]], float], digits: str) -> str:
        return spread([value(row) for row in rows], digits)

    def fewer(key: str) -> str:
        return spread([one[key] / row[key] for one, row in zip(first, rows, strict=True)], ".2f") + " x"

    waits = " / ".join(f"{100 * fmean(row['waits'][name] for row in rows):.1f}" for name in rows[0]["waits"])
    cells = (
        *(str(rows[0]["threshold"]), each(lambda row: row["zeros"]["1"], ".1%")),
        *(each(lambda row: row["recurrent"], ".1f"), fewer("recurrent")),
        *(each(lambda row: row["interval"], ".1f"), fewer("interval")),
        *(each(lambda row: row["busy"], ".1%"), f"{waits} %"),
        each(lambda row: row["operations"] / row["lanes"] / row["interval"], ".1f"),
        each(lambda row: row["correct"], ".4f") if told(rows) else "",
        against(rows),
    )
    return "| " + " | ".join(cells) + " |"


def told(rows: Rows) -> bool:
    """Whether it is known what is right, of enough seeds."""
    return rows[0]["correct"] is not None and len(rows) >= ENOUGH


def against(rows: Rows) -> str:
    """Points that the hardware is behind or before the dense network; empty where no accuracy is told."""
    if not told(rows):
        return ""
    found = difference([100 * row["correct"] for row in rows], [100 * row["metric"] for row in rows])
    return f"{found.mean:+.1f}" + (f" ({found.least:+.1f} to {found.most:+.1f})" if len(rows) > 1 else "")


def together(own: Rows) -> str:
    """What would be left of the skipping if sequences shared it."""
    shares = {count: fmean(row["zeros"][count] for row in own) for count in own[0]["zeros"]}
    parts = [f"{count}: {share:.1%} ({1 / (1 - share):.2f} x)" for count, share in shares.items() if share < 1]
    return (
        "States that are zero in all sequences of a group at once, and what skipping them together would bring the"
        f" recurrent part: {', '.join(parts)}. With `streams` every sequence skips its own, so the first figure holds"
        " for any number of them."
    )
