"""Vitis HLS scripts, dry: stub programs record their arguments, stub procedures every Tcl command."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from accel.base.faults import Refused
from accel.engines.engine import ToolMissing
from accel.engines.hls import compiled
from accel.model import random_weights
from accel.model.design import Design
from accel.schedule.load_spec import load
from fpga.tool import Plan, ToolFailed, run, write
from fpga.vitis_hls import PHASES, parse_synthesis, plan

Calls = Callable[[], list[str]]
Install = Callable[[str, str, str], None]
REPORT = Path(__file__).parent / "reports" / "digits_top_csynth.xml"
"""Written by hand in the tool's form: its numbers are nobody's measurement."""


@pytest.fixture(scope="module")
def digits() -> Plan:
    spec = load(Path(__file__).parents[2] / "specs" / "digits.yaml")
    return plan(Design(spec, random_weights.seeded(spec), Path()))


def test_without_the_tool_nothing_runs_and_both_names_are_given(digits: Plan, tmp_path: Path) -> None:
    with pytest.raises(ToolMissing, match="vitis-run or vitis_hls not found; needed by step csim; put it on PATH"):
        list(run(digits, tmp_path))


def test_the_older_tool_is_started_with_a_script_a_phase(
    digits: Plan, tmp_path: Path, install: Install, calls: Calls
) -> None:
    install("vitis_hls", '"$2"', "vitis_hls.tcl")
    assert list(run(digits, tmp_path / "plan")) == [(phase, "done") for phase in PHASES]
    assert [line for line in calls() if line.startswith("vitis_hls ")] == [f"vitis_hls -f {p}.tcl" for p in PHASES]


def test_the_newer_tool_is_preferred(digits: Plan, tmp_path: Path, install: Install, calls: Calls) -> None:
    install("vitis_hls", '"$2"', "vitis_hls.tcl")
    install("vitis-run", '"$4"', "vitis_hls.tcl")
    list(run(digits.until("csynth"), tmp_path / "plan"))
    started = [line for line in calls() if line.startswith("vitis")]
    assert started == ["vitis-run --mode hls --tcl csim.tcl", "vitis-run --mode hls --tcl csynth.tcl"]


def test_every_phase_opens_the_same_project_and_then_does_one_thing(
    digits: Plan, tmp_path: Path, install: Install, calls: Calls
) -> None:
    install("vitis_hls", '"$2"', "vitis_hls.tcl")
    list(run(digits, tmp_path / "plan"))
    opening = [
        "open_project project",
        "set_top digits_top",
        "add_files -cflags {-std=c++14 -DSPARROW_VITIS} top.cpp",
        "add_files -tb -cflags {-std=c++14 -DSPARROW_VITIS} {bench.cpp inputs.txt expected.txt}",
        "open_solution -flow_target vivado solution",
        "set_part xcku9p-ffve900-2-i",
        "create_clock -period 12.500 -name default",
    ]
    bench = "{inputs.txt outputs.txt - expected.txt}"
    acts = {
        "csim": f"csim_design -argv {bench}",
        "csynth": "csynth_design",
        "cosim": f"cosim_design -rtl verilog -argv {bench}",
        "export": f"export_design -format ip_catalog -output {tmp_path / 'plan' / 'ip.zip'}",
    }
    wanted = [line for phase in PHASES for line in (f"vitis_hls -f {phase}.tcl", *opening, acts[phase])]
    assert calls() == wanted


@pytest.mark.parametrize("command", ["csim_design", "csynth_design", "cosim_design", "export_design", "set_part"])
def test_a_command_that_fails_makes_the_exit_status(
    command: str, digits: Plan, tmp_path: Path, install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("vitis_hls", '"$2"', "vitis_hls.tcl")
    monkeypatch.setenv("STUB_FAILS", command)
    with pytest.raises(ToolFailed, match=rf"(?s)vitis_hls ended with status 1.*{command} fails as asked"):
        list(run(digits, tmp_path / "plan"))


def test_a_misspelt_command_is_caught(digits: Plan, tmp_path: Path, install: Install) -> None:
    install("vitis_hls", '"$2"', "vitis_hls.tcl")
    wrong = {**digits.files, "csynth.tcl": digits.files["csynth.tcl"].replace("csynth_design", "csynth_desing")}
    with pytest.raises(ToolFailed, match=r"(?s)phase csynth failed: unknown command csynth_desing"):
        list(run(Plan(digits.title, wrong, digits.commands), tmp_path / "plan"))


def test_the_bench_accepts_the_expected_results_and_nothing_else(digits: Plan, tmp_path: Path) -> None:
    write(digits, tmp_path)
    bench = [compiled(tmp_path), "inputs.txt", "outputs.txt", "-", "expected.txt"]
    assert subprocess.run(bench, cwd=tmp_path, check=False).returncode == 0
    right = (tmp_path / "expected.txt").read_text()
    assert (tmp_path / "outputs.txt").read_text().split() == right.split()
    for wrong in (re.sub(r"\d", lambda digit: str(9 - int(digit[0])), right, count=1), right[:-2], right + "1\n"):
        (tmp_path / "expected.txt").write_text(wrong)
        assert subprocess.run(bench, cwd=tmp_path, check=False, capture_output=True).returncode == 1


def test_planning_twice_gives_the_same_files(digits: Plan) -> None:
    spec = load(Path(__file__).parents[2] / "specs" / "digits.yaml")
    assert plan(Design(spec, random_weights.seeded(spec), Path("elsewhere"))) == digits


def test_no_script_names_a_folder_of_this_machine(digits: Plan) -> None:
    assert not [path for path, text in digits.files.items() if re.search(r"(?<![\w.<])/(home|root|tmp|work)\b", text)]


def test_the_synthesis_report_is_read() -> None:
    found = parse_synthesis(REPORT)
    assert (found.top, found.part, found.version) == ("digits_top", "xcku9p-ffve900-2-i", "2023.2")
    assert (found.target_ns, found.estimated_ns, found.slack_ns) == (12.5, 9.125, 3.375)
    assert found.interval_cycles == (61, 73)
    assert found.resources == {"BRAM_18K": 66, "DSP": 42, "FF": 5120, "LUT": 7331, "URAM": 0}


def test_an_interval_that_the_tool_does_not_bound_is_none(tmp_path: Path) -> None:
    path = tmp_path / "report.xml"
    path.write_text(REPORT.read_text().replace(">73<", ">undef<"))
    assert parse_synthesis(path).interval_cycles is None


@pytest.mark.parametrize("text", ["", "<profile/>", "<profile><ReportVersion>"])
def test_what_is_no_synthesis_report_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "report.xml"
    path.write_text(text)
    with pytest.raises(Refused, match="wanted a synthesis report of Vitis HLS"):
        parse_synthesis(path)
