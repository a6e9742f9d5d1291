"""Registers of a package: the client sees every answer and counter through them, and every fault that is put in."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from accel.package import registers
from tests.package.conftest import ran, sparrow

pytestmark = pytest.mark.skipif(
    find_spec("peakrdl_etana") is None or find_spec("cocotbext") is None, reason="needs peakrdl-etana and cocotbext-axi"
)
SPARSE: dict[str, Any] = {"sparsity": {"pattern": "column", "threshold": 0.1}}
KINDS: dict[str, dict[str, Any]] = {
    "columns": {"engine": {"units": 2, "dataflow": "column"}, **SPARSE},
    "loaded weights, streams": {"engine": {"units": 2, "memory": "scratchpad", "streams": 2}},
    "states given": {"engine": {"units": 2, "state_streams": True}},
    "streamed weights": {"engine": {"units": 2, "memory": "stream", "memory_width": 32}},
}
FAULTS = {
    "a counter of another signal": ("little_axi_lite.v", "value(status_steps)", "value(status_cycles)", "freely"),
    "sequences counted by words": ("little_axi_lite.v", " && m_axis_tlast", "", "freely"),
    "a reset that is too short": ("little_axi_lite.v", ".CYCLES(16)", ".CYCLES(1)", "resets"),
    "a stream that is taken in reset": ("little_axi_lite.v", "tready_inside && !in_reset", "tready_inside", "held"),
    "no fault told": ("little_axi_lite.v", "pending_fault(rose)", "pending_fault(1'b0)", "interrupts"),
    "a fault told once only": ("rise.v", "was <= flags", "was <= 1", "interrupts"),
    "another design": ("little_registers.sv", "32'h53505257", "32'h53505258", "constants"),
}


@pytest.fixture(scope="session")
def packaged(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package of the finished design, with registers."""
    place = tmp_path_factory.mktemp("registers") / "made"
    given = (str(finished / "little.yaml"), "--work", str(finished / "build/little"))
    result = sparrow("package", *given, "-o", str(place), "--registers")
    assert result.exit_code == 0, result.output
    return place


def client(made: Path, only: str = "") -> subprocess.CompletedProcess[str]:
    """The client of the registers, or one test of it."""
    command = [sys.executable, str(made / "axi_lite/test_little_axi_lite.py")]
    chosen = {"COCOTB_TEST_FILTER": f"{only}$"} if only else {}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | chosen)


def test_answers_counters_resets_and_interrupts_are_right_through_the_registers(packaged: Path) -> None:
    done = client(packaged)
    assert "TESTS=7 PASS=7 FAIL=0" in done.stdout + done.stderr
    assert done.returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize("sections", KINDS.values(), ids=KINDS)
def test_they_are_for_every_kind_of_design(
    sections: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ran(**sections)
    for more in ((), ("--inline",)):
        result = sparrow("package", "little.yaml", "-o", "made", "--registers", *more)
        assert result.exit_code == 0, result.output
        done = client(tmp_path / "made")
        assert "TESTS=7 PASS=7 FAIL=0" in done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(("file", "text", "wrong", "only"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_seen(packaged: Path, tmp_path: Path, file: str, text: str, wrong: str, only: str) -> None:
    made = shutil.copytree(packaged, tmp_path / "made")
    path = made / "axi_lite" / file
    assert text in path.read_text()
    path.write_text(path.read_text().replace(text, wrong))
    done = client(made, only)
    assert "TESTS=1 PASS=0 FAIL=1" in done.stdout + done.stderr


def test_header_python_and_page_have_the_same_map(packaged: Path, tmp_path: Path) -> None:
    folder, offsets = packaged / "axi_lite", {}
    exec((folder / "little_registers.py").read_text(), offsets)
    page = dict(re.findall(r"^\| (0x[0-9A-F]+) \| *(\w+) *\|", (folder / "little_registers.md").read_text(), re.M))
    assert {name: int(offset, 16) for offset, name in page.items()} == offsets["OFFSETS"]
    checks = (f'_Static_assert(offsetof(little_registers_t, {n}) == {o}, "");' for n, o in offsets["OFFSETS"].items())
    source = tmp_path / "map.c"
    source.write_text("\n".join(["#include <stddef.h>", '#include "little_registers.h"', *checks, ""]))
    done = subprocess.run(["gcc", "-std=c11", f"-I{folder}", "-fsyntax-only", source], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_design_is_named_by_its_text_and_memories(packaged: Path) -> None:
    manifest = json.loads((packaged / "manifest.json").read_text())
    page = (packaged / "axi_lite/little_registers.rdl").read_text()
    held = [re.search(rf"value\[31:0\] = 32'h(\w+);\n    }} digest{n} ", page) for n in range(4)]
    assert "".join(found[1] for found in reversed(held) if found) == manifest["design"][:32]


def test_without_peakrdl_it_is_refused(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "systemrdl.compiler", None)
    result = sparrow("package", "little.yaml", "-o", "other", "--registers")
    assert result.exit_code == 2
    assert "--registers: wanted PeakRDL" in result.stderr
    assert not Path("other").exists()


def test_ip_xact_describes_the_module_with_registers(packaged: Path) -> None:
    ipyxact = pytest.importorskip("ipyxact.ipyxact")
    component = ipyxact.Component()
    with (packaged / "component.xml").open() as file:
        component.load(file)
    buses = {bus.name: bus for bus in component.busInterfaces.busInterface}
    assert set(buses) == {"s_axis", "m_axis", "s_axil", "interrupt", "clk", "reset"}
    text = (packaged / "axi_lite/little_axi_lite.v").read_text()
    head = re.findall(r"^    (in|out)put wire (?:\[(\d+):0\] )?(\w+)", text, re.MULTILINE)
    ports = [
        (one.findtext(".//{*}direction"), int(one.findtext(".//{*}left") or 0), one.findtext("{*}name"))
        for one in ElementTree.parse(packaged / "component.xml").iterfind("{*}model/{*}ports/{*}port")
    ]
    assert ports == [(end, int(left or 0), name) for end, left, name in head]
    mapped = {pair.physicalPort.name for bus in buses.values() for pair in bus.portMaps.portMap}
    assert mapped <= {name for _, _, name in ports}
    files = [file.name for found in component.fileSets.fileSet for file in found.file]
    assert "axi_lite/little_registers.sv" in files
    assert all((packaged / name).is_file() for name in files)


@pytest.mark.skipif(find_spec("fusesoc") is None, reason="needs fusesoc")
def test_the_core_has_a_target_for_it(packaged: Path) -> None:
    core = yaml.safe_load((packaged / "little.core").read_text().partition("\n")[2])
    assert core["targets"]["axi_lite"] == {"filesets": ["rtl", "memory", "axi_lite"], "toplevel": "little_axi_lite"}
    assert set(core["filesets"]["axi_lite"]["files"]) == {
        f"axi_lite/{name}" for name in ("held_reset.v", "rise.v", "little_axi_lite.v", "little_registers.sv")
    }


def test_the_description_is_the_only_source(packaged: Path) -> None:
    text = (packaged / "axi_lite/little_registers.rdl").read_text()
    made, address = registers.exported("little_registers", text, "little")
    assert address == 7
    assert all((packaged / "axi_lite" / name).read_text() == held for name, held in made.items())
