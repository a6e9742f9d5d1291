"""A sequence buffer in time: when its banks are free, and when what it gives of a sequence comes."""

from __future__ import annotations

from collections.abc import Sequence

from accel.architecture.latencies import MIRROR, MIRROR_NEXT
from accel.architecture.mirror import BANKS, Mirror
from accel.schedule.stage import LONG_AGO, TurnOperands

Operands = tuple[TurnOperands, ...]


class SequenceBuffer:
    """The events of one buffer, sequence after sequence; cycles as `accel.schedule.schedule` counts them."""

    def __init__(self, mirror: Mirror) -> None:
        self.mirror = mirror
        self.soonest = LONG_AGO
        """The soonest cycle of the next beat that it gives."""
        self._freed = [LONG_AGO] * BANKS
        """When the last word of each sequence was read."""
        self._came: list[Operands] = []
        """The operands of the steps of the sequence that comes."""

    def write(self, before: int, soonest: int, operands: Operands) -> int:
        """When the last beat of a step's vector comes, `soonest` at the earliest; the beat before came at `before`."""
        free = LONG_AGO if self._came else self._freed[-BANKS]
        self._came.append(operands)
        return max(soonest, max(before, free) + self.mirror.beats)

    def end(self, written: int) -> list[Operands]:
        """The sequence is whole with the beat of cycle `written`: the operands of every step that it gives."""
        self.soonest = max(written + MIRROR, self._freed[-1] + 1 + MIRROR_NEXT, self.soonest)
        given = self._came[-1:] if self.mirror.last_only else self._came
        self._came = []
        return given

    def read(self, beats: Sequence[int], final: bool) -> None:
        """A step is given in the cycles `beats`; it is the sequence's last one, or not. A word is read in the cycle in
        which the beat before moves, or one before it is shown.
        """
        last_read = beats[-2] if len(beats) > 1 else self.soonest - 1
        self.soonest = beats[-1] + 1
        if final:
            self._freed.append(last_read)
