"""A step of a stage by rows, group after group."""

from __future__ import annotations

from collections.abc import Iterator

from accel.architecture.dataflows.rows import Lane, RowArray
from accel.architecture.latencies import slot_delay
from accel.report.figures import CELL, HEAD, H, X
from accel.report.span import Span
from accel.schedule.dataflows.rows import RowStage
from accel.schedule.stage import Passage


def spans(stage: RowStage, begin: int, passage: Passage | None, late: bool, head: bool) -> Iterator[Span]:
    """A step of a stage, level after level."""
    for level, interval in zip(stage.array.by_level, stage.intervals, strict=True):
        yield from _level_spans(level, begin, late, head)
        begin += interval


def _level_spans(array: RowArray, begin: int, late: bool, head: bool) -> Iterator[Span]:
    ahead, cycles, first = array.cycles_ahead, array.cycles_behind, begin + 1 + array.behind
    first_slot = first - 1 + cycles + slot_delay(array)
    for kind, lane in _busiest(array).items():
        track, left = f"{array.name} {kind}", lane.x_slots - ahead
        for group in range(array.groups):
            start = first + group * cycles
            colour, label = (HEAD, "h") if head else (X, "x")
            if ahead:
                yield Span(track, begin + 1 + group * ahead, ahead, colour, label, late)
            if left:
                yield Span(track, start, left, colour, label, late)
            if lane.h_slots:
                label = array.cell.output[0]
                yield Span(track, start + left, lane.h_slots, H, label, late)
    for group in range(array.groups):
        slots = min(array.slots_per_group, -(-(array.outputs - group * array.units) // array.cells))
        track = f"{array.name} {'arg max' if head else 'cells'}"
        yield Span(track, first_slot + group * cycles, slots, CELL, str(group), late)


def _busiest(array: RowArray) -> dict[str, Lane]:
    """The lane with most to do of each kind, by the name of its track."""
    found: dict[str, Lane] = {}
    for lane in sorted(array.lanes, key=lambda lane: lane.slots):
        found[_track(array, lane)] = lane
    return dict(sorted(found.items(), reverse=True))


def _track(array: RowArray, lane: Lane) -> str:
    """Lanes read x and then h; some, of one operand alone, have tracks of their own."""
    if (lane.x_slots and lane.h_slots) or 0 in array.nnz:
        return "lanes"
    return "x lanes" if lane.x_slots else "h lanes"
