"""The report's figures, as SVG that stands alone and is the same for the same design."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from accel import samples
from accel.column_schedule import Passage
from accel.engines.engine import Design
from accel.golden import GATES
from accel.pipeline import slot_delay
from accel.schedule import ColumnStage, Schedule, Stage, schedule
from accel.shape import Array, Lane
from accel.spec import Walk
from accel.weights import LayerWeights, Matrix

INK, MUTED, X, H, CELL, HEAD = "#1f2933", "#7b8794", "#2f6fde", "#12876f", "#c2571a", "#8a4fbd"
REMOVED = "#ccd4dc"
LABELLED = 120
"""Spans up to which a timeline has room for their labels."""
STEADY = 6
"""A step in the middle of a sequence, when the pipeline is full."""


def svg(figure: Figure) -> str:
    """The figure as an <svg> element; text stays text."""
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "sparrow"}):
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None}, bbox_inches="tight")
    text = buffer.getvalue()
    return text[text.index("<svg") :]


def sparsity(layer: LayerWeights, array: Array) -> str:
    """Both matrices of a layer: which weights are kept, and their values; rows by gate."""
    shapes = (layer.w_x, layer.w_h)
    figure = Figure(figsize=(10.0, 4.6), layout="constrained")
    ratios = [max(0.25, matrix.values.shape[1] / shapes[1].values.shape[1]) for matrix in shapes]
    axes = figure.subplots(1, 2, width_ratios=ratios)
    for axis, matrix, symbol, kept, walk in zip(axes, shapes, ("W_x", "W_h"), array.kept, array.walks, strict=True):
        _matrix(axis, matrix, f"{array.name}  {symbol}", _pattern(array, matrix, kept, walk))
    return svg(figure)


def _pattern(array: Array, matrix: Matrix, kept: int, walk: Walk) -> str:
    """What a matrix keeps, in words."""
    if walk == "column":
        return f"{kept} of each lane's {array.groups} rows in every column"
    return f"{kept} of {matrix.values.shape[1]} columns in every row"


def _matrix(axis: Any, matrix: Matrix, title: str, pattern: str) -> None:
    rows, columns = matrix.values.shape
    largest = max(1, int(np.abs(matrix.values).max()))
    shown = np.where(matrix.mask, matrix.values / largest, np.nan)
    axis.imshow(shown, cmap="RdBu", vmin=-1, vmax=1, aspect="auto", interpolation="nearest")
    axis.set_facecolor(REMOVED)
    hidden = rows // len(GATES)
    for boundary in range(1, len(GATES)):
        axis.axhline(boundary * hidden - 0.5, color=INK, linewidth=0.8)
    axis.set_yticks([(number + 0.5) * hidden - 0.5 for number in range(len(GATES))], GATES)
    axis.set_xticks([0, columns - 1] if columns > 1 else [0])
    axis.tick_params(colors=INK, length=0, labelsize=9)
    axis.set_title(title, fontsize=10, color=INK, loc="left")
    axis.set_xlabel(pattern, fontsize=9, color=MUTED)


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


def timeline(design: Design) -> str:
    """Lanes and cell stage over two steps in the middle of a sequence."""
    built = schedule(design)
    spans = list(_skipping_spans(design, built) if built.by_columns else _spans(built))
    tracks = list(dict.fromkeys(span.track for span in spans))
    figure = Figure(figsize=(10.0, 0.55 * len(tracks) + 0.9), layout="constrained")
    axis = figure.subplots()
    labelled = len(spans) <= LABELLED
    for span in spans:
        _bar(axis, span, tracks.index(span.track), labelled)
    origin = min(span.start for span in spans)
    axis.set_xlim(origin - 1, max(span.start + span.length for span in spans) + 1)
    axis.set_yticks(range(len(tracks)), tracks)
    axis.set_ylim(len(tracks) - 0.4, -0.6)
    axis.set_xlabel("cycle (strong: step t, light: step t + 1)", fontsize=9, color=MUTED)
    axis.tick_params(colors=INK, length=0, labelsize=9)
    axis.spines[["top", "right", "left"]].set_visible(False)
    return svg(figure)


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


def _skipping_spans(design: Design, built: Schedule) -> Iterator[Span]:
    """Lanes, cell stage and queue of h of every layer for two steps in the middle of a test sequence, zeros skipped."""
    inputs = samples.load(design.work / "samples.npz", design.spec).only(0)
    begins = built.begins(inputs.lengths.tolist(), built.loads(inputs))
    passages = iter(built.passages(inputs))
    number = min(STEADY, max(0, inputs.steps - 2))
    origin = int(begins[0][number])
    for stage, begun in zip(built.stages[: len(design.net.layers)], begins, strict=False):
        passed = next(passages) if isinstance(stage, ColumnStage) else []
        for late in (False, True):
            if number + late >= len(begun):
                continue
            if isinstance(stage, ColumnStage):
                yield from _passage_spans(stage.array, passed[number + late], origin, late)
            else:
                yield from _stage_spans(stage, int(begun[number + late]) - origin, late, False)


def _passage_spans(array: Array, passage: Passage, origin: int, late: bool) -> Iterator[Span]:
    lanes, cells, queue = (f"{array.name} {part}" for part in ("lanes", "cells", "h queue"))
    beats = array.output_beats
    x_first, h_first = passage.begin + 1 - origin, passage.h_begin + 1 - origin
    yield Span(lanes, x_first, passage.x_cycles, X, "x", late)
    if passage.h_cycles:
        yield Span(lanes, h_first, passage.h_cycles, H, "h", late)
    yield Span(cells, passage.launch + 1 - origin, beats, CELL, "c", late)
    yield Span(queue, passage.states - origin, beats, HEAD, "h", late)


def _stage_spans(stage: Stage, begin: int, late: bool, head: bool) -> Iterator[Span]:
    array, cycles = stage.array, stage.array.cycles_per_group
    first_slot = begin + cycles + slot_delay(array)
    for kind, lane in _busiest(array).items():
        for start in range(begin + 1, begin + 1 + array.depth, cycles):
            colour, label = (HEAD, "h") if head else (X, "x")
            if lane.x_slots:
                yield Span(f"{array.name} {kind}", start, lane.x_slots, colour, label, late)
            if lane.h_slots:
                yield Span(f"{array.name} {kind}", start + lane.x_slots, lane.h_slots, H, "h", late)
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
    if (lane.x_slots and lane.h_slots) or not array.recurrent:
        return "lanes"
    return "x lanes" if lane.x_slots else "h lanes"


def search(training: dict[str, Any]) -> str:
    """The metric of every candidate of the dual-ratio search, over the share of nonzeros that W_x gets."""
    figure = Figure(figsize=(5.6, 2.6), layout="constrained")
    axis = figure.subplots()
    candidates = sorted(training["candidates"], key=lambda candidate: candidate["kept"][0])
    labels = [" + ".join(map(str, candidate["kept"][0])) for candidate in candidates]
    axis.plot(labels, [candidate["valid"] for candidate in candidates], color=X, marker="o", linewidth=1.2, zorder=1)
    chosen = next(n for n, candidate in enumerate(candidates) if candidate["chosen"])
    axis.scatter([labels[chosen]], [candidates[chosen]["valid"]], color=CELL, s=70, zorder=2)
    axis.set_ylabel(f"validation {training['metric']}", fontsize=9, color=MUTED)
    axis.set_xlabel("nonzeros a row of the first layer, x + h", fontsize=9, color=MUTED)
    axis.tick_params(colors=INK, length=0, labelsize=9)
    axis.spines[["top", "right"]].set_visible(False)
    return svg(figure)
