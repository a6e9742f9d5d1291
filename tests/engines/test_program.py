"""Programs of others: what they say is told, whatever bytes it is made of."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from accel.engines import program
from accel.engines.engine import ProgramFailed
from accel.engines.program import LAST, finished, product, succeed

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


COUNT = "import sys; from pathlib import Path; n = Path('runs'); n.write_text(n.read_text() + 'x'); open('made', 'w')"
"""Makes a file, and counts how often it does."""


def made(folder: Path, *words: str, others: tuple[str, ...] = ()) -> str:
    """Make the product; how often it has been made."""
    assert product([sys.executable, "-c", COUNT, *words], folder, folder / "made", [folder / "read"], others).is_file()
    return (folder / "runs").read_text()


def test_a_product_is_made_again_for_other_words_files_versions_and_where_it_was_edited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "read").write_text("one")
    (tmp_path / "runs").write_text("")
    assert (made(tmp_path), made(tmp_path)) == ("x", "x")
    (tmp_path / "read").write_text("two")
    assert (made(tmp_path), made(tmp_path)) == ("xx", "xx")
    assert (made(tmp_path, "more"), made(tmp_path, "more")) == ("xxx", "xxx")
    (tmp_path / "made").write_text("edited")
    assert (made(tmp_path, "more"), made(tmp_path, "more")) == ("xxxx", "xxxx")
    monkeypatch.setattr(program, "version_at", lambda path: "2.0" if path == "another" else "1.0")
    assert made(tmp_path, "more") == "xxxxx"
    assert (made(tmp_path, "more", others=("another",)), made(tmp_path, "more", others=("another",))) == 2 * ("xxxxxx",)


def test_an_old_product_cannot_pass_for_new(tmp_path: Path) -> None:
    (tmp_path / "made").write_text("old")
    with pytest.raises(ProgramFailed, match="did not make made"):
        product([sys.executable, "-c", "pass"], tmp_path, tmp_path / "made", [])
    assert not (tmp_path / "made").exists()
    with pytest.raises(ProgramFailed, match="ended with 1"):
        product([sys.executable, "-c", "open('made', 'w'); raise SystemExit(1)"], tmp_path, tmp_path / "made", [])
    assert not (tmp_path / "made.done.txt").exists()
