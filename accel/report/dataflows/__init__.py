"""A step of each dataflow as a timeline shows it, by its name in `accel.spec.DATAFLOWS`.

A stage, the cycle in which the step begins, its passage where zeros decide its cycles, whether it is the second of two
steps, and whether the stage is a head.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from accel.report.dataflows import columns, rows
from accel.report.span import Span
from accel.schedule.stage import Passage

SPANS: dict[str, Callable[[Any, int, Passage | None, bool, bool], Iterator[Span]]] = {
    "row": rows.spans,
    "bank": rows.spans,
    "directions": rows.spans,
    "shared": rows.spans,
    "column": columns.spans,
    "mixed": columns.spans,
}
