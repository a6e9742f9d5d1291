"""The borders of a work folder: one process at a time, and no way out."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from accel.base.faults import Refused
from accel.proof.folder import LOCK, held, inside

ROOT = Path(__file__).parents[2]
HOLDER = """
import sys
from pathlib import Path
from accel.proof.folder import held
with held(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("name", ["../other", "/etc/passwd", "a/../../b", "", ".", "a\0b", "a\ud800", "rtl/../../x"])
def test_a_path_out_of_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(Refused, match="a path that stays within the work folder"):
        inside(tmp_path, name)


def test_a_path_through_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "rtl").symlink_to(tmp_path)
    with pytest.raises(Refused, match="one that leads out"):
        inside(tmp_path / "work", "rtl/file.v")


def test_a_path_within_is_taken(tmp_path: Path) -> None:
    assert inside(tmp_path, "rtl/deep/file.v") == tmp_path / "rtl/deep/file.v"


@pytest.mark.parametrize("target", ["..", "/etc", "/nowhere/at/all"])
def test_a_link_out_of_the_folder_is_refused_before_anything_is_done(tmp_path: Path, target: str) -> None:
    work = tmp_path / "work"
    work.mkdir()
    (work / "checkpoints").symlink_to(target)
    with pytest.raises(Refused, match="no symbolic link out of the work folder"), held(work):
        raise AssertionError


def test_a_link_within_the_folder_and_a_folder_behind_a_link_are_fine(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "one").symlink_to("two")
    (tmp_path / "link").symlink_to("work")
    with held(tmp_path / "link"):
        pass


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that works in `tmp_path / "work"`."""
    command = [sys.executable, "-c", HOLDER, str(tmp_path / "work")]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_a_second_process_is_refused_until_the_first_ends(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    with pytest.raises(Refused, match="no other sparrow works in now, got a locked one"), held(tmp_path / "work"):
        raise AssertionError
    holder.kill()
    holder.communicate()
    with held(tmp_path / "work"):
        pass


def test_one_process_may_hold_a_folder_within_holding_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with held(Path("work")), held(tmp_path / "work"):
        pass


def test_a_folder_that_stayed_empty_is_removed_and_one_with_files_stays(tmp_path: Path) -> None:
    with held(tmp_path / "empty"):
        pass
    with held(tmp_path / "full"):
        (tmp_path / "full" / "file").touch()
    assert [path.name for path in tmp_path.iterdir()] == ["full"]
    assert {path.name for path in (tmp_path / "full").iterdir()} == {"file", LOCK}


def test_a_file_is_no_work_folder(tmp_path: Path) -> None:
    (tmp_path / "work").touch()
    with pytest.raises(Refused, match="wanted a work folder, got a file"), held(tmp_path / "work"):
        raise AssertionError


def test_the_followers_of_torchrun_leave_the_folder_to_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, holder: subprocess.Popen[str]
) -> None:
    monkeypatch.setitem(os.environ, "TORCHELASTIC_RUN_ID", "job")
    monkeypatch.setitem(os.environ, "RANK", "1")
    with held(tmp_path / "work"):
        pass
    monkeypatch.setitem(os.environ, "RANK", "0")
    with pytest.raises(Refused), held(tmp_path / "work"):
        raise AssertionError
