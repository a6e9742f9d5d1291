"""A process of layers that share lanes."""

from __future__ import annotations

from itertools import accumulate

from accel.architecture.dataflows.rows import RowArray
from accel.architecture.dataflows.shared import SharedArray
from accel.base.templates import c_array
from accel.hls.dataflows.rows import RowProcess


class SharedProcess(RowProcess):
    """Rows of all layers, one layer behind the other."""

    header = "shared.h"
    step_in_levels = "SharedStep"

    @property
    def own_levels(self) -> dict[str, list[tuple[str, str]]]:
        """As `Process`."""
        assert isinstance(self.array, SharedArray)
        stack, begins = self.array.stack, self.array.begins
        words = accumulate((level.depth for level in stack), initial=0)
        levels = enumerate(zip(stack, begins, words, strict=False))
        return {f"{self.type}Layer{n}": self._layer(n, *places) for n, places in levels}

    def _layer(self, number: int, level: RowArray, unit: int, word: int) -> list[tuple[str, str]]:
        """What the lanes do for one layer: declarations and their text."""
        sums = self.sum_of("x"), self.sum_of("h")
        of_first, of_last = sums if number == 0 else sums[::-1]
        counts = {"Number": number, "FirstUnit": unit, "FirstWord": word, "Groups": level.groups}
        counts |= {"Cycles": level.cycles_per_group}
        lanes = [lane.x_slots for lane in level.lanes], [lane.slots for lane in level.lanes]
        tables = {"kSumOfX[kRowsPerUnit]": of_first, "kSumOfH[kRowsPerUnit]": of_last}
        tables |= {"kXSlots[kLanesPerRow]": lanes[0], "kSlots[kLanesPerRow]": lanes[1]}
        found = [(f"int k{name}", str(value)) for name, value in counts.items()]
        return found + [(f"int {name}", c_array(values)) for name, values in tables.items()]
