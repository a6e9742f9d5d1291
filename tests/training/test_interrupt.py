"""A signal ends training after the step in progress, with a checkpoint from which the same numbers come out."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from accel.base.faults import Stopped
from accel.base.progress import silent
from accel.spec import Spec
from tests.marks import first
from tests.training import two_processes
from tests.training.small import small
from tests.training.small import task as small_task
from tests.training.test_loop import outcome
from training import interrupt, pipeline
from training.loop import Fit
from training.tasks.task import Task

ROOT = Path(__file__).parents[2]
SEQUENCES = small(
    training={"studies": {"states": [0.5], "lasso": [150.0], "highway": [2], "highway_lasso": [50.0]}, "dropout": 0.2}
)
JOBS: dict[str, tuple[Spec, Task]] = two_processes.JOBS | {"sequences": (SEQUENCES, small_task())}


def run(job: str, work: Path) -> None:
    spec, task = JOBS[job]
    pipeline.write(spec, task, pipeline.make(spec, task, work / "checkpoints", silent), work)


def steps_of(job: str, work: Path, stop_at: int | None = None) -> int:
    """Run a job, a signal sent in step `stop_at`; how many steps were made."""
    made, step = [], Fit.step

    def counted(self: Fit, *given: Any) -> Any:
        made.append(self.stage.name)
        if len(made) == stop_at:
            os.kill(os.getpid(), signal.SIGTERM)
        return step(self, *given)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Fit, "step", counted)
        if stop_at is None:
            run(job, work)
        else:
            with pytest.raises(Stopped, match=r"SIGTERM; .*\.pt is kept"):
                run(job, work)
    return len(made)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, Any]]:
    """Steps and outcome of each job that nothing stopped."""
    folders = {job: tmp_path_factory.mktemp(job) for job in JOBS}
    return {job: (steps_of(job, work), outcome(work)) for job, work in folders.items()}


@pytest.mark.parametrize("job", JOBS)
@pytest.mark.parametrize("stop_at", first([9, 2, 34]))
def test_a_signal_within_an_epoch_loses_no_step_and_changes_no_number(
    tmp_path: Path, whole: dict[str, tuple[int, Any]], job: str, stop_at: int
) -> None:
    assert steps_of(job, tmp_path, stop_at) == stop_at
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    assert (stop_at + steps_of(job, tmp_path), outcome(tmp_path)) == whole[job]


@pytest.fixture
def handled() -> Iterator[None]:
    """Python's own handler of SIGINT, though a shell that starts the tests in the background has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("handled")
def test_a_second_signal_is_not_waited_for() -> None:
    with interrupt.deferred() as request:
        signal.raise_signal(signal.SIGINT)
        assert request.signal is signal.SIGINT
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


@pytest.mark.usefixtures("handled")
def test_a_thread_leaves_signals_alone() -> None:
    handlers = []

    def look() -> None:
        with interrupt.deferred():
            handlers.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert handlers == [signal.default_int_handler]


def test_the_command_stops_with_the_status_of_the_signal(tmp_path: Path) -> None:
    data = yaml.safe_load((ROOT / "specs" / "digits.yaml").read_text())
    data["training"]["epochs"] = 100_000
    spec = tmp_path / "spec.yaml"
    spec.write_text(yaml.safe_dump(data))
    command = [sys.executable, "-m", "sparrow.cli", "train", str(spec), "--work", str(tmp_path)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 120
    while not (tmp_path / "checkpoints" / "dense.pt").is_file() and time.monotonic() < until:
        time.sleep(0.05)
    process.terminate()
    _, told = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGTERM, told
    assert "stopped: SIGTERM; " in told
    assert "goes on from it" in told
