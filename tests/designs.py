"""Specs, designs with seeded weights, and samples that many tests share."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from accel.model import random_weights, samples
from accel.model.design import Design
from accel.model.samples import Samples
from accel.schedule.load_spec import parse
from accel.spec import Spec

BASE: dict[str, Any] = {
    "name": "little",
    "model": {"inputs": 3, "hidden": [8], "head": {"outputs": 3}},
    "sparsity": {"pattern": "row", "input": 0.3, "recurrent": 0.5},
    "formats": {"input": [8, 6], "gate": [16, 12], "activation": [12, 11], "cell": [16, 11], "state": [12, 11]},
    "engine": {"units": 4},
    "training": {"task": "seeded"},
}


def data(**sections: Any) -> dict[str, Any]:
    """The base spec as plain data with some keys of its sections replaced; what is done to it changes no other."""
    found = copy.deepcopy(BASE)
    for name, section in sections.items():
        merge = isinstance(section, dict) and isinstance(found.get(name, {}), dict)
        found[name] = {**found.get(name, {}), **section} if merge else section
    return found


def spec(**sections: Any) -> Spec:
    """The base spec with some keys of its sections replaced."""
    return parse(data(**sections))


def design(chosen: Spec, work: Path) -> Design:
    """A design with seeded weights."""
    return Design(chosen, random_weights.seeded(chosen), work)


def stimuli(chosen: Spec) -> Samples:
    """Sequences of different lengths, and the corners."""
    return samples.seeded(chosen, 6, 5) + samples.corners(chosen)
