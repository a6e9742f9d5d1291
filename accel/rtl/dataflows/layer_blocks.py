"""What the top has to know of a recurrent layer's blocks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Generic, TypeVar

from accel.architecture.array import Array
from accel.rtl.blocks.rows.layer import Observed
from accel.rtl.call import Call
from accel.schedule.stage import Stage
from accel.spec import Spec

A = TypeVar("A", bound=Array)
S = TypeVar("S", bound=Stage[Any])


class LayerBlocks(ABC, Generic[A, S]):
    """The blocks of a dataflow."""

    observed: ClassVar[type[Observed]] = Observed
    """What a test bench may watch of a layer."""

    @abstractmethod
    def constants(self, stage: S, spec: Spec) -> tuple[type, tuple[str, ...]]:
        """The class of a layer's constants, and those of them that no other dataflow has."""

    @abstractmethod
    def layer(self, array: A, spec: Spec, boxes: tuple[str, ...], built: tuple[Any, ...]) -> Call:
        """The instance of a layer: `boxes` are what it has in common with a head, `built` what all layers have."""
