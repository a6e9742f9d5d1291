"""Programs of others: what they say is told, whatever bytes it is made of."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from accel.engines.engine import ProgramFailed
from accel.engines.program import LAST, finished, succeed

CUT = r"import os; os.write(2, b'a path cut in its middle: \xc3'); raise SystemExit(2)"


def test_bytes_that_are_no_text_are_told_and_no_crash(tmp_path: Path) -> None:
    with pytest.raises(ProgramFailed, match=r"ended with 2: a path cut in its middle: \\xc3$"):
        succeed([sys.executable, "-c", CUT], tmp_path)


def test_a_long_failure_is_told_by_its_end(tmp_path: Path) -> None:
    with pytest.raises(ProgramFailed) as failed:
        succeed([sys.executable, "-c", "raise SystemExit('x' * 5000 + 'end')"], tmp_path)
    told = str(failed.value).partition(": ")[2]
    assert len(told) == LAST
    assert told.strip().endswith("end")


def test_a_program_runs_in_its_folder_and_says_what_it_says(tmp_path: Path) -> None:
    done = finished([sys.executable, "-c", "import os; print(os.getcwd())"], tmp_path)
    assert (done.returncode, done.stdout.strip()) == (0, str(tmp_path.resolve()))
