"""Working a point out: a function of plain data, so that it may run on another machine."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from accel.base.faults import Fault, Refused
from accel.model import samples as sample_file
from accel.model import weights_file
from accel.model.samples import Samples
from accel.model.weights import Weights
from accel.spec import Spec
from exploration import hardware, networks
from exploration.axes import Choice, spec_of
from exploration.front import front
from exploration.measures import Measure, of_network, signed
from exploration.study import Outcome, Point
from fpga import able
from fpga import board as boards
from fpga.room import shortages

SEQUENCES = 8
"""Real sequences over which cycles are told where they depend on zeros."""


@dataclass(frozen=True)
class Job:
    """What every point of a study is worked out from."""

    data: Mapping[str, Any]
    """The spec without choices, `exploration.axes.base`."""
    metric: Measure | None
    """Of the network, where points are trained."""
    names: tuple[str, ...]
    """Measures of the hardware that are asked for."""
    networks: Path
    folder: Path
    """That the spec lies in."""
    trained: Path | None = None
    """Folder of a finished training of the spec, where points have its network."""

    def spec(self, choice: Choice) -> Spec:
        """The spec of a choice. Refused where it is none that sparrow can build."""
        return spec_of(self.data, choice, self.folder)


@dataclass(frozen=True)
class Beaten:
    """The front that was known when a batch began: what a network must reach to be of any use."""

    rows: tuple[tuple[float, ...], ...]
    """Objectives of its points, less is better."""
    wanted: tuple[Measure, ...]

    @classmethod
    def by(cls, points: Sequence[Point], wanted: tuple[Measure, ...]) -> Beaten:
        """Those of points that were worked out to their end."""
        return cls(tuple(tuple(signed(p.outcome.values, wanted)) for p in points if not p.outcome.stopped), wanted)

    def why(self, values: Mapping[str, float]) -> str:
        """Why a design with these values is no better in anything than one that is known; empty where it may be."""
        mine = tuple(signed(values, self.wanted))
        worse = any(all(a <= b for a, b in zip(row, mine, strict=True)) and row != mine for row in self.rows)
        return "pruned, before it was quantised, already no better than a known point" if worse else ""


def work_out(job: Job, choice: Choice, beaten: Beaten) -> Outcome:
    """The measures of one choice; the hardware's first, since they are known at once."""
    try:
        spec = job.spec(choice)
        if why := _impossible(spec, job.names):
            return Outcome({}, {}, refused=why)
        values = hardware.Machine(spec, *known_network(job, spec)).measure(job.names)
        if job.metric is not None:
            return _with_metric(job, spec, values, beaten)
    except Refused as refused:
        return Outcome({}, {}, refused=str(refused.faults[0]))
    return _outcome(values)


def _impossible(spec: Spec, names: Sequence[str]) -> str:
    """Why a legal spec is no point: a measure is not known of it, or its board has no room."""
    if why := hardware.missing(spec, names):
        return why
    for key, wanted, got in able.refusals(spec):
        return str(Fault(key, wanted, json.dumps(got)))
    if spec.target.board is None:
        return ""
    board = boards.find(spec.target.board)
    short = shortages(hardware.Machine(spec).net, board)
    return "; ".join(f"{board.name}: {one.resource} {one.used:,} of {one.available:,}" for one in short)


def _with_metric(job: Job, spec: Spec, values: dict[str, hardware.Value], beaten: Beaten) -> Outcome:
    assert job.metric is not None
    measure, found = job.metric, {key: number for key, (number, _) in values.items()}
    valid, why = networks.trained(spec, job.networks, lambda best: beaten.why(found | of_network(measure, *best)))
    if valid is None:
        return Outcome(found, {key: stage for key, (_, stage) in values.items()}, stopped=why)
    exact = machine(job, spec).measure(job.names)
    return _outcome(exact | {name: (value, "trained") for name, value in of_network(measure, *valid).items()})


def machine(job: Job, spec: Spec) -> hardware.Machine:
    """A design that was worked out, with its own network or the one that all points share, where there is one."""
    if job.metric is not None:
        return hardware.Machine(spec, *_finished(networks.folder_of(spec, job.networks), spec))
    return hardware.Machine(spec, *known_network(job, spec))


def known_network(job: Job, spec: Spec) -> tuple[Weights | None, Samples | None]:
    """The finished training that points share, where this point's lanes can have it; else nothing."""
    if job.trained is None:
        return None, None
    try:
        return _finished(job.trained, spec)
    except Refused:  # a pattern by columns is one of other lanes
        return None, None


def _finished(folder: Path, spec: Spec) -> tuple[Weights, Samples]:
    weights = weights_file.load(folder / "weights.npz", spec)
    return weights, sample_file.load(folder / "samples.npz", spec).first(SEQUENCES)


def _outcome(values: Mapping[str, hardware.Value]) -> Outcome:
    return Outcome({k: number for k, (number, _) in values.items()}, {k: stage for k, (_, stage) in values.items()})


def best(points: Sequence[Point], wanted: Sequence[Measure]) -> list[Point]:
    """The points of the front, in their order; those whose training was stopped are on none."""
    ended = [point for point in points if not point.outcome.stopped]
    if not ended:
        return []
    rows = np.array([list(signed(point.outcome.values, wanted)) for point in ended])
    return [ended[number] for number in front(rows)]
