"""Three studies, their fronts, and what they say: writes docs/exploration-studies.md and its pictures.

    SPARROW_DATA=FOLDER python -m tests.bench.studies [--prove digits ...]

Runs `sparrow explore` with each study file of specs/studies, in build/studies, or goes on with it. Spoken digits and
Penn Treebank are looked for as `sparrow train` does it. What loadable weights cost is worked out for every point of a
front with weights in the bitstream: the same design with the other memory.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from accel.base.files import write_bytes, write_text
from accel.base.progress import silent
from exploration import axes, study_file
from exploration.work import Job, machine
from sparrow import admission, exploring
from tests.bench.exploration import cpu

ROOT = Path(__file__).resolve().parents[2]
DOCS, RUNS = ROOT / "docs", ROOT / "build" / "studies"
STUDIES = {"digits": "digits", "spoken-digits": "spoken-digits-columns", "characters": "ptb-chars"}
"""Study files by the spec that each is of."""
NEAR = {"accuracy": 0.01, "bits_per_character": 0.05}
"""How far from the best metric still counts as about as good."""
THRESHOLD, STATES = "sparsity.threshold", "sparsity.states"
Point = Mapping[str, Any]

TEXT = """# Three studies

Made by `python -m tests.bench.studies`; do not edit. A study file each of `specs/studies`, one seed. Metrics are
**trained**: of short trainings, on the validation split. Cycles and bits are **exact**. torch {torch}, numpy {numpy},
optuna {optuna}; {cpu}. A study chooses a design; how
good that is, its own full training says, and with one seed a difference of a point says little.

{studies}

## Quantisation: how many bits?

Of all designs worked out with a width, the best metric, and the smallest memory among those whose metric is within
{near} of the best of the study. {fewest_bits}

{bits}

## Threshold: which, and how many states below it?

Spoken digits, by columns; cycles are those of real recordings. A threshold without a share counts small states as zero,
and the network is fine-tuned with it, which is an epoch or two more than without; with a share, training draws states
below it. For each the best accuracy, and the fewest cycles among designs within {near_accuracy} of the best of the
study. {best_threshold}

{threshold}

## Scratchpad or ROM?

Loadable weights are a wish, not a saving: every word lies there twice, and a step takes the worst pattern's cycles.
Points of the fronts with both; a loaded one is on a front only where its twin was not among the designs tried.

{memory}
"""


@dataclass(frozen=True)
class Study:
    """A study at its end; `prices` of points with weights in the bitstream are ratios with loadable ones."""

    name: str
    spec: str
    facts: dict[str, Any]
    prices: list[tuple[float, float]]

    @property
    def ended(self) -> list[Point]:
        """Designs whose training was not stopped."""
        return [point for point in self.facts["points"] if not point["stopped"]]

    @property
    def front(self) -> list[Point]:
        """Those that no other beats."""
        return [point for point in self.facts["points"] if point["front"]]

    @property
    def metric(self) -> str:
        """Its name."""
        return str(self.facts["objectives"][0]["name"])

    def value(self, point: Point) -> float:
        """The metric of a point."""
        return float(point["values"][self.metric])

    def best(self, points: Sequence[Point]) -> float:
        """The best metric of some points."""
        choose = max if self.facts["objectives"][0]["more"] else min
        return choose(map(self.value, points))

    def near(self, points: Sequence[Point]) -> list[Point]:
        """Those about as good as the best of the study."""
        best = self.best(self.ended)
        return [point for point in points if abs(self.value(point) - best) <= NEAR[self.metric] + 1e-9]


def ran(name: str, prove: bool) -> Study:
    """A study, run or gone on with."""
    spec, work = admission.load(ROOT / "specs" / f"{STUDIES[name]}.yaml"), RUNS / name
    study = study_file.chosen(ROOT / "specs" / "studies" / f"{name}.yaml", {})
    facts = exploring.explore(spec, work, study, exploring.Wishes(prove=prove), silent)
    _, job = exploring.planned(axes.with_fixed(spec, study.fixed), study, work)
    held = [one["choice"] for one in facts["points"] if one["front"] and one["choice"]["engine.memory"] == "rom"]
    return Study(name, STUDIES[name], facts, [price(job, one) for one in held])


def price(job: Job, choice: Mapping[str, Any]) -> tuple[float, float]:
    """Memory bits and cycles of a design with loadable weights, against those with weights in the bitstream."""
    names = ("memory_bits", "cycles")
    rom, loaded = (
        machine(job, job.spec({**choice, "engine.memory": one})).measure(names) for one in ("rom", "scratchpad")
    )
    return loaded["memory_bits"][0] / rom["memory_bits"][0], loaded["cycles"][0] / rom["cycles"][0]


def markdown(titles: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table."""
    return "\n".join("| " + " | ".join(map(str, one)) + " |" for one in (titles, ["---"] * len(titles), *rows))


def told(study: Study) -> str:
    """A study's own section: its sentences and its picture."""
    points, front = study.facts["points"], study.front
    proofs = Counter(point["proof"]["status"] for point in front)
    stopped = sum(bool(point["stopped"]) for point in points)
    title = study.name.replace("-", " ").capitalize()
    command = f"sparrow explore specs/{study.spec}.yaml specs/studies/{study.name}.yaml"
    verified = ", ".join(f"{count} {status}" for status, count in proofs.items())
    return "\n\n".join(
        [
            f"## {title}",
            f"`{command}`: {len(points)} designs, {stopped} left before their end, {len(front)} on the front"
            f" ({verified}), seed {study.facts['seed']}.",
            "\n".join(f"* {sentence}" for sentence in study.facts["sentences"]),
            f"![{title}: {study.metric} and cycles, memory bits of every design; blue: the front]({picture(study)})",
        ]
    )


