"""What engines show, as the network has it.

Of layers that share lanes hardware shows one, of which each has its units; of directions with lanes of their own it
shows words of units in turn.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from accel.architecture.dataflows.shared import SharedArray
from accel.base.fixed import Integers
from accel.model.design import Design


def by_layer(design: Design, signals: Mapping[str, dict[str, Integers]]) -> dict[str, dict[str, Integers]]:
    """Signals [steps, units] of what is built as those of the network's layers."""
    found = dict(signals)
    for array in design.in_hardware.net.layers:
        if array.ways > 1:
            places = np.argsort(array.unit_order)
            found[array.name] = {name: values[:, places] for name, values in found[array.name].items()}
        if not isinstance(array, SharedArray):
            continue
        every = found.pop(array.name)
        for layer, begin in zip(design.net.layers, array.begins, strict=True):
            own = slice(begin, begin + layer.outputs)
            found[layer.name] = {name: values[:, own] for name, values in every.items()}
    return found


def as_counted(design: Design, counts: dict[str, dict[str, int]]) -> dict[str, dict[str, int]]:
    """Counts of the network's layers as hardware has them: lanes that layers share have one counter."""
    for array in design.in_hardware.net.layers:
        if isinstance(array, SharedArray):
            each = [*counts.values()]
            return {array.name: {name: sum(one[name] for one in each) for name in each[0]}} if each else {}
    return counts
