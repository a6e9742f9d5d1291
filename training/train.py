"""`sparrow train`: from a spec to integer weights, real test samples and the record of how they came about."""

from __future__ import annotations

from pathlib import Path

from accel.base.progress import Progress, silent
from accel.spec import Spec
from training.tasks import SEEDED


def train(spec: Spec, work: Path, progress: Progress = silent) -> None:
    """Make the network of the spec; goes on from the checkpoints of an earlier run of the same spec.

    Leaves in `work`: `checkpoints/`, `weights.npz`, `samples.npz` (the whole test split) and `training.json`.
    `progress` is told after every epoch: stage, epochs done, epochs in all, a note with the metric. Raises Refused
    where task and spec do not fit together, data is absent, or training diverges.
    """
    if spec.training.task == SEEDED:
        from training import seeded

        seeded.write(spec, work)
        return
    from training import pipeline

    pipeline.run(spec, work, progress)
