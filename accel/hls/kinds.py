"""Layers whose cells have the same formats are of one kind: they share constants, tables and the text of their cell."""

from __future__ import annotations

from accel.architecture.array import Array
from accel.architecture.network import Network


def kinds(net: Network) -> list[Array]:
    """The first layer of each kind."""
    return list(dict.fromkeys(map(net.alike, net.layers)))


def kind_name(net: Network, array: Array) -> str:
    """What the constants of a layer's kind have before their names: nothing for the first layer's, and for a head."""
    if array.signals is None or net.alike(array) == net.layers[0]:
        return ""
    return net.alike(array).name.capitalize()
