"""A sequence buffer in time: when its banks are free, and when what it gives of a sequence comes."""

from __future__ import annotations

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
        self.soonest = max(written + MIRROR, self.soonest - 1 + MIRROR_NEXT)
        given = self._came[-1:] if self.mirror.last_only else self._came
        self._came = []
        return given

    def read(self, first: int, final: bool) -> None:
        """A step is given from cycle `first` on, a beat a cycle; it is the sequence's last one."""
        self.soonest = first + self.mirror.given
        if final:
            self._freed.append(self.soonest - 2)
