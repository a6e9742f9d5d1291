"""A spec with its weights: what every engine, schedule and report is made of."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from accel.architecture.network import Network
from accel.model.weights import Weights
from accel.spec import Spec


@dataclass(frozen=True)
class Design:
    """A spec with its weights, and the work folder with what `generate` rendered from them."""

    spec: Spec
    weights: Weights
    work: Path

    @cached_property
    def net(self) -> Network:
        """The arrays, with the ratios the weights have."""
        return self.weights.network(self.spec)
