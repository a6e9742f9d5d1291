"""By columns in time: what is not zero decides when (`accel.schedule.dataflows.column_clock`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from accel.architecture.dataflows.columns import ColumnArray
from accel.architecture.network import Network
from accel.model.weights import LayerWeights
from accel.schedule.dataflows.column_clock import ColumnClock, launch_to_state
from accel.schedule.stage import Stage


@dataclass(frozen=True)
class ColumnStage(Stage[ColumnArray]):
    """A layer by columns."""

    word_by_word = True

    @classmethod
    def of(cls, net: Network, array: ColumnArray, layer: LayerWeights, before: Stage[Any] | None) -> ColumnStage:
        """Nothing is fixed but the words of a step."""
        return cls(array, array.output_beats)

    @classmethod
    def estimated(cls, array: ColumnArray) -> int:
        """Cycles of the lanes in a step without zeros."""
        return array.depth

    @classmethod
    def of_pattern(cls, array: ColumnArray, layer: LayerWeights) -> int:
        """The same: no pattern makes it longer."""
        return array.depth

    @property
    def interval(self) -> None:
        """Zeros decide."""
        return None

    @property
    def under_way(self) -> int:
        """Room is asked for when a step's sums are read, and the next step's are not read before they all are."""
        return -(-(launch_to_state(self.array) + self.results + 3) // self.results) + 1

    def clock(self, after: Stage[Any] | None) -> ColumnClock:
        """What leaves counts word by word, whoever takes it."""
        return ColumnClock(self.array)
