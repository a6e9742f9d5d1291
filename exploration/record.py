"""What a study leaves: `pareto.json` for programs, a page for people, and a spec for each point of the front."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from accel.base.files import write_json, write_text
from accel.base.templates import render
from accel.spec import Spec, plain
from exploration.hardware import Machine, missing
from exploration.measures import HARDWARE, Measure
from exploration.reasons import reason
from exploration.sentences import named, number, sentences, weights_of_choices, word
from exploration.study import Plan, Point
from fpga import board as boards
from fpga.estimate import resources

VERSION = 1
"""Of the form of `pareto.json`."""
SPECS, NAME = "specs", "point-{:02d}"


@dataclass(frozen=True)
class Studied:
    """A study at its end: every point, those of the front that keep the limits, and what proving them gave."""

    spec: Spec
    plan: Plan
    points: Sequence[Point]
    front: Sequence[Point]
    proofs: Mapping[int, Mapping[str, Any]]
    """By the point's number: `status` (`verified`, or why not), `cycles` as simulated, `weights` trained or random."""
    routes: Mapping[int, Mapping[str, Any]]
    """The same: `status` (`routed`, or why not), the clock reached as `mhz`, cells `used`; empty where nobody asked."""
    machines: Mapping[int, Machine]
    """The same: the design that it is."""

    def facts(self) -> dict[str, Any]:
        """All of it as JSON data."""
        wanted = self.plan.objectives
        best = {point.number for point in self.front}
        titles = named(self.front, wanted)
        return {
            "version": VERSION,
            "spec": self.spec.name,
            "digest": self.spec.digest,
            "objectives": [vars(one) for one in wanted],
            "units": {one.name: one.unit for one in HARDWARE},
            "limits": [str(one) for one in self.plan.limits],
            "axes": {axis.key: list(axis.values) for axis in self.plan.axes},
            "choices": self.plan.size,
            "sampler": self.plan.sampler,
            "seed": self.plan.seed,
            "sentences": sentences(self.front, wanted, self.plan.limits, self._on_its_board()),
            "named": {title: point.number for title, point in titles.items()},
            "importance": weights_of_choices(self.points, wanted),
            "points": [self._point(point, point.number in best) for point in self.points],
        }

    def _on_its_board(self) -> str:
        """What is known of the front and the spec's board, in words."""
        if self.spec.target.board is None:
            return ""
        board = boards.find(self.spec.target.board)
        if self.routes and all(one["status"] == "routed" for one in self.routes.values()):
            return f" that fits {board.name}"
        taken = (one for machine in self.machines.values() for one in resources(machine.net, board))
        if not self.routes and all(one.used <= one.available for one in taken):
            return f" that fits {board.name} by estimate"
        return f" for {board.name}, not known to fit,"

    def _point(self, point: Point, best: bool) -> dict[str, Any]:
        facts = {"number": point.number, "choice": point.choice, **vars(point.outcome), "front": best}
        return facts | (self._of_the_front(point) if best else dict.fromkeys(("proof", "route", "reason", "file")))

    def _of_the_front(self, point: Point) -> dict[str, Any]:
        """What is known of a point of the front only: every measure of its hardware, and its proofs."""
        number, machine = point.number, self.machines[point.number]
        every = machine.measure([one.name for one in HARDWARE if not missing(machine.spec, [one.name])])
        return {
            "values": {name: value for name, (value, _) in every.items()} | point.outcome.values,
            "stages": {name: stage for name, (_, stage) in every.items()} | point.outcome.stages,
            "proof": dict(self.proofs.get(number, {"status": "not verified"})),
            "route": dict(self.routes[number]) if number in self.routes else None,
            "reason": reason(machine),
            "file": f"{SPECS}/{NAME.format(number)}.yaml",
        }


def write(studied: Studied, folder: Path, specs: Mapping[int, Spec]) -> dict[str, Any]:
    """Leave the record, the page and the specs of the front in a folder; the record is returned."""
    facts = studied.facts()
    for point in studied.front:
        text = spec_text(point, specs[point.number], studied.plan.objectives)
        write_text(folder / SPECS / f"{NAME.format(point.number)}.yaml", text)
    write_json(folder / "pareto.json", facts)
    write_text(folder / "index.html", page(facts, specs))
    return facts


def spec_text(point: Point, spec: Spec, wanted: Sequence[Measure]) -> str:
    """A point's spec as a file that runs as it is, headed by what it is good for."""
    told = [f"{one.name} {point.outcome.values[one.name]:g} ({point.outcome.stages[one.name]})" for one in wanted]
    head = f"# Point {point.number:02d} of a study: {', '.join(told)}.\n"
    return head + yaml.safe_dump(plain(spec), sort_keys=False, default_flow_style=None, width=120)


def page(facts: Mapping[str, Any], specs: Mapping[int, Spec]) -> str:
    """The page as one HTML text that loads nothing from elsewhere."""
    texts = {number: spec.resolved() for number, spec in specs.items()}
    data = {"facts": facts, "specs": texts}
    html: str = render("exploration", "page.html.j2", facts=facts, number=number, word=word, data=data)
    return html
