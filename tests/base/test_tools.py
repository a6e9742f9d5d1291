"""The doctor finds what is there and says what is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from accel.base.tools import TOOLS, Package, Program, examine, paths, plain


def stub(folder: Path, name: str, says: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(0o755)


def test_a_program_is_found_under_any_of_its_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stub(tmp_path, "second", "Second 4.2.1 (build 7)")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    program = Program("it", "a test", ("first-name", "second"))
    assert program.path() == str(tmp_path / "second")
    assert program.version_of(program.path()) == "4.2.1"


def test_a_program_that_is_missing_has_no_path() -> None:
    assert Program("it", "a test", ("no-such-program-anywhere",)).path() == ""
    assert Package("no_such_package_anywhere", "a test").path() == ""


def test_a_program_without_a_version_is_unknown(tmp_path: Path) -> None:
    stub(tmp_path, "mute", "")
    assert Program("mute", "a test", ("mute",)).version_of(str(tmp_path / "mute")) == "unknown"


def test_a_program_that_does_not_run_says_so(tmp_path: Path) -> None:
    (tmp_path / "broken").write_text("not a program")
    (tmp_path / "broken").chmod(0o755)
    assert "does not run" in Program("broken", "", ("broken",)).version_of(str(tmp_path / "broken"))


def test_every_tool_says_what_it_is_needed_for() -> None:
    findings = plain(examine())
    assert [finding["tool"] for finding in findings] == [tool.name for tool in TOOLS]
    assert all(finding["needed_for"] for finding in findings)
    assert all(bool(finding["version"]) == finding["found"] for finding in findings)


def test_places_are_told_for_the_tools_asked_for() -> None:
    assert list(paths(["g++", "torch"])) == ["g++", "torch"]
