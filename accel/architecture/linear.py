"""A linear layer in front of another one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from accel.architecture.cells.activations import ACTIVATIONS, Activation
from accel.architecture.cells.sizes import Size
from accel.architecture.dataflows.rows import RowArray
from accel.base.fixed import Fixed


@dataclass(frozen=True)
class LinearArray(RowArray):
    """The lanes of a linear layer, one row a unit as those of a head, whose sums go through an activation."""

    activation: str = "none"
    out: Fixed | None = None
    """What leaves the layer, a format in every one that is built."""

    @property
    def made(self) -> Fixed:
        """What leaves the layer."""
        assert self.out is not None
        return self.out

    def sizes(self, formats: Any) -> dict[str, Size]:
        """Width and fraction bits of every value of the layer, by name; `formats` are a spec's."""
        return self.operations.sizes(formats, Size(self.sum_width, self.sum_frac))

    @property
    def operations(self) -> Activation:
        """What the sums go through."""
        return ACTIVATIONS[self.activation]
