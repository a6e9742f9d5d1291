"""What the sums of a linear layer go through on their way to the next one: lists of operations, as a cell's are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from accel.architecture.cells.operations import Clip, Lookup, Narrow, Operation
from accel.architecture.cells.sizes import Size, size_of

SUM, OUT = "sum", "out"
"""The exact sum of a row with its bias, and what leaves the layer."""


@dataclass(frozen=True)
class Activation:
    """Operations from SUM to OUT, each of which reads the one before."""

    operations: tuple[Operation, ...]

    def sizes(self, formats: Any, of_sum: Size) -> dict[str, Size]:
        """Size of every value, by name; `formats` are a spec's."""
        found = {SUM: of_sum}
        for operation in self.operations:
            found[operation.name] = size_of(operation, found, formats)
        return found

    @property
    def narrowing(self) -> Narrow:
        """Where the sum is rounded and saturated."""
        (found,) = (operation for operation in self.operations if isinstance(operation, Narrow))
        return found


def _table(name: str) -> Activation:
    return Activation((Narrow("pre", SUM, "gate"), Lookup(OUT, "pre", name)))


def _clipped(least: int | None, most: int | None) -> Activation:
    return Activation((Narrow("pre", SUM, "linear"), Clip(OUT, "pre", least, most)))


ACTIVATIONS: Mapping[str, Activation] = {
    "none": Activation((Narrow(OUT, SUM, "linear"),)),
    "relu": _clipped(0, None),
    "hard_tanh": _clipped(-1, 1),
    "hard_sigmoid": _clipped(0, 1),
    "tanh": _table("tanh"),
    "sigmoid": _table("sigmoid"),
}
"""By the names of `model.head.layers.activation`."""