def picture(study: Study) -> str:
    """Draw every design and the front; the picture's path from docs/."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = study.name
    import matplotlib.pyplot as plt

    figure, panels = plt.subplots(1, 2, figsize=(9, 3.4), constrained_layout=True)
    front = sorted(study.front, key=lambda point: point["values"]["cycles"])
    for panel, across in zip(panels, ("cycles", "memory_bits"), strict=True):
        for points, colour, size in ((study.ended, "#9aa5b1", 12), (front, "#0b6bcb", 26)):
            x = [point["values"][across] for point in points]
            panel.scatter(x, [study.value(point) for point in points], s=size, color=colour)
        panel.set_xscale("log")
        panel.set_xlabel(across.replace("_", " "))
        panel.set_ylabel(study.metric.replace("_", " "))
    made = io.BytesIO()
    figure.savefig(made, format="svg", metadata={"Date": None})
    plt.close(figure)
    path = f"curves/study-{study.name}.svg"
    write_bytes(DOCS / path, made.getvalue())
    return path


def widths(study: Study) -> Iterator[tuple[object, ...]]:
    """A row for each width of the weights."""
    for width in study.facts["axes"]["weights.width"]:
        points = [point for point in study.ended if point["choice"]["weights.width"] == width]
        near, on_front = study.near(points), sum(point["front"] for point in points)
        smallest = f"{min(point['values']['memory_bits'] for point in near):,.0f}" if near else "none as good"
        best = f"{study.best(points):.4f}" if points else "no design"
        yield study.name, width, best, smallest, on_front


def fewest_bits(studies: Sequence[Study]) -> str:
    """The width with which each study has its smallest design that is about as good as its best."""
    found = []
    for study in studies:
        point = min(study.near(study.ended), key=lambda one: one["values"]["memory_bits"])
        found.append(f"{point['choice']['weights.width']} for {study.name.replace('-', ' ')}")
    return f"The smallest about as good has these bits: {', '.join(found)}."


def best_threshold(study: Study) -> str:
    """The threshold and share with which a study has its fastest design that is about as good as its best."""
    point = min(study.near(study.ended), key=lambda one: one["values"]["cycles"])
    wished = "no share asked" if point["choice"][STATES] is None else f"{point['choice'][STATES]:.0%} of the states"
    return f"The fastest about as good has threshold {point['choice'][THRESHOLD]:g}, {wished}."


def thresholds(study: Study) -> Iterator[tuple[object, ...]]:
    """A row for each threshold and wished share of states below it."""
    for threshold in study.facts["axes"][THRESHOLD]:
        for states in study.facts["axes"][STATES]:
            points = [p for p in study.ended if (p["choice"][THRESHOLD], p["choice"][STATES]) == (threshold, states)]
            if not points:
                continue
            near = study.near(points)
            fewest = f"{min(point['values']['cycles'] for point in near):,.0f}" if near else "none as good"
            least = f"{min(point['values']['cycles'] for point in points):,.0f}"
            share = "none asked" if states is None else f"{states:.0%}"
            yield threshold, share, f"{study.best(points):.4f}", fewest, least


def prices(study: Study) -> tuple[object, ...]:
    """A row: what loadable weights cost over the front."""
    bits, cycles = zip(*study.prices, strict=True)
    loaded = len(study.front) - len(study.prices)
    ranges = [f"{min(one):.2f} to {max(one):.2f}" for one in (bits, cycles)]
    return study.name, len(study.prices), *ranges, loaded


def main() -> None:
    """Run what is not there, write the page."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--prove", nargs="*", choices=STUDIES, default=list(STUDIES), help="whose fronts are verified")
    prove = parser.parse_args().prove
    studies = [ran(name, name in prove) for name in STUDIES]
    text = TEXT.format(
        **{name: importlib.metadata.version(name) for name in ("torch", "numpy", "optuna")},
        cpu=cpu(),
        near=" or ".join(f"{by:g} ({name.replace('_', ' ')})" for name, by in NEAR.items()),
        near_accuracy=f"{NEAR['accuracy']:g}",
        studies="\n\n".join(map(told, studies)),
        bits=markdown(
            ("study", "bits", "best metric", "smallest memory bits, about as good", "on the front"),
            [row for study in studies for row in widths(study)],
        ),
        fewest_bits=fewest_bits(studies),
        best_threshold=best_threshold(next(study for study in studies if THRESHOLD in study.facts["axes"])),
        threshold=markdown(
            ("threshold", "share wished", "best accuracy", "fewest cycles, about as good", "fewest cycles"),
            [row for study in studies if THRESHOLD in study.facts["axes"] for row in thresholds(study)],
        ),
        memory=markdown(
            (
                "study",
                "points",
                "memory bits, loaded / ROM",
                "cycles, loaded / ROM",
                "loaded ones on the front",
            ),
            [prices(study) for study in studies],
        ),
    )
    write_text(DOCS / "exploration-studies.md", text)


if __name__ == "__main__":
    main()
