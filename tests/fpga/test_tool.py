"""Plans: what runs, what does not have to, and what is said when a tool is missing or fails."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from accel.engines import program
from accel.engines.engine import ToolMissing
from fpga.tool import Command, Plan, ToolFailed, run, write

COPY = Command("copy", (("no-such-tool", "a"), ("cp", "a", "b")), ("a",), ("b",))
PLAN = Plan("copying", {"a": "text\n"}, (COPY, Command("again", (("cp", "b", "c"),), ("b",), ("c",))))


def only(command: Command) -> Plan:
    return Plan("one step", {"a": "text\n"}, (command,))


def test_steps_run_in_order_and_only_once(tmp_path: Path) -> None:
    assert list(run(PLAN, tmp_path)) == [("copy", "done"), ("again", "done")]
    assert list(run(PLAN, tmp_path)) == [("copy", "unchanged"), ("again", "unchanged")]
    assert (tmp_path / "c").read_text() == "text\n"


def test_a_changed_file_runs_what_depends_on_it(tmp_path: Path) -> None:
    list(run(PLAN, tmp_path))
    for path in tmp_path.iterdir():
        os.utime(path, ns=(0, 0))
    changed = Plan(PLAN.title, {"a": "other\n"}, PLAN.commands)
    assert list(run(changed, tmp_path)) == [("copy", "done"), ("again", "done")]


def test_an_edited_product_is_made_again(tmp_path: Path) -> None:
    list(run(PLAN, tmp_path))
    (tmp_path / "b").write_text("edited")
    assert list(run(PLAN, tmp_path)) == [("copy", "done"), ("again", "unchanged")]
    assert (tmp_path / "b").read_text() == "text\n"


def test_another_version_of_the_program_does_its_step_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    list(run(PLAN, tmp_path))
    monkeypatch.setattr(program, "version_at", lambda path: "2.0")
    assert list(run(PLAN, tmp_path)) == [("copy", "done"), ("again", "done")]


def test_a_missing_tool_is_named_before_anything_runs(tmp_path: Path) -> None:
    late = Plan("late", PLAN.files, (COPY, Command("last", (("tool-one",), ("tool-two",)), (), ("z",))))
    with pytest.raises(ToolMissing, match=r"^tool-one or tool-two not found; needed by step last; put it on PATH$"):
        list(run(late, tmp_path))
    assert not (tmp_path / "b").exists()


def test_a_failing_tool_ends_the_plan_with_its_log(tmp_path: Path) -> None:
    failing = Command("fail", (("sh", "-c", "echo it is broken; exit 3"),), (), ("b",))
    with pytest.raises(ToolFailed, match=r"step fail: sh ended with status 3; its log .*fail.log says:\nit is broken"):
        list(run(only(failing), tmp_path))


def test_an_error_is_shown_even_where_pages_follow_it(tmp_path: Path) -> None:
    talking = Command("talk", (("sh", "-c", "echo ERROR: no room; seq 99; exit 1"),), (), ("b",))
    with pytest.raises(ToolFailed, match=r"says:\nERROR: no room\n88\n"):
        list(run(only(talking), tmp_path))


def test_a_product_that_is_not_made_is_a_failure_even_if_an_old_one_lies_there(tmp_path: Path) -> None:
    (tmp_path / "b").write_text("old")
    os.utime(tmp_path / "b", ns=(0, 0))
    with pytest.raises(ToolFailed, match="step idle did not make b"):
        list(run(only(Command("idle", (("true",),), ("a",), ("b",))), tmp_path))


@pytest.mark.parametrize("path", ["/etc/a", "../a", "b/../../a"])
def test_a_file_outside_the_folder_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="a plan's files lie within its folder"):
        Plan("bad", {path: ""}, ())


def test_until_keeps_the_steps_up_to_one() -> None:
    assert [command.step for command in PLAN.until("copy").commands] == ["copy"]
    with pytest.raises(ValueError, match="step nothing: wanted one of copy, again"):
        PLAN.until("nothing")


def build(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([folder / "build.sh", *arguments], capture_output=True, text=True, check=False)


def test_the_shell_script_does_the_same_without_python(tmp_path: Path) -> None:
    write(PLAN, tmp_path)
    assert build(tmp_path, "copy").stdout == "== copy\n"
    assert not (tmp_path / "c").exists()
    assert build(tmp_path).returncode == 0
    assert (tmp_path / "c").read_text() == "text\n"


def test_the_shell_script_fails_where_a_tool_is_missing_fails_or_makes_nothing(tmp_path: Path) -> None:
    for command, sentence in (
        (Command("gone", (("no-such-tool",),), (), ("z",)), "no-such-tool not found; needed by step gone"),
        (Command("fail", (("false",),), (), ("z",)), "step fail failed"),
        (Command("idle", (("true",),), (), ("z",)), "step idle did not make z"),
    ):
        write(only(command), tmp_path)
        done = build(tmp_path)
        assert done.returncode == 1
        assert sentence in done.stderr


def test_the_shell_script_names_its_steps_when_asked_for_another(tmp_path: Path) -> None:
    write(PLAN, tmp_path)
    done = build(tmp_path, "nothing")
    assert (done.returncode, done.stderr) == (2, "step nothing: wanted one of copy, again\n")


def test_plans_join_in_folders_of_their_own(tmp_path: Path) -> None:
    joined = PLAN.within("first").then(only(Command("last", (("cp", "first/c", "d"),), ("first/c",), ("d",))))
    for folder, way in ((tmp_path / "python", lambda f: list(run(joined, f))), (tmp_path / "shell", None)):
        if way:
            assert way(folder) == [("copy", "done"), ("again", "done"), ("last", "done")]
        else:
            write(joined, folder)
            assert build(folder).returncode == 0
        assert (folder / "d").read_text() == (folder / "first" / "c").read_text() == "text\n"


def test_words_with_spaces_and_quotes_reach_the_tool_as_they_are(tmp_path: Path) -> None:
    write(only(Command("write", (("sh", "-c", 'printf %s "$1" > b', "sh", "it's $HOME"),), (), ("b",))), tmp_path)
    assert build(tmp_path).returncode == 0
    assert (tmp_path / "b").read_text() == "it's $HOME"


def test_what_a_program_prints_for_others_is_a_file_and_its_errors_are_in_the_log(tmp_path: Path) -> None:
    words = (("sh", "-c", "echo made; echo said >&2"),)
    printing = only(Command("print", words, ("a",), ("sub/b",), folder="sub", into="b"))
    (tmp_path / "sub").mkdir()
    list(run(printing, tmp_path))
    assert (tmp_path / "sub" / "b").read_text() == "made\n"
    assert (tmp_path / "print.log").read_text() == "said\n"
    assert build(tmp_path, "print").returncode == 0
    assert (tmp_path / "sub" / "b").read_text() == "made\n"
