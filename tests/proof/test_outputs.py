"""What a step writes: nothing of a person's is written over without a word, and nothing is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from accel.base.faults import Refused
from accel.base.files import write_text
from accel.proof import ledger
from accel.proof.links import Links
from accel.proof.outputs import ASIDE, Outputs


def step(work: Path, text: str = "made", maker: str = "sparrow step", replace: bool = False) -> None:
    """A whole step that leaves one file."""
    outputs = Outputs(work, "step", maker, Links(), replace)
    outputs.claim("rtl/out.v")
    ledger.record(work, "step", maker, Links(), outputs.write({"rtl/out.v": text}))


def test_a_file_that_no_step_left_is_refused_and_stays(tmp_path: Path) -> None:
    write_text(tmp_path / "rtl/out.v", "mine")
    with pytest.raises(Refused, match=r"rtl/out.v: wanted no such file yet.*got one that no `sparrow step` left"):
        step(tmp_path)
    assert (tmp_path / "rtl/out.v").read_text() == "mine"
    assert not (tmp_path / ledger.NAME).exists()


def test_with_replace_it_is_set_aside(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_text(tmp_path / "rtl/out.v", "mine")
    step(tmp_path, replace=True)
    assert (tmp_path / "rtl/out.v").read_text() == "made"
    assert (tmp_path / ASIDE / "1/rtl/out.v").read_text() == "mine"
    said = f"note: {tmp_path}/rtl/out.v: not what a finished step left there; kept in {tmp_path}/{ASIDE}/1\n"
    assert capsys.readouterr().err == said


def test_an_edited_result_is_set_aside_before_it_is_made_again(tmp_path: Path) -> None:
    for number, text in enumerate(("mine", "mine, too"), 1):
        step(tmp_path)
        write_text(tmp_path / "rtl/out.v", text)
        step(tmp_path)
        assert (tmp_path / ASIDE / f"{number}/rtl/out.v").read_text() == text


def test_a_result_that_nobody_changed_is_made_again_without_a_word(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    step(tmp_path)
    step(tmp_path, "made anew")
    assert capsys.readouterr().err == ""
    assert not (tmp_path / ASIDE).exists()


def test_what_a_killed_step_was_writing_is_its_own(tmp_path: Path) -> None:
    outputs = Outputs(tmp_path, "step", "sparrow step", Links())
    outputs.claim("rtl/out.v")
    outputs.write({"rtl/out.v": "half"})
    step(tmp_path)
    assert not (tmp_path / ASIDE).exists()


def test_what_is_edited_after_a_kill_is_a_persons(tmp_path: Path) -> None:
    outputs = Outputs(tmp_path, "step", "sparrow step", Links())
    outputs.claim("rtl/out.v")
    outputs.write({"rtl/out.v": "half"})
    write_text(tmp_path / "rtl/out.v", "mine")
    step(tmp_path)
    assert (tmp_path / ASIDE / "1/rtl/out.v").read_text() == "mine"


def test_what_another_maker_left_is_set_aside(tmp_path: Path) -> None:
    step(tmp_path, "exported", "training.api.export")
    step(tmp_path, replace=True)
    assert (tmp_path / ASIDE / "1/rtl/out.v").read_text() == "exported"


def test_a_name_that_is_claimed_twice_is_one(tmp_path: Path) -> None:
    step(tmp_path)
    write_text(tmp_path / "rtl/out.v", "mine")
    Outputs(tmp_path, "step", "sparrow step", Links()).claim("rtl/out.v", "rtl/out.v")
    assert (tmp_path / ASIDE / "1/rtl/out.v").read_text() == "mine"


def test_a_folder_that_is_filled_by_somebody_is_refused(tmp_path: Path) -> None:
    write_text(tmp_path / "verilator/notes.txt", "mine")
    outputs = Outputs(tmp_path, "step", "sparrow step", Links())
    with pytest.raises(Refused, match="verilator: wanted no such file"):
        outputs.claim("verilator")


def test_a_manifest_that_cannot_be_read_is_set_aside_with_replace(tmp_path: Path) -> None:
    step(tmp_path)
    (tmp_path / ledger.NAME).write_text("{")
    with pytest.raises(Refused):
        step(tmp_path)
    step(tmp_path, replace=True)
    assert (tmp_path / ASIDE / "1" / ledger.NAME).read_text() == "{"
    assert ledger.outputs(tmp_path, "step") == ["rtl/out.v"]


def test_a_result_never_leaves_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "rtl").symlink_to(tmp_path)
    with pytest.raises(Refused, match="a path that stays within"):
        step(tmp_path / "work")
    assert not (tmp_path / "out.v").exists()
