"""Small specs and data that the tests of training share."""

from __future__ import annotations

from typing import Any

import numpy as np

from accel.schedule.load_spec import parse
from accel.spec import Spec
from training.tasks.task import Split, Task

BASE: dict[str, Any] = {
    "name": "little",
    "model": {"inputs": 3, "hidden": [8], "head": {"outputs": 3}},
    "sparsity": {"pattern": "row", "search": {"total": 0.5, "steps": 1}},
    "formats": {"input": [8, 6], "gate": [16, 12], "activation": [12, 11], "cell": [16, 11], "state": [12, 11]},
    "engine": {"units": 4},
    "training": {"task": "seeded", "epochs": 3, "prune_epochs": 2, "quantize_epochs": 2, "batch": 16},
}


def small(**sections: dict[str, Any]) -> Spec:
    """The small spec with some keys of its sections replaced."""
    return parse({**BASE, **{name: {**BASE.get(name, {}), **section} for name, section in sections.items()}})


def task(seed: int = 0) -> Task:
    """Which of three inputs was largest on average: 96 sequences of one to five steps."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, 6, 96)
    x = rng.normal(0.0, 0.5, (96, 5, 3)).astype(np.float32)
    x[np.arange(5) >= lengths[:, None]] = 0.0
    labels = x.sum(axis=1).argmax(axis=1)

    def part(chosen: slice) -> Split:
        return Split(x[chosen], lengths[chosen], labels[chosen])

    return Task("largest", 3, "accuracy", part(slice(0, 64)), part(slice(64, 80)), part(slice(80, 96)))
