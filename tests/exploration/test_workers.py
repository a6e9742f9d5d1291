"""Points on two workers of Dask: the same study, also where one of them is killed in the middle."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from accel.base.faults import Refused
from accel.schedule.load_spec import load
from exploration import axes, workers
from exploration.measures import measures
from exploration.study import Plan, Point, run
from exploration.work import Job

pytest.importorskip("optuna")
distributed = pytest.importorskip("distributed")
SPEC = Path(__file__).parents[2] / "specs" / "tiny.yaml"
TINY = load(SPEC)
KNOWN = measures(None)
WANTED = (KNOWN["cycles"], KNOWN["multipliers"])


def studied(tmp_path: Path, count: int, budget: int) -> list[Point]:
    job = Job(axes.base(TINY), None, ("cycles", "multipliers"), tmp_path / "networks", Path())
    plan = Plan(axes.proposed(TINY, networks=False), WANTED, (), "nsga2", 3)
    with workers.pool(job, WANTED, count) as evaluate:
        return run(plan, budget, evaluate, tmp_path / f"{count}-{budget}.log", lambda done, of: None)


def test_an_address_at_which_no_scheduler_answers_is_refused(tmp_path: Path) -> None:
    job = Job(axes.base(TINY), None, ("cycles",), tmp_path, Path())
    with pytest.raises(Refused, match="--scheduler"), workers.pool(job, WANTED, 1, "nowhere"):
        pass


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_study_of_fifty_points_on_two_workers_is_that_of_one_process_though_a_worker_is_killed(
    tmp_path: Path,
) -> None:
    alone = studied(tmp_path, 1, 50)
    killed: list[int] = []

    def kill() -> None:
        while not killed:
            time.sleep(0.2)
            for client in list(distributed.Client._instances):
                found = client.run(os.getpid) if client.status == "running" else {}
                if len(found) == 2:
                    killed.append(next(iter(found.values())))
                    os.kill(killed[0], signal.SIGKILL)
                    return

    threading.Thread(target=kill, daemon=True).start()
    together = studied(tmp_path, 2, 50)
    assert killed
    assert together == alone


@pytest.mark.slow
def test_ctrl_c_over_workers_leaves_one_line_and_a_study_that_goes_on(tmp_path: Path) -> None:
    given = [sys.executable, "-m", "sparrow.cli", "explore", str(SPEC), "--work", str(tmp_path), "--no-prove"]
    begun = subprocess.Popen(
        [*given, "--workers", "2", "--budget", "5000"], start_new_session=True, stderr=subprocess.PIPE, text=True
    )
    journal = tmp_path / "explore" / "journal.log"
    while begun.poll() is None and (not journal.is_file() or journal.read_text().count("outcome") < 8):
        time.sleep(0.2)
    os.killpg(begun.pid, signal.SIGINT)  # as a terminal does it: to every process
    _, said = begun.communicate(timeout=60)
    assert begun.returncode == 130, said
    assert "Traceback" not in said
    assert "stopped: SIGINT" in said
    again = subprocess.run([*given, "--budget", "5"], capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stderr
