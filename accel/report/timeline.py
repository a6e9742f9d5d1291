"""Two steps of the hardware in time: lanes (matrix-vector work), cell stage (Hadamard work), encoder of h.

Beside the design itself, the same network as it would run with what it leaves out: with every weight, with every state.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from accel.architecture.array import Array, Lane
from accel.architecture.latencies import slot_delay
from accel.model import samples
from accel.model.design import Design
from accel.model.samples import Samples
from accel.model.weights import Matrix
from accel.report.figures import CELL, HEAD, INK, MUTED, H, X, svg
from accel.schedule.column_schedule import Passage
from accel.schedule.schedule import Schedule, schedule
from accel.schedule.stages import ColumnStage, Stage

LABELLED = 120
"""Spans up to which a timeline has room for their labels."""
STEADY = 6
"""A step in the middle of a sequence, when the pipeline is full."""


@dataclass(frozen=True)
class Span:
    """Work of one part of the hardware: cycles from `start` for `length`."""

    track: str
    start: int
    length: int
    colour: str
    label: str
    late: bool
    """Whether it belongs to the second of the two steps."""


@dataclass(frozen=True)
class Run:
    """One way to run the network: its name, cycles from step to step, and what its hardware does."""

    name: str
    cycles: int
    spans: list[Span]


def timeline(design: Design) -> str:
    """Lanes, cell stage and encoder over two steps in the middle of a test sequence, for every way in `runs`."""
    found = runs(design)
    heights = [len(_tracks(run)) for run in found]
    figure = Figure(figsize=(10.0, 0.55 * sum(heights) + 0.75 * len(found)), layout="constrained")
    last = max(span.start + span.length for run in found for span in run.spans)
    axes = figure.subplots(len(found), 1, squeeze=False, sharex=True, height_ratios=heights)[:, 0]
    for axis, run in zip(axes, found, strict=True):
        _draw(axis, run)
        axis.set_xlim(-1, last + 1)
    axes[-1].set_xlabel("cycle (strong: step t, light: step t + 1)", fontsize=9, color=MUTED)
    return svg(figure)


def runs(design: Design) -> list[Run]:
    """Dense, sparse weights, sparse states, and both; without those that are the same for this design.

    The same numbers are computed in all of them: weights that were removed are zeros that are multiplied, states below
    the threshold are counted as they are. Cycles are those of the schedule.
    """
    weights = {"dense weights": with_every_weight(design), "sparse weights": design}
    if all(array.dense for array in design.net.layers):
        weights = {"dense weights": design}
    found = []
    for name, one in weights.items():
        if design.weights.threshold:
            found.append(_run(f"{name}, dense states", with_every_state(one)))
            found.append(_run(f"{name}, sparse states", one))
        else:
            found.append(_run(name, one))
    return found


def with_every_weight(design: Design) -> Design:
    """The design with dense layers; weights that were removed are stored as zeros."""
    dense = {"pattern": "dense", "input": None, "recurrent": None, "search": None, "shared_by_gates": False}
    spec = design.spec.model_copy(update={"sparsity": design.spec.sparsity.model_copy(update=dense)})
    count = len(design.net.layers)
    layers = [replace(layer, w_x=_full(layer.w_x), w_h=_full(layer.w_h)) for layer in design.weights.layers[:count]]
    weights = replace(design.weights, layers=(*layers, *design.weights.layers[count:]))
    return replace(design, spec=spec, weights=weights)


def with_every_state(design: Design) -> Design:
    """The design with a threshold of 0: every state is read."""
    return replace(design, weights=replace(design.weights, threshold=0))


def _full(matrix: Matrix) -> Matrix:
    return Matrix(np.where(matrix.mask, matrix.values, 0), np.ones_like(matrix.mask))


def _run(name: str, design: Design) -> Run:
    built = schedule(design)
    if not built.by_columns:
        return Run(name, built.cycles_per_step, list(_spans(built)))
    inputs = samples.load(design.work / "samples.npz", design.spec).only(0)
    return Run(name, built.cycles_over(inputs), list(_skipping_spans(built, inputs)))


def _tracks(run: Run) -> list[str]:
    return list(dict.fromkeys(span.track for span in run.spans))


def _draw(axis: Any, run: Run) -> None:
    tracks = _tracks(run)
    for span in run.spans:
        _bar(axis, span, tracks.index(span.track), len(run.spans) <= LABELLED)
    axis.set_yticks(range(len(tracks)), tracks)
    axis.set_ylim(len(tracks) - 0.4, -0.6)
    axis.set_title(f"{run.name}: {run.cycles} cycles a step", fontsize=9, color=INK, loc="left")
    axis.tick_params(colors=INK, length=0, labelsize=9)
    axis.spines[["top", "right", "left"]].set_visible(False)


def _bar(axis: Any, span: Span, row: int, labelled: bool) -> None:
    alpha, ink = (0.4, INK) if span.late else (0.95, "white")
    axis.broken_barh([(span.start, span.length)], (row - 0.36, 0.72), color=span.colour, alpha=alpha, edgecolor="white")
    if labelled:
        middle = span.start + span.length / 2
        axis.text(middle, row, span.label, ha="center", va="center", fontsize=8, color=ink, clip_on=True)


def _spans(built: Schedule) -> Iterator[Span]:
    """Lanes and cell stage of every layer for two steps; a head that runs once a sequence is left out."""
    begins = built.begins([STEADY + 3])
    layers = len(built.net.layers)
    shown = [n for n, begin in enumerate(begins) if n < layers or len(begin) > STEADY + 1]
    origin = int(begins[0][STEADY])
    for number in shown:
        for late in (False, True):
            begin = int(begins[number][STEADY + late]) - origin
            stage = built.stages[number]
            assert isinstance(stage, Stage)
            yield from _stage_spans(stage, begin, late, number >= layers)


def _skipping_spans(built: Schedule, inputs: Samples) -> Iterator[Span]:
    """Lanes, cell stage and encoder of every layer for two steps in the middle of a sequence, zeros skipped."""
    begins = built.begins(inputs.lengths.tolist(), built.loads(inputs))
    passages = iter(built.passages(inputs))
    number = min(STEADY, max(0, inputs.steps - 2))
    origin = int(begins[0][number])
    for stage, begun in zip(built.stages[: len(built.net.layers)], begins, strict=False):
        passed = next(passages) if isinstance(stage, ColumnStage) else []
        for late in (False, True):
            if number + late >= len(begun):
                continue
            if isinstance(stage, ColumnStage):
                yield from _passage_spans(stage.array, passed[number + late], origin, late)
            else:
                yield from _stage_spans(stage, int(begun[number + late]) - origin, late, False)


def _passage_spans(array: Array, passage: Passage, origin: int, late: bool) -> Iterator[Span]:
    lanes, cells, encoder = (f"{array.name} {part}" for part in ("lanes", "cells", "encoder"))
    beats = array.output_beats
    x_first, h_first = passage.begin + 1 - origin, passage.h_begin + 1 - origin
    yield Span(lanes, x_first, passage.x_cycles, X, "x", late)
    if passage.h_cycles:
        yield Span(lanes, h_first, passage.h_cycles, H, "h", late)
    yield Span(cells, passage.launch + 1 - origin, beats, CELL, "c", late)
    yield Span(encoder, passage.states - origin, beats, HEAD, "h", late)


def _stage_spans(stage: Stage, begin: int, late: bool, head: bool) -> Iterator[Span]:
    """A step of a stage, level after level."""
    for level, interval in zip(stage.array.by_level, stage.intervals, strict=True):
        yield from _level_spans(level, begin, late, head)
        begin += interval


def _level_spans(array: Array, begin: int, late: bool, head: bool) -> Iterator[Span]:
    cycles = array.cycles_per_group
    first_slot = begin + cycles + slot_delay(array)
    for kind, lane in _busiest(array).items():
        for start in range(begin + 1, begin + 1 + array.depth, cycles):
            colour, label = (HEAD, "h") if head else (X, "x")
            if lane.x_slots:
                yield Span(f"{array.name} {kind}", start, lane.x_slots, colour, label, late)
            if lane.h_slots:
                label = array.cell.output[0]
                yield Span(f"{array.name} {kind}", start + lane.x_slots, lane.h_slots, H, label, late)
    for group in range(array.groups):
        slots = min(array.slots_per_group, -(-(array.outputs - group * array.units) // array.cells))
        track = f"{array.name} {'arg max' if head else 'cells'}"
        yield Span(track, first_slot + group * cycles, slots, CELL, str(group), late)


def _busiest(array: Array) -> dict[str, Lane]:
    """The lane with most to do of each kind, by the name of its track."""
    found: dict[str, Lane] = {}
    for lane in sorted(array.lanes, key=lambda lane: lane.slots):
        found[_track(array, lane)] = lane
    return dict(sorted(found.items(), reverse=True))


def _track(array: Array, lane: Lane) -> str:
    """Lanes read x and then h; some, of one operand alone, have tracks of their own."""
    if (lane.x_slots and lane.h_slots) or 0 in array.kept:
        return "lanes"
    return "x lanes" if lane.x_slots else "h lanes"
