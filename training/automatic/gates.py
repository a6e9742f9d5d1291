"""Widths by gate in a search of formats, on top of scales a row: a gate that matters less gets fewer bits.

All gates of a matrix share its fraction, so that products stay aligned; the integers of a narrower gate are as much
smaller, and the scales of its rows larger.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from accel.base.fixed import Fixed
from accel.spec.by_layer import weight_format
from training.automatic.knob import Knob, Widths
from training.automatic.row_scales import WEIGHT, RowDial

WORTH = 0.5
"""Bits of a weight on average that widths by gate have to save beside those by layer."""


class GateDial(RowDial):
    """The knobs of a network whose rows have scales, and whose gates widths of their own."""

    def weights_knobs(self, number: int) -> Iterator[Knob]:
        """One for each gate of a layer; one for all where the weights come as integers."""
        if self.alike[number]:
            yield from super().weights_knobs(number)
            return
        gates = self.trial.model.cell.rows_per_unit
        for gate, parts in enumerate(zip(*(np.split(one, gates) for one in self.matrices[number]), strict=True)):
            cost = float(max(1, sum(np.count_nonzero(part) for part in parts)))
            yield Knob(self._name(number, gate), 1, WEIGHT, cost)

    def weights_of(self, number: int, widths: Widths) -> tuple[Fixed, Fixed]:
        """W_x and W_h, as fine as those of one width that is the widest gate's."""
        if self.alike[number]:
            return super().weights_of(number, widths)
        gates = tuple(widths[self._name(number, gate)] for gate in range(self.trial.model.cell.rows_per_unit))
        w_x, w_h = super().weights_of(number, {f"{number}.weights": max(gates)})
        return weight_format(gates, w_x.frac), weight_format(gates, w_h.frac)

    def _name(self, number: int, gate: int) -> str:
        return f"{number}.{gate}.weights"
