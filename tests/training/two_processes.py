"""Run by torchrun in test_distributed.py: small tasks through the whole pipeline, in as many processes as there are."""

from __future__ import annotations

import sys
from pathlib import Path

import torch

from accel.base.progress import silent
from accel.spec import Spec
from tests.training.small import small, task
from tests.training.test_text import CHARS, chars
from training import distributed, pipeline
from training.tasks.task import Task

TEXT = CHARS.model_copy(update={"training": small(training={"steps": 5, "batch": 4}).training})
JOBS: dict[str, tuple[Spec, Task]] = {"sequences": (small(), task()), "text": (TEXT, chars())}


def run(name: str, work: Path) -> None:
    """One job, its files in a folder of its name."""
    spec, job = JOBS[name]
    made = pipeline.make(spec, job, work / name / "checkpoints", silent)
    if distributed.rank() == 0:
        pipeline.write(spec, job, made, work / name)


if __name__ == "__main__":
    torch.set_num_threads(1)
    with distributed.together():
        for name in JOBS:
            run(name, Path(sys.argv[1]))
        distributed.wait()
