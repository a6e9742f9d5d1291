"""`sparrow package`: what it leaves, what it refuses, what other tools make of it."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

from accel.package import simulated
from accel.package.carries import carries, ports
from accel.package.verilog import checksum
from accel.rtl.render import render
from tests.designs import data
from tests.engines import awkward
from tests.package.conftest import SECTIONS, ran, sparrow
from tests.rtl.test_interface_page import DESIGNS


def test_the_manifest_names_every_file_by_its_digest(place: Path) -> None:
    made = place / "made"
    manifest = json.loads((made / "manifest.json").read_text())
    found = {str(path.relative_to(made)): path for path in made.rglob("*") if path.is_file()}
    del found["manifest.json"]
    assert manifest["files"] == {n: hashlib.sha256(p.read_bytes()).hexdigest() for n, p in sorted(found.items())}
    assert manifest["verify.json"] == hashlib.sha256(Path("build/little/verify.json").read_bytes()).hexdigest()


def test_the_page_has_ports_cycles_and_what_its_bench_said(place: Path) -> None:
    page = (place / "made/README.md").read_text()
    for words in ("| `s_axis_tdata` | in | 8 |", "cycles a step", "fixed<8,6>", "| icarus | equal |", "bit for bit"):
        assert words in page


def test_the_page_of_a_design_with_a_board_tells_what_it_takes_there_and_without_one_why_not(place: Path) -> None:
    assert "| others | not estimated: the spec names no board |" in (place / "made/README.md").read_text()
    ran(target={"board": "ulx3s-85f", "clock_mhz": 50.0})
    assert sparrow("package", "little.yaml", "-o", "there").exit_code == 0
    page = (place / "there/README.md").read_text()
    assert "not estimated" not in page
    for resource, origin in (("multipliers", "exact"), ("block_rams", "exact"), ("luts", "estimated")):
        assert re.search(rf"\| {resource}, ulx3s-85f, {origin} \| \d+ of \d+ \|", page), resource


def test_the_same_work_folder_gives_the_same_package(place: Path) -> None:
    before = (place / "made/manifest.json").read_bytes()
    assert sparrow("package", "little.yaml", "-o", "made").exit_code == 0
    assert (place / "made/manifest.json").read_bytes() == before


def test_inline_needs_no_memory_files(place: Path) -> None:
    result = sparrow("package", "little.yaml", "-o", "inline", "--inline", "--json")
    assert "bit for bit" in json.loads(result.stdout)["bench"]
    assert not Path("inline/memory").exists()
    assert "$readmemh" not in Path("inline/rtl/little.v").read_text()


@pytest.mark.parametrize("name", ["notes.txt", "rtl/little.v", "README.md", "manifest.json"])
def test_a_folder_that_somebody_changed_is_refused_and_stays(place: Path, name: str) -> None:
    (place / "made" / name).write_text("mine")
    result = sparrow("package", "little.yaml", "-o", "made")
    assert result.exit_code == 2
    assert (place / "made" / name).read_text() == "mine"


@pytest.mark.parametrize("kind", ["empty folder", "file", "symbolic link"])
def test_what_package_did_not_make_is_refused(place: Path, kind: str) -> None:
    target = place / "target"
    if kind == "empty folder":
        target.mkdir()
    elif kind == "file":
        target.write_text("mine")
    else:
        target.symlink_to(place / "made")
    result = sparrow("package", "little.yaml", "-o", "target")
    assert result.exit_code == 2
    assert "or one that `sparrow package` left and nobody changed" in result.stderr


def test_what_is_stale_is_refused(place: Path) -> None:
    path = place / "build/little/rtl/little.v"
    path.write_text(path.read_text() + "\n")
    result = sparrow("package", "little.yaml", "-o", "other")
    assert result.exit_code == 2
    assert "little.v" in result.stderr
    assert not Path("other").exists()


def test_verilog_that_no_engine_ran_is_refused(place: Path) -> None:
    sections = SECTIONS | {"verify": {"engines": ["golden"], "sequences": 2}}
    (place / "little.yaml").write_text(yaml.safe_dump(data(**sections)))
    assert sparrow("run", "little.yaml").exit_code == 0
    result = sparrow("package", "little.yaml", "-o", "other")
    assert result.exit_code == 2
    assert "verify.engines: wanted one of icarus" in result.stderr


def test_a_bench_that_fails_leaves_nothing(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = simulated.finished

    def failing(command: Any, folder: Path) -> Any:
        return real(["false"], folder)

    monkeypatch.setattr(simulated, "finished", failing)
    before = sorted(place.iterdir())
    assert sparrow("package", "little.yaml", "-o", "other").exit_code == 1
    assert sorted(place.iterdir()) == before


def test_without_a_simulator_the_bench_is_not_run(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulated.shutil, "which", lambda name: None)
    assert simulated.simulated(place / "made", "little").startswith("not run")


@pytest.mark.skipif(find_spec("fusesoc") is None, reason="needs fusesoc")
def test_fusesoc_reads_the_core_and_runs_its_simulation(place: Path) -> None:
    shutil.move("made", "library")
    core = json.loads(Path("library/manifest.json").read_text())["vlnv"]
    command = [sys.executable, "-m", "fusesoc.main", "--cores-root", "library", "run", "--target", "sim", core]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "PASSED" in done.stdout + done.stderr
    (place / "library/memory/little_tanh.hex").unlink()
    assert subprocess.run(command, capture_output=True, check=False).returncode != 0


@pytest.mark.skipif(find_spec("cocotbext") is None, reason="needs cocotb and cocotbext-axi")
def test_the_client_passes_and_sees_another_bit(place: Path) -> None:
    command = [sys.executable, str(place / "made/client/test_little.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "TESTS=3 PASS=3 FAIL=0" in done.stdout + done.stderr
    assert done.returncode == 0
    path = place / "made/bench/m_axis.hex"
    path.write_text(re.sub(r"^(\w+)\w$", r"\g<1>5", path.read_text(), count=1, flags=re.MULTILINE))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert re.search(r"m_axis: frame 0, word 0: \w+5 wanted, got", done.stdout + done.stderr)
    assert done.returncode != 0


def test_ip_xact_names_ports_streams_and_files(place: Path) -> None:
    ipyxact = pytest.importorskip("ipyxact.ipyxact")
    component = ipyxact.Component()
    with Path("made/component.xml").open() as file:
        component.load(file)
    ports = {port.name: port for port in component.model.ports.port}
    assert (ports["s_axis_tdata"].wire.direction, ports["m_axis_tdata"].wire.direction) == ("in", "out")
    buses = {bus.name: bus for bus in component.busInterfaces.busInterface}
    assert set(buses) == {"s_axis", "m_axis", "clk", "reset"}
    mapped = {pair.physicalPort.name for bus in buses.values() for pair in bus.portMaps.portMap}
    assert mapped <= set(ports)
    files = [file.name for found in component.fileSets.fileSet for file in found.file]
    assert all(Path("made", name).is_file() for name in files)
    assert "memory/little_tanh.hex" in files


@pytest.mark.parametrize("sections", DESIGNS.values(), ids=DESIGNS)
def test_every_port_has_a_sentence(sections: dict[str, Any], tmp_path: Path) -> None:
    made = awkward.design(tmp_path, **sections)
    (tmp_path / "myhdl").mkdir(exist_ok=True)
    top = f"myhdl/{made.spec.identifier}.py"
    (tmp_path / top).write_text(render(made)[top])
    assert all(sentence for _, _, sentence in ports(made))


def test_a_port_that_nobody_knows_is_no_guess() -> None:
    with pytest.raises(ValueError, match="nobody knows"):
        carries("m_new_thing")


@pytest.mark.parametrize("width", [1, 32, 33, 100])
def test_every_single_bit_changes_the_checksum(width: int) -> None:
    held = [place * 0x9E3779B97F4A7C15 & (1 << width) - 1 for place in range(5)]
    whole = checksum(held, width)
    for place in range(5):
        for bit in range(width):
            assert checksum([word ^ (place == n) << bit for n, word in enumerate(held)], width) != whole
