"""Numbers of training as event files for TensorBoard, as they come: `--tensorboard`, extra `tensorboard`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from accel.base.progress import Measured, Progress
from accel.proof.folder import follows

FOLDER = "tensorboard"
"""In the work folder; a run that goes on from a checkpoint adds a file to it."""


@contextmanager
def recorded(progress: Progress, work: Path, wanted: bool) -> Iterator[Progress]:
    """The progress, which leaves in work/tensorboard a curve of each number of each stage, by epoch, if `wanted`.

    Nothing is left where no number comes. Raises ImportError where the package is not installed.
    """
    if not wanted or follows():
        yield progress
        return
    from torch.utils.tensorboard import SummaryWriter

    with ExitStack() as opened:

        @cache
        def writer() -> Any:
            return opened.enter_context(SummaryWriter(str(work / FOLDER)))

        def told(stage: str, done: int, total: int, note: str) -> None:
            progress(stage, done, total, note)
            if isinstance(note, Measured):
                for name, value in note.numbers.items():
                    writer().add_scalar(f"{_tag(stage)}/{_tag(name)}", value, done)
                writer().flush()

        yield told


def _tag(name: str) -> str:
    """A name as TensorBoard takes it."""
    return re.sub(r"[^A-Za-z0-9.-]+", "_", name)
