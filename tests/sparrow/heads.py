"""What a graph may have behind its recurrent layers."""

from __future__ import annotations

from collections.abc import Callable

from tests.training.importing.graphs import Graph


def mlp(g: Graph, read: str) -> str:
    """A ReLU and a tanh between three linear layers."""
    return g.head(g.node("Tanh", g.head(g.node("Relu", g.head(read, outputs=7)), 7, 5)), 5)


def over_time(operator: str) -> Callable[[Graph], str]:
    return lambda g: mlp(g, g.node(operator, g.layer("x"), axes=[0], keepdims=0))
