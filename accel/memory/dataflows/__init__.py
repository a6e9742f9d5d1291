"""What the lanes of each dataflow read, by its name in `accel.spec.DATAFLOWS`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from accel.architecture.array import Array
from accel.memory.dataflows import columns, mixed, rows
from accel.memory.lane_words import LaneWords
from accel.model.weights import LayerWeights

LANE_WORDS: dict[str, Callable[[Any, LayerWeights], LaneWords]] = {
    "row": rows.lane_words,
    "bank": rows.lane_words,
    "directions": rows.lane_words,
    "column": columns.lane_words,
    "mixed": mixed.lane_words,
    "shared": rows.lane_words,
}


def lane_words(array: Array, layer: LayerWeights) -> LaneWords:
    """What the lanes of an array read, in the order of the addresses."""
    return LANE_WORDS[array.dataflow](array, layer)
