"""A stage by rows, step after step, and the weights that come to it from outside."""

from __future__ import annotations

from collections.abc import Sequence

from accel.architecture.array import Array
from accel.schedule.column_schedule import Load
from accel.schedule.stages import Stage

LONG_AGO = -(10**9)
NOTHING = Load((), None, fresh=True)
"""What a stage by rows wants to know of zeros."""
LINK_STEPS = 2
"""Steps that a link between layers holds: the banks of the next layer's input."""


class RowClock:
    """A stage by rows, step after step."""

    def __init__(self, stage: Stage, results_at: Sequence[int]) -> None:
        self.stage, self.results_at = stage, results_at
        self.began = -stage.interval
        self.states_end = -1
        self.states_given = [LONG_AGO] * LINK_STEPS
        self.fed = Feeder(stage.array) if stage.array.fed else None
        self.late = 0
        """Cycles that the latest turn waited for weights."""

    def take_state(self) -> None:
        """The turn that takes a sequence's state, which is held, or whose frame comes as soon as there is room."""
        if self.stage.state_held:
            self.began = self.began + self.late + self.stage.interval
            self._run()
            return
        first = max(self.states_end, self.states_given[-LINK_STEPS]) + 1
        self.states_end = first + self.stage.array.output_beats - 1
        self.began = max(self.states_end + 1, self.began + self.late + self.stage.interval)
        self._run()
        self.states_given.append(self.began + self.late + self.stage.state_released)

    def step(self, arrivals: Sequence[int], fits: int, _load: Load) -> tuple[int, int, list[int]]:
        """One step: beats of x come at `arrivals`, results fit from cycle `fits` on.

        Returns the cycle in which the step begins, the one in which x is given back, and those of its results that
        the next stage waits for.
        """
        self.began = max(arrivals[-1] + 1, self.began + self.late + self.stage.interval, fits)
        self._run()
        moved = self.began + self.late
        return self.began, moved + self.stage.released, [moved + result for result in self.results_at]

    def _run(self) -> None:
        if self.fed is not None:
            self.late = self.fed.late(self.began)


class Feeder:
    """When the weights of each cycle come, the stream always valid: a word as soon as there is room for it."""

    def __init__(self, array: Array) -> None:
        self.array = array
        self.came = -1
        """Last beat of the latest word."""
        self.went = [LONG_AGO] * array.sets_ahead
        """When the lanes took the latest words."""

    def late(self, began: int) -> int:
        """Cycles that the lanes wait in a turn that begins in this cycle."""
        at = began
        for _ in range(self.array.depth):
            first = max(self.came, self.went[-self.array.sets_ahead]) + 1
            self.came = first + self.array.set_beats - 1
            at = max(at + 1, self.came + 2)
            self.went.append(at)
        return at - began - self.array.depth
