"""A step of a stage by columns, zeros skipped."""

from __future__ import annotations

from collections.abc import Iterator

from accel.report.figures import CELL, HEAD, H, X
from accel.report.span import Span
from accel.schedule.dataflows.columns import ColumnStage
from accel.schedule.stage import Passage


def spans(stage: ColumnStage, begin: int, passage: Passage | None, late: bool, head: bool) -> Iterator[Span]:
    """Lanes, cell stage and encoder of a step, which begins in cycle `begin` and goes the way of its passage."""
    assert passage is not None
    array, origin = stage.array, passage.begin - begin
    lanes, cells, encoder = (f"{array.name} {part}" for part in ("lanes", "cells", "encoder"))
    beats = array.output_beats
    x_first, h_first = passage.begin + 1 - origin, passage.h_begin + 1 - origin
    yield Span(lanes, x_first, passage.x_cycles, X, "x", late)
    if passage.h_cycles:
        yield Span(lanes, h_first, passage.h_cycles, H, "h", late)
    yield Span(cells, passage.launch + 1 - origin, beats, CELL, "c", late)
    yield Span(encoder, passage.states - origin, beats, HEAD, "h", late)
