"""Two processes of torchrun give the numbers of one, up to rounding."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from accel.base.faults import Refused
from accel.base.files import read_json
from tests.training import two_processes
from tests.training.small import small
from training import distributed, pipeline

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which two processes left every job."""
    work = tmp_path_factory.mktemp("together")
    launch = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", two_processes.__file__, str(work)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, *launch], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return work


@pytest.mark.slow
@pytest.mark.parametrize("job", two_processes.JOBS)
def test_two_processes_train_what_one_does(tmp_path: Path, together: Path, job: str) -> None:
    two_processes.run(job, tmp_path)
    one, two = (read_json(work / job / "training.json")["curves"]["dense"] for work in (tmp_path, together))
    for mine, theirs in zip(one, two, strict=True):
        assert mine["loss"] == pytest.approx(theirs["loss"], rel=1e-4)
        assert mine["valid_loss"] == pytest.approx(theirs["valid_loss"], rel=1e-4)


def test_a_batch_that_does_not_divide_among_the_processes_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(distributed, "processes", lambda: 3)
    with pytest.raises(Refused, match=r"training.batch: wanted a multiple of the 3 processes, got 16"):
        pipeline.run(small(), tmp_path, lambda *told: None)
