"""What engines check of a layer that only its dataflow knows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar, Generic, TypeVar

from accel.architecture.array import Array
from accel.engines.dataflows.lanes import Lanes
from accel.model.weights import LayerWeights

A = TypeVar("A", bound=Array)


class Checked(ABC, Generic[A]):
    """Expectations that are made from the matrices and the geometry of the lanes alone."""

    indices_name: ClassVar[str]
    """End of the C++ constant that holds the lanes' indices."""

    @abstractmethod
    def lanes(self, array: A, layer: LayerWeights) -> Lanes:
        """What the lanes read, in the order of their memory words."""

    def slots(self, array: A) -> dict[str, dict[str, list[int]]]:
        """C++ constants of an array that say what each lane of a row does, by their types and names."""
        return {}

    def level_tables(self, array: A, layer: LayerWeights) -> list[tuple[int, ...]]:
        """What changes from level to level, in the order of the Verilog; nothing where there is one level."""
        return []

    def fault(self, array: A, seen: Mapping[str, Sequence[int]]) -> str:
        """What a bench saw of a layer that must not be; empty where there is nothing."""
        return ""
