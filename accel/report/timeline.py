"""Two steps of the hardware in time: lanes (matrix-vector work), cell stage (Hadamard work), encoder of h.

Beside the design itself, the same network as it would run with what it leaves out: with every weight, with every state.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from accel.model import samples
from accel.model.design import Design
from accel.model.samples import Samples
from accel.model.weights import LayerWeights, Matrix
from accel.report.dataflows import SPANS
from accel.report.figures import INK, MUTED, ON_COLOUR, PAPER, fits, svg
from accel.report.span import Span
from accel.schedule.schedule import Schedule, schedule

LABEL = 8
"""Size of the labels of spans, in points."""
DRAWN = 8.0
"""Inches of the figure's ten that spans have, beside the names of their tracks."""
STEADY = 6
"""A step in the middle of a sequence, when the pipeline is full."""


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
        _draw(axis, run, DRAWN / (last + 2))
        axis.set_xlim(-1, last + 1)
    axes[-1].set_xlabel("cycle (strong: step t, light: step t + 1)", fontsize=9, color=MUTED)
    words = "; ".join(f"{run.name}: {run.cycles} cycles a step, by {', '.join(_tracks(run))}" for run in found)
    return svg(figure, f"Two steps in time. {words}")


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
    net, every = design.net, design.weights.layers
    pairs = zip(net.arrays, every, strict=True)
    layers = (_dense(layer) if array.kind is not None else layer for array, layer in pairs)
    weights = replace(design.weights, layers=tuple(layers))
    return replace(design, spec=spec, weights=weights)


def with_every_state(design: Design) -> Design:
    """The design with a threshold of 0: every state is read."""
    return replace(design, weights=replace(design.weights, threshold=0))


def _dense(layer: LayerWeights) -> LayerWeights:
    return replace(layer, w_x=_full(layer.w_x), w_h=_full(layer.w_h))


def _full(matrix: Matrix) -> Matrix:
    return Matrix(np.where(matrix.mask, matrix.values, 0), np.ones_like(matrix.mask))


def _run(name: str, design: Design) -> Run:
    built = schedule(design)
    if not built.skips_states:
        return Run(name, built.cycles_per_step, list(_spans(built)))
    inputs = samples.load(design.work / "samples.npz", design.spec).only(0)
    return Run(name, built.cycles_over(inputs), list(_skipping_spans(built, inputs)))


def _tracks(run: Run) -> list[str]:
    return list(dict.fromkeys(span.track for span in run.spans))


def _draw(axis: Any, run: Run, inches: float) -> None:
    """One way to run, a cycle on a width in inches; spans have their labels where there is room."""
    tracks = _tracks(run)
    for span in run.spans:
        _bar(axis, span, tracks.index(span.track), fits(span.label, LABEL, span.length * inches))
    axis.set_yticks(range(len(tracks)), tracks)
    axis.set_ylim(len(tracks) - 0.4, -0.6)
    axis.set_title(f"{run.name}: {run.cycles} cycles a step", fontsize=9, color=INK, loc="left")
    axis.tick_params(colors=INK, length=0, labelsize=9)
    axis.spines[["top", "right", "left"]].set_visible(False)


def _bar(axis: Any, span: Span, row: int, labelled: bool) -> None:
    alpha, ink = (0.4, INK) if span.late else (0.95, ON_COLOUR)
    axis.broken_barh([(span.start, span.length)], (row - 0.36, 0.72), color=span.colour, alpha=alpha, edgecolor=PAPER)
    if labelled:
        middle = span.start + span.length / 2
        axis.text(middle, row, span.label, ha="center", va="center", fontsize=LABEL, color=ink, clip_on=True)


def _spans(built: Schedule) -> Iterator[Span]:
    """Lanes and cell stage of every layer for two steps; a head that runs once a sequence is left out."""
    begins = built.begins([STEADY + 3])
    shown = [n for n, begin in enumerate(begins) if len(begin) > STEADY + 1]
    origin = int(begins[0][STEADY])
    for number in shown:
        for late in (False, True):
            begin = int(begins[number][STEADY + late]) - origin
            stage = built.stages[number]
            yield from SPANS[stage.array.dataflow](stage, begin, None, late, stage.array.kind is None)


def _skipping_spans(built: Schedule, inputs: Samples) -> Iterator[Span]:
    """Lanes, cell stage and encoder of every layer for two steps in the middle of a sequence, zeros skipped."""
    begins = built.begins(inputs.lengths.tolist(), built.operands(inputs))
    passages = iter(built.passages(inputs))
    number = min(STEADY, max(0, inputs.steps - 2))
    origin = int(begins[0][number])
    for stage, begun in zip(built.stages[: len(built.net.layers)], begins, strict=False):
        passed = next(passages) if stage.interval is None else None
        for late in (False, True):
            if number + late >= len(begun):
                continue
            begin, passage = int(begun[number + late]) - origin, passed[number + late] if passed else None
            yield from SPANS[stage.array.dataflow](stage, begin, passage, late, False)
