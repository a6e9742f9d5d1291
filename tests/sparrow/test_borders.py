"""Borders of the machine: a full disk, a read-only folder, a second run, files that somebody made up."""

from __future__ import annotations

import contextlib
import errno
import itertools
import json
import os
import re
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from accel.base.faults import REFUSED, UNFINISHED
from accel.base.files import read_json
from accel.proof import ledger
from accel.proof.folder import held
from accel.schedule import load_spec
from sparrow import flow
from tests.sparrow.small import SPEC, WORK, sparrow, write_spec
from tests.sparrow.test_chain import LEFT

ROOT = Path(__file__).parents[2]
VERBS = ("train", "generate", "verify", "report", "run", "check")
HOLDER = """
import sys
from pathlib import Path
from accel.proof.folder import held
from accel.schedule import load_spec
from sparrow import flow
with held(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def limited(bytes_a_file: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command in a process that can write no file of more bytes, as on a full disk."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_a_file, bytes_a_file))

    command = [sys.executable, "-m", "sparrow.cli", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, env=environment, preexec_fn=limit, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("bytes_a_file", [100, 1000, 110_000])
def test_a_full_disk_ends_with_3_and_a_sentence_and_run_goes_on_afterwards(little: Path, bytes_a_file: int) -> None:
    done = limited(bytes_a_file, "run", SPEC)
    assert done.returncode == UNFINISHED, done.stderr
    assert "cannot be done here: " in done.stderr
    assert re.search(rf"({little}/\S+: )?File too large", done.stderr)
    assert str(little) in done.stderr or bytes_a_file > 1000  # a temporary file of MyHDL's has no name
    assert "Traceback" not in done.stderr
    result = sparrow("run", SPEC)
    assert result.exit_code == 0, result.output
    assert not (little / "set-aside").exists()


class Killed(BaseException):
    """Stands for a kill: nothing may catch it."""


@pytest.mark.parametrize(
    ("write", "after"), [(1, False), (2, True), (4, True), (5, False), (6, True), (9, True), (30, True), (47, False)]
)
def test_a_run_that_is_killed_at_any_write_goes_on_to_the_same_files(
    little: Path, finished: Path, monkeypatch: pytest.MonkeyPatch, write: int, after: bool
) -> None:
    chosen, replace, count = load_spec.load(SPEC), Path.replace, itertools.count(1)

    def killed(path: Path, target: Path) -> None:
        number = next(count)
        if number == write and not after:
            raise Killed
        replace(path, target)
        if number == write:
            raise Killed

    with monkeypatch.context() as patch, contextlib.suppress(Killed):
        patch.setattr(Path, "replace", killed)
        flow.run(chosen, little)
    flow.run(chosen, little)
    assert set(flow.run(chosen, little).values()) == {"unchanged"}
    for name in ("weights.npz", "samples.npz", "training.json", "rtl/little.v", "hls/top.cpp", "report.json"):
        assert (little / name).read_bytes() == (finished / WORK / name).read_bytes() or name == "report.json"
    kept = {path.name for path in little.glob("set-aside/**/*") if path.is_file()}
    assert kept <= {"weights.npz", "samples.npz", "training.json"}


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
@pytest.mark.parametrize("verb", VERBS)
def test_what_the_machine_refuses_ends_with_3_and_a_sentence(
    ran: Path, monkeypatch: pytest.MonkeyPatch, verb: str, number: int
) -> None:
    def refuse(*given: Any, **options: Any) -> None:
        raise OSError(number, os.strerror(number), str(ran / "file"))

    (ran / "verify.json").unlink()
    monkeypatch.setattr("tempfile.mkstemp", refuse)
    monkeypatch.setattr("tempfile.mkdtemp", refuse)
    write_spec(Path(), target={"clock_mhz": 33.0}) if verb == "run" else None
    result = sparrow(verb, SPEC)
    if verb == "report":  # stale before anything is written
        assert result.exit_code == REFUSED
        return
    assert result.exit_code == UNFINISHED, result.output
    assert f"cannot be done here: {ran / 'file'}: {os.strerror(number)}" in result.stderr


def test_a_folder_in_which_no_lock_can_be_made_ends_with_3(ran: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = os.open

    def refuse(path: Any, *given: Any, **options: Any) -> int:
        if str(path).endswith(".sparrow.lock"):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return opened(path, *given, **options)

    monkeypatch.setattr("os.open", refuse)
    result = sparrow("run", SPEC)
    assert result.exit_code == UNFINISHED
    assert "Permission denied" in result.stderr


@pytest.mark.parametrize("verb", [*VERBS, "build", "import"])
def test_two_runs_in_one_folder_the_second_is_refused(ran: Path, verb: str) -> None:
    command = [sys.executable, "-c", HOLDER, str(ran)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    before = {path: path.read_bytes() for path in ran.rglob("*") if path.is_file()}
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        more = {"build": ["--board", "ulx3s-85f", "--plan"], "import": [str(ran)]}.get(verb, [])
        result = sparrow(verb, SPEC, *more)
        other.kill()
    assert result.exit_code == (0 if verb == "check" else REFUSED)
    assert "no other sparrow works in now" in result.stderr
    assert {path: path.read_bytes() for path in ran.rglob("*") if path.is_file()} == before


def forge(work: Path, change: Callable[[Any], Any]) -> None:
    """Change the manifest as somebody would who knows its digest."""
    steps = read_json(work / ledger.NAME)["steps"]
    change(steps)
    (work / ledger.NAME).write_text(json.dumps({"sha256": ledger._own_digest(steps), "steps": steps}))


@pytest.mark.parametrize("name", ["../../victim", "rtl/../../../victim"])
def test_a_made_up_manifest_deletes_nothing_outside(ran: Path, name: str) -> None:
    Path("victim").write_text("precious")
    digest = ledger.file_digest(Path("victim"))
    forge(ran, lambda steps: [steps[step]["outputs"].update({name: digest}) for step in steps])
    for verb in ("run", "generate", "verify", "report", "train", "check"):
        result = sparrow(verb, SPEC)
        assert result.exit_code == REFUSED
        assert "a path that stays within the work folder" in result.stderr
    assert Path("victim").read_text() == "precious"


def test_a_link_out_of_the_folder_is_not_followed(ran: Path) -> None:
    Path("elsewhere").mkdir()
    (ran / "checkpoints").symlink_to(Path("elsewhere").resolve())
    result = sparrow("train", SPEC)
    assert result.exit_code == REFUSED
    assert "no symbolic link out of the work folder" in result.stderr
    assert not list(Path("elsewhere").iterdir())


@pytest.mark.parametrize("contents", [b"\xff\xfe", b"[]", b"[" * 50_000])
@pytest.mark.parametrize("name", [name for name in LEFT if name.endswith(".json")] + ["steps.json"])
def test_our_own_json_in_any_wrong_form_ends_with_a_sentence(ran: Path, name: str, contents: bytes) -> None:
    (ran / name).write_bytes(contents)
    for verb in ("report", "check"):
        result = sparrow(verb, SPEC)
        assert result.exit_code in (0, REFUSED), result.output
        assert "Traceback" not in result.output
    if contents == b"[]":
        result = sparrow("run", SPEC, "--replace")
        assert result.exit_code == 0, result.output


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"layers": 3}, "training.json: layers: wanted"),
        ({"layers": [{"name": "lstm0"}]}, "layers.0.kept"),
        ({"bits": {}}, "bits.float"),
        ({"models": {"float": "high"}}, "models.float"),
        ({"candidates": [{"kept": 1}]}, "candidates.0.kept"),
        ({"seed": None}, "seed"),
    ],
)
def test_the_record_of_a_finished_training_in_a_wrong_form_is_refused(
    ran: Path, change: dict[str, Any], said: str
) -> None:
    record = read_json(ran / "training.json")
    (ran / "training.json").write_text(json.dumps(record | change))
    (ran / ledger.NAME).unlink()
    result = sparrow("import", SPEC, str(ran), "--work", "other")
    assert result.exit_code == REFUSED
    assert said in result.stderr
    assert not Path("other").exists()


@pytest.mark.parametrize("name", ["weights.npz", "samples.npz"])
@pytest.mark.parametrize("contents", [b"PK\3\4", b"PK\5\6" + bytes(18)])
def test_a_damaged_archive_ends_with_a_sentence(ran: Path, name: str, contents: bytes) -> None:
    (ran / name).write_bytes(contents)
    result = sparrow("import", SPEC, str(ran), "--work", "other")
    assert result.exit_code == REFUSED
    assert f"{ran / name}" in result.stderr
    assert "Traceback" not in result.output
    for verb in ("check", "verify", "run"):
        assert sparrow(verb, SPEC).exit_code in (0, REFUSED)


def test_a_work_folder_that_is_a_file_is_refused(little: Path) -> None:
    Path("work").touch()
    result = sparrow("run", SPEC, "--work", "work")
    assert result.exit_code == REFUSED
    assert "wanted a work folder, got a file" in result.stderr


def test_a_folder_of_somebody_elses_is_left_alone(little: Path) -> None:
    Path("mine/rtl").mkdir(parents=True)
    for name in ("rtl/little.v", "verify.json", "weights.npz", "report.html", "spec.json"):
        (Path("mine") / name).write_text("mine")
    for verb in (*VERBS, "import"):
        result = sparrow(verb, SPEC, *([str(Path("mine"))] if verb == "import" else []), "--work", "mine")
        assert result.exit_code == REFUSED, result.output
    assert {path.read_text() for path in Path("mine").rglob("*") if path.is_file() and path.name[0] != "."} == {"mine"}


def test_holding_a_folder_costs_nothing_that_stays(little: Path) -> None:
    with held(WORK):
        pass
    assert not WORK.exists()
