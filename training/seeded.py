"""The task that trains nothing: random weights and samples, the same for the same seed. Needs no torch."""

from __future__ import annotations

from pathlib import Path

from accel.base.files import write_json
from accel.model import samples, weights
from accel.spec import Spec
from training.sizes import bits, layers
from training.tasks import SEEDED

STEPS = 8
"""Length of the longest random sequence."""


def write(spec: Spec, work: Path) -> None:
    """Leave `weights.npz`, `samples.npz` and a `training.json` without any metric in `work`."""
    drawn = weights.seeded(spec)
    weights.save(work / "weights.npz", drawn, spec)
    samples.save(work / "samples.npz", samples.seeded(spec, spec.verify.sequences, STEPS))
    net = drawn.network(spec)
    record = {"task": SEEDED, "metric": None, "models": {}, "layers": layers(net), "bits": bits(net)}
    write_json(work / "training.json", record | {"seed": spec.training.seed})
