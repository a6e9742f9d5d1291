"""The verb `build`: what it refuses, what it writes, and how it says that a tool is missing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from accel.base.faults import REFUSED, UNFINISHED
from accel.base.files import write_text
from accel.schedule import load_spec
from sparrow import steps
from sparrow.cli import app
from sparrow.printing import built

ROOT = Path(__file__).resolve().parents[2]
TINY = ROOT / "specs" / "tiny.yaml"


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    work = tmp_path_factory.mktemp("tiny")
    chosen = load_spec.load(TINY)
    for name in ("train", "generate"):
        steps.step(name).perform(chosen, work)
    return work


def run(work: Path, *options: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["build", str(TINY), "--work", str(work), *options])
    return done.exit_code, done.output


def test_a_build_needs_a_board(generated: Path) -> None:
    assert run(generated) == (REFUSED, "refused: target.board: wanted a board to build for, got none\n")


def test_an_unknown_board_is_refused_with_those_there_are(generated: Path) -> None:
    code, text = run(generated, "--board", "breadboard")
    assert code == REFUSED
    assert "ulx3s-85f" in text


def test_a_build_on_nothing_generated_is_refused(tmp_path: Path) -> None:
    code, text = run(tmp_path, "--board", "ulx3s-85f")
    assert code == REFUSED
    assert "generate" in text


@pytest.mark.parametrize("board", ["ulx3s-85f", "icebreaker", "pynq-z2", "xcku9p"])
def test_a_plan_is_a_folder_that_builds_itself(generated: Path, board: str) -> None:
    code, text = run(generated, "--board", board, "--plan")
    assert code == 0, text
    assert (generated / "fpga" / board / "build.sh").is_file()


def test_a_missing_tool_is_said(generated: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    write_text(tmp_path / "empty", "")
    monkeypatch.setenv("PATH", str(tmp_path))
    code, text = run(generated, "--board", "xcku9p")
    assert code == UNFINISHED
    assert "vivado" in text


def test_a_build_ends_with_the_command_that_loads_it() -> None:
    timing = {"reached_mhz": 31.0, "wanted_mhz": 30.0, "met": True, "note": None}
    cells = {"used": {"LUT4": 1}, "available": {}, "origin": "routed", "tool": "nextpnr"}
    command = "openFPGALoader -b ulx3s build/digits/fpga/ulx3s-85f/top.bit"
    facts = {"utilization": cells, "timing": timing, "files": ["top.bit"], "load": command}
    assert str(built(facts)[-1]) == f"Into the board: {command}"
    del facts["load"]
    assert not [part for part in built(facts) if "Into the board" in str(part)]


@pytest.mark.slow
def test_a_small_design_becomes_a_bitstream_with_its_reports(generated: Path) -> None:
    code, text = run(generated, "--board", "icebreaker")
    if code == UNFINISHED and "not found" in text:
        pytest.skip(text)
    assert code == 0, text
    assert (generated / "fpga" / "icebreaker" / "top.bin").stat().st_size > 100_000
    timing, used = (json.loads((generated / f"{name}.json").read_text()) for name in ("timing", "utilization"))
    assert (timing["origin"], timing["met"], timing["wanted_mhz"]) == ("routed", True, 30.0)
    assert (used["used"]["ICESTORM_PLL"], used["used"]["ICESTORM_DSP"]) == (
        1,
        4 + 3,
    )  # lanes, products of the cell stage
