"""What the command prints: tables that fit, colours only where they are wanted, JSON that says its version."""

from __future__ import annotations

import io
import json
from importlib import metadata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console, Group
from typer.testing import CliRunner

from accel.base.files import JSON_SCHEMA
from sparrow import printing, terminal
from sparrow.cli import app
from sparrow.terminal import table


def printed(what: Group, width: int) -> list[str]:
    console = Console(file=io.StringIO(), width=width)
    console.print(what)
    file = console.file
    assert isinstance(file, io.StringIO)
    return file.getvalue().splitlines()


@settings(deadline=None, max_examples=30)
@given(
    st.lists(st.lists(st.integers(0, 10**9), min_size=9, max_size=9), min_size=1, max_size=4),
    st.sampled_from(["lstm0", "a reason of many words, and of 1,234,567 cycles, which has to be folded somewhere"]),
)
def test_no_number_is_split_at_80_columns(rows: list[list[int]], name: str) -> None:
    heads = ("layer", *(f"cycles of part {n}" for n in range(9)))
    lines = printed(table("Cycles", heads, [(name, *row) for row in rows]), 80)
    assert max(map(len, lines)) <= 80
    words = [word for line in lines for word in line.split()]
    for row in rows:
        for value in row:
            assert f"{value:,}" in words
    assert name == "lstm0" or "1,234,567" in words


def test_a_table_that_has_room_stays_whole() -> None:
    lines = printed(table("Cycles", ("layer", "cycles per step"), [("lstm0", 62)]), 80)
    assert "cycles per step" in "\n".join(lines)
    assert sum("lstm0" in line for line in lines) == 1


def test_a_column_that_may_be_folded_anywhere_would_split_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal._Column, "__init__", _foldable)
    lines = printed(table("Cycles", [f"part {n}" for n in range(9)], [[10**9 + n for n in range(9)]]), 60)
    assert "1,000,000,008" not in [word for line in lines for word in line.split()]


def _foldable(self: terminal._Column, name: str, cells: list) -> None:
    self.name, self.cells, self.numeric, self.least, self.most = name, cells, False, 1, 10


@pytest.mark.parametrize("wanted", [True, False], ids=["NO_COLOR", "colours"])
def test_no_color_is_respected(wanted: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    if wanted:
        monkeypatch.setenv("NO_COLOR", "1")
    found = {"tool": "yosys", "found": True, "version": "0.70", "needed_for": "netlist", "path": "/usr/bin/yosys"}
    printing.show(*printing.tools({"tools": [found]}))
    assert ("\x1b[32m" not in capsys.readouterr().out) is wanted


def test_the_version_is_the_packages() -> None:
    result = CliRunner().invoke(app, ["--version"])
    assert (result.exit_code, result.stdout) == (0, f"sparrow {metadata.version('sparrow-lstm')}\n")


@pytest.mark.parametrize("arguments", [["doctor", "--json"], ["check", "missing.yaml", "--json"]], ids=" ".join)
def test_json_says_the_version_of_its_form(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert json.loads(CliRunner().invoke(app, arguments).stdout)["schema"] == JSON_SCHEMA
