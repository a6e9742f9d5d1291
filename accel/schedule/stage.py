"""One array in time, whatever its dataflow: what a schedule asks of it, and of its clock."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from accel.architecture.array import Array
from accel.architecture.network import Network
from accel.model.weights import LayerWeights

A = TypeVar("A", bound=Array)

LONG_AGO = -(10**9)
LINK_STEPS = 2
"""Steps that a link between layers holds: the banks of the next layer's input."""


@dataclass(frozen=True)
class TurnOperands:
    """What of a step is not zero: elements of each beat of x_t and h_t, h None where a sequence ends and drops it."""

    x: Sequence[int]
    h: Sequence[int] | None
    fresh: bool
    """Nothing of h_{t-1} is read."""


NOTHING = TurnOperands((), None, fresh=True)
"""What a stage wants to know of zeros whose cycles do not depend on them."""


@dataclass
class Waits:
    """Cycles of the lanes: with a column, and without one, by what they wait for."""

    busy: int = 0
    input: int = 0
    """For x_t."""
    accumulators: int = 0
    """For the accumulators that an earlier step's sums are still read from."""
    state: int = 0
    """For h_{t-1} out of the cell stage."""
    ends: int = 0
    """On vectors whose end comes alone."""

    @property
    def parts(self) -> tuple[int, ...]:
        """Each of them, in their order."""
        return self.busy, self.input, self.accumulators, self.state, self.ends

    @property
    def cycles(self) -> int:
        """All of them."""
        return sum(self.parts)


@dataclass(frozen=True)
class Passage:
    """A step's way through a layer: when it begins, its h begins, its sums are read, its first h_t leaves."""

    begin: int
    x_cycles: int
    """From its begin until x is through, waits included."""
    h_begin: int
    h_cycles: int
    """The same of h; 0 where the sequence begins."""
    launch: int
    states: int


class Clock(ABC):
    """A stage, step after step; cycles as `accel.schedule.schedule` counts them."""

    waits: Waits | None = None
    """What its lanes did so far, where that depends on zeros."""
    passages: list[Passage] | None = None
    """Every step's way through it, where that depends on zeros."""

    @abstractmethod
    def step(self, arrivals: Sequence[int], fits: int, operands: TurnOperands) -> tuple[int, int, list[int]]:
        """One step: beats of x come at `arrivals`, results fit from cycle `fits` on.

        Returns the cycle in which the step begins, the one in which x is given back, and those of its results that
        the next stage waits for.
        """

    def take_state(self) -> None:
        """The turn that takes a sequence's state. Raises TypeError where the dataflow has no such turns."""
        raise TypeError(f"{type(self).__name__}: a state is not given to a layer of this dataflow")

    @abstractmethod
    def work(self, begins: Sequence[int]) -> tuple[int, int]:
        """Products that the lanes added from the first of these begins on, and the cycles that all of them had."""


@dataclass(frozen=True)
class Stage(ABC, Generic[A]):
    """One array in time. Each dataflow is a class of its own (`accel.schedule.dataflows`)."""

    array: A
    results: int
    """Words of a step's results."""

    word_by_word: ClassVar[bool]
    """Whether a step begins with the first word of its x; else it waits for the last one."""

    @classmethod
    @abstractmethod
    def of(cls, net: Network, array: A, layer: LayerWeights, before: Stage[Any] | None) -> Stage[A]:
        """An array behind the stage `before`; the pattern of its weights may decide the gap."""

    @classmethod
    @abstractmethod
    def estimated(cls, array: A) -> int:
        """Cycles from step to step before there are weights; the least of a step without zeros where those count."""

    @classmethod
    @abstractmethod
    def of_pattern(cls, array: A, layer: LayerWeights) -> int:
        """The same for a pattern of weights."""

    @property
    @abstractmethod
    def interval(self) -> int | None:
        """Cycles from step to step; None where zeros decide."""

    @property
    def lead(self) -> int:
        """Cycles from a step's begin to the first word of its results, 0 where zeros decide."""
        return 0

    @property
    @abstractmethod
    def under_way(self) -> int:
        """Steps whose results must find room: those between a step's begin and its last result's leaving, and one."""

    @abstractmethod
    def clock(self, after: Stage[Any] | None) -> Clock:
        """The stage at its begin, in front of the stage `after`."""
