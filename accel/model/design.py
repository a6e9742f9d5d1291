"""A spec with its weights: what every engine, schedule and report is made of."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from accel.architecture.dataflows.shared import SharedArray
from accel.architecture.network import Network
from accel.model.own_lanes import as_they_lie
from accel.model.shared import shared_weights
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

    @cached_property
    def in_hardware(self) -> Design:
        """The same as it is built: where layers share lanes, one array with the weights of all of them; where
        directions have lanes of their own, weights in the order in which these have their units.
        """
        built = self.net.in_hardware
        if built is self.net:
            weights = as_they_lie(self.net, self.weights)
            return self if weights is self.weights else BuiltDesign(self.spec, weights, self.work, built)
        (array,), layers = built.layers, self.weights.layers
        assert isinstance(array, SharedArray)
        own = shared_weights(array, self.net.recurrent(layers))
        every = (*self.net.in_front(0, layers), own, *self.net.behind(layers))
        return BuiltDesign(self.spec, replace(self.weights, layers=every), self.work, built)


@dataclass(frozen=True)
class BuiltDesign(Design):
    """A design with the arrays that are built."""

    built: Network

    @cached_property
    def net(self) -> Network:
        """Those."""
        return self.built

    @cached_property
    def in_hardware(self) -> Design:
        """It is."""
        return self
