"""The task that trains nothing: random weights and samples, the same for the same seed. Needs no torch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from accel.architecture.network import Network
from accel.base.files import write_json
from accel.model import random_weights, samples, weights_file
from accel.spec import Spec
from training.sizes import bits, layers
from training.tasks import SEEDED

STEPS = 8
"""Length of the longest random sequence."""


def write(spec: Spec, work: Path) -> None:
    """Leave `weights.npz`, `samples.npz` and a `training.json` without any metric in `work`."""
    drawn = random_weights.seeded(spec)
    weights_file.save(work / "weights.npz", drawn, spec)
    samples.save(work / "samples.npz", samples.seeded(spec, spec.verify.sequences, STEPS))
    write_json(work / "training.json", untrained(drawn.network(spec), SEEDED, spec))


def untrained(net: Network, task: str | None, spec: Spec) -> dict[str, Any]:
    """The record of weights that sparrow did not train."""
    record = {"task": task, "metric": None, "models": {}, "layers": layers(net), "bits": bits(net)}
    return record | {"seed": spec.training.seed}
