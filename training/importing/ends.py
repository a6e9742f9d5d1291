"""The output of a graph: a linear head, the steps it answers after, and where the answers lie."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from accel.base.faults import Fault, Refused
from training.importing.network import Array, Linear, When
from training.importing.signals import Signal, Uneven


@dataclass(frozen=True)
class End:
    """The output of the graph: which values of which steps it has."""

    place: str
    logits: Signal
    size: tuple[int, ...]
    """Steps and sequences."""
    index: bool
    """Whether the output is an arg max, one place for all classes."""

    def read(self) -> tuple[Linear | None, When | None, int | None, Array]:
        """Head (None where h_t itself comes out), when it answers, axis of the values, row of each answer."""
        if self.index:
            return self._linear(self.logits), self._when(rows := self.logits.places // self.logits.count), None, rows
        try:
            axis = self.logits.axis()
        except Uneven:
            if self.logits.count > 1:
                raise Refused([Fault(self.place, "all outputs of a step along one axis", "another order")]) from None
            rows = self.logits.places
            return self._linear(self.logits), self._when(rows), None, rows
        matrix, offset, rows = self.logits.moved(np.moveaxis(self.logits.places, axis, -1)).vectors()
        ordered = replace(self.logits, matrix=matrix, offset=offset)
        return self._linear(ordered), self._when(rows), axis, rows

    def _linear(self, logits: Signal) -> Linear | None:
        if np.array_equal(logits.matrix, np.eye(logits.matrix.shape[1])) and not logits.offset.any():
            return None
        named = ", ".join(filter(None, logits.folded)) or "the order of the outputs"
        return Linear(named, logits.matrix, logits.offset, (f"weight of {named}", f"bias of {named}"))

    def _when(self, rows: Array) -> When | None:
        """`step` or `last`; None for a single step, which is both."""
        steps, sequences = self.size
        every, found = np.arange(steps * sequences).reshape(steps, sequences), rows.ravel()
        if any(np.array_equal(found, order.ravel()) for order in (every, every.T)):
            return None if steps == 1 else "step"
        if np.array_equal(found, every[-1]) or np.array_equal(found, every[-1] + sequences):
            return "last"  # the latter is the row of last states
        got = "some of them, some twice, or in another order"
        raise Refused([Fault(self.place, "the answer of every step, or of the last, once for each sequence", got)])
