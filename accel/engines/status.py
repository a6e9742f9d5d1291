"""The status word of an accelerator: what an engine counted, against what it was given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from accel.engines.engine import Status, filler_status, sum_status
from accel.model.design import Design
from accel.schedule.turns import Turn

SIGNALS = ("gate", "cell", "state")
"""Signals of a layer whose saturations are counted."""


def status_of(design: Design, taken: Sequence[Turn], seen: Mapping[str, int]) -> Status:
    """The status word by part, without the steps that fill the turns of streams that have no sequence."""
    layers = design.in_hardware.net.layers
    counts = {layer.name: {name: seen[f"{layer.name}_{name}"] for name in SIGNALS} for layer in layers}
    status, fillers = Status(seen["steps"], counts), sum(not turn.real for turn in taken)
    return sum_status([status, filler_status(design)], [1, -fillers]) if fillers else status
