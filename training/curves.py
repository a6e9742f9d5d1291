"""docs/curves.md: metric against density, zero states and bits of a weight, drawn from the records of `make results`.

    python -m training.curves SPEC ...

One picture a method, a panel for every spec that has such points; means over the seeds. Trains nothing.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from accel.base.files import write_bytes, write_text
from accel.spec import Spec
from training import results
from training.results_rows import FLOAT, TRAINED_ON, Row, rows
from training.runs import runs
from training.units import multiplications

Points = Mapping[str, Sequence[tuple[float, float]]]
"""Lines of a panel by name: x and metric, in order of x."""
Panels = Mapping[str, tuple[str, Points]]
"""Panels by the spec's name: the metric's name, and the lines."""
Found = list[tuple[Spec, dict[str, Any]]]
"""One spec's records, a seed each."""

PATTERNS = ("row-balanced", "column-balanced", "unstructured", "bank", "block", "column", "targeted", "shared")
HEADS = {
    "density": "share of the LSTM's weights that is kept",
    "states": "share of the states that are zero, one sequence",
    "bits": "bits of a weight",
}
TEXT = """# Curves

Drawn by `make curves` from the records in [results](results.md), where numbers, ranges and intervals are; do not edit.
Means over five seeds. Dotted: the dense network in floating point, trained on as long as the others where that was
done.

## Density

Weights pruned by each pattern, test.{density}

## Zero states

States below a threshold count as zero in the recurrence; a network is fine-tuned at one threshold and measured at
several, validation.{states}

## Bits

Weights of other widths, fine-tuned, and ternary and binary ones, test.{bits}
"""


def density(found: Found) -> Points:
    """Test metric of each pruning pattern against the share of weights that it keeps."""
    lines: dict[str, dict[float, list[float]]] = defaultdict(lambda: defaultdict(list))
    for spec, record in found:
        for row in rows(spec, record):
            name = _pattern(row)
            if name is not None:
                lines[name][round(row.kept, 3)].append(row.test)
    return {name: _means(points) for name, points in lines.items() if len(points) > 1}


def _pattern(row: Row) -> str | None:
    """Which line a row belongs to; None for one that is no pruned network in floating point."""
    pattern, *parts = row.method.removesuffix(" pruning").split(", ")
    pattern = pattern.removesuffix(" pruning")
    if pattern not in PATTERNS or any(part.endswith(("bits", "cycles", "pruned")) for part in parts):
        return None
    wide = [part for part in parts if part in ("uniform ratio", "ratios chosen")]
    return ", ".join([pattern, *wide]) if not set(parts) - set(wide) or _number(parts[-1]) else None


def _number(text: str) -> bool:
    return text.replace(".", "", 1).isdigit()


def zero_states(found: Found) -> Points:
    """Validation metric of each study that prunes states against its zeros, at the same multiples of its threshold."""
    lines: dict[str, list[list[tuple[float, float]]]] = defaultdict(list)
    for _, record in found:
        for study in (one for one in record["studies"] if "curve" in one):
            lines[study["name"]].append([(point["sparsity"]["1"], point["valid"]) for point in study["curve"]])
    return {name: [_mean(same) for same in zip(*seeds, strict=True)] for name, seeds in lines.items()}


def _mean(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    return fmean(x for x, _ in points), fmean(y for _, y in points)


def widths(found: Found) -> Points:
    """Test metric of fine-tuned weights against their bits: fixed-point values, ternary 2, binary 1."""
    lines: dict[str, dict[float, list[float]]] = defaultdict(lambda: defaultdict(list))
    for spec, record in found:
        for row in rows(spec, record):
            name, *parts = row.method.split(", ")
            if name in ("ternary-row", "binary-row") and not parts and row.bits:
                lines["a scale a row, dense"][row.bits / multiplications(spec)].append(row.test)
            elif name == "row-balanced" and parts and parts[-1].endswith((" bits", " bits and a scale a row")):
                scaled = "a scale a row, pruned" if parts[-1].endswith("row") else "fixed point, pruned"
                lines[scaled][float(parts[-1].split()[0])].append(row.test)
    return {name: _means(points) for name, points in lines.items() if len(points) > 1 or name.startswith("a")}


def _means(points: Mapping[float, list[float]]) -> list[tuple[float, float]]:
    return [(x, fmean(values)) for x, values in sorted(points.items())]


METHODS = {"density": density, "states": zero_states, "bits": widths}


def panels(every: Mapping[str, Found], method: str) -> dict[str, tuple[str, Points]]:
    """A panel for each spec that has points of a method."""
    drawn = {name: (found[0][1]["metric"], METHODS[method](found)) for name, found in every.items()}
    return {name: panel for name, panel in drawn.items() if len({x for line in panel[1].values() for x, _ in line}) > 1}


def dense(found: Found) -> float:
    """Test metric of the dense network, trained on where that was done, mean over the seeds."""
    tables = [{row.method: row for row in rows(spec, record)} for spec, record in found]
    return fmean(table.get(TRAINED_ON, table[FLOAT]).test for table in tables)


def draw(shown: Panels, head: str, levels: Mapping[str, float], path: Path) -> None:
    """One picture of all panels, as SVG that is the same every time."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    across, down = min(2, len(shown)), -(-len(shown) // 2)
    with mpl.rc_context({"svg.hashsalt": path.stem, "svg.fonttype": "none", "font.size": 9}):
        figure = Figure(figsize=(5.5 * across, 3.6 * down), layout="constrained")
        for number, (name, (metric, lines)) in enumerate(shown.items()):
            part = figure.add_subplot(down, across, number + 1)
            for label, points in lines.items():
                part.plot(*zip(*points, strict=True), marker=".", label=label)
            if name in levels:
                part.axhline(levels[name], linestyle=":", color="grey")
            part.set(title=name, xlabel=head, ylabel=metric)
            part.legend(fontsize=6)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    write_bytes(path, buffer.getvalue())


def recorded(specs: Sequence[Path], records: Path) -> Iterator[tuple[str, Found]]:
    """Specs with their records, where every seed has one of the spec as it is now."""
    for spec in specs:
        every = [(run.spec, run.record()) for run in runs([spec], results.SEEDS, Path(), records)]
        found = [(one, record) for one, record in every if record is not None]
        if len(found) == len(every):
            yield found[0][0].name, found


def main(arguments: Sequence[str] | None = None) -> None:
    """Draw the pictures and write the page."""
    given = _parser().parse_args(arguments)
    every, named = dict(recorded(given.specs, given.records)), {}
    for method, head in HEADS.items():
        shown = panels(every, method)
        levels = {} if method == "states" else {name: dense(every[name]) for name in shown}
        if shown:
            draw(shown, head, levels, given.page.with_suffix("") / f"{method}.svg")
        named[method] = f"\n\n![{head}](curves/{method}.svg)" if shown else " Not run."
    write_text(given.page, TEXT.format(**named))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training.curves", description=main.__doc__)
    parser.add_argument("specs", nargs="+", type=Path)
    parser.add_argument("--records", type=Path, default=Path("docs/results"))
    parser.add_argument("--page", type=Path, default=Path("docs/curves.md"))
    return parser


if __name__ == "__main__":
    sys.exit(results.command(main))
