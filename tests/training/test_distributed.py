"""Two processes of torchrun give the numbers of one, up to rounding."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from accel.faults import Refused
from accel.spec import Spec, plain
from tests.training.small import small
from tests.training.test_text import CHARS
from training import distributed, pipeline

SCRIPT = Path(__file__).with_name("two_processes.py")
ROOT = Path(__file__).parents[2]


def trained(count: int, which: str, spec: Spec, work: Path) -> Any:
    """The record of a run in so many processes."""
    launch = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={count}"] if count > 1 else []
    command = [sys.executable, *launch, str(SCRIPT), which, json.dumps(plain(spec)), str(work)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads((work / "training.json").read_text())


@pytest.mark.parametrize("which", ["sequences", "text"])
def test_two_processes_train_what_one_does(tmp_path: Path, which: str) -> None:
    spec = (
        small()
        if which == "sequences"
        else CHARS.model_copy(update={"training": small(training={"steps": 5, "batch": 4}).training})
    )
    one, two = (trained(count, which, spec, tmp_path / str(count)) for count in (1, 2))
    for mine, theirs in zip(one["curves"]["dense"], two["curves"]["dense"], strict=True):
        assert mine["loss"] == pytest.approx(theirs["loss"], rel=1e-4)
        assert mine["valid_loss"] == pytest.approx(theirs["valid_loss"], rel=1e-4)


def test_a_batch_that_does_not_divide_among_the_processes_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(distributed, "processes", lambda: 3)
    with pytest.raises(Refused, match=r"training.batch: wanted a multiple of the 3 processes, got 16"):
        pipeline.run(small(), tmp_path, lambda *told: None)
