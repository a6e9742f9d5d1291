"""The kernel of a package, held against the published rules with stand-ins for tools and card: neither is at hand."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from accel.base.tools import paths
from accel.package.vitis import WIDEST, Mover
from tests.package.conftest import sparrow

STUBS = Path(__file__).parent / "xrt_stub"
RECORDING = """
rename unknown wanted
proc unknown {args} { puts [join $args] ; return thing }
"""


@pytest.fixture(scope="module")
def packaged(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package with memory contents in its text and with registers."""
    pytest.importorskip("peakrdl_regblock")
    place = tmp_path_factory.mktemp("kernel")
    shutil.copytree(finished, place, dirs_exist_ok=True)
    with contextlib.chdir(place):
        result = sparrow("package", "little.yaml", "-o", "kernel", "--inline", "--registers")
    assert result.exit_code == 0, result.output
    return place / "kernel"


@pytest.fixture
def folder(packaged: Path, tmp_path: Path) -> Path:
    """An own copy of that package."""
    return shutil.copytree(packaged, tmp_path / "kernel")


def test_without_inlined_contents_there_is_no_kernel(place: Path) -> None:
    assert not (place / "made/vitis").exists()
    assert "## On a card" not in (place / "made/README.md").read_text()


@pytest.mark.parametrize(("width", "marked", "word"), [(8, False, 16), (7, False, 8), (24, True, 32), (31, True, 64)])
def test_a_word_of_memory_is_a_power_of_two_that_holds_a_beat(width: int, marked: bool, word: int) -> None:
    one = Mover("s_axis", width, marked, reads=True)
    assert one.word == word >= width + 1 + marked
    assert Mover("s_axis", WIDEST, False, reads=True).word > WIDEST


def test_every_stream_of_the_kernel_is_joined_to_one_mover(folder: Path) -> None:
    kernel, link = (folder / "vitis/kernel.v").read_text(), (folder / "vitis/link.cfg").read_text()
    ports = re.findall(r"^ +(in|out)put wire \[\d+:0\] (\w+)_tdata,", kernel, re.MULTILINE)
    joined = dict(re.findall(r"^stream_connect=(\S+):(\S+)$", link, re.MULTILINE))
    assert len(joined) == len(ports) == 2
    for end, stream in ports:
        of_kernel, mover = f"little_kernel_1.{stream}", f"{'from' if end == 'in' else 'to'}_memory_{stream}_1.stream"
        assert joined.get(mover if end == "in" else of_kernel) == (of_kernel if end == "in" else mover)
    made = re.findall(r"^nk=(\w+):1:\1_1$", link, re.MULTILINE)
    build, movers = (folder / "vitis/build.sh").read_text(), (folder / "vitis/movers.cpp").read_text()
    assert all(f"build/{name}.xo" in build for name in made)
    assert set(re.findall(r"^extern \"C\" void (\w+)\(", movers, re.MULTILINE)) == set(made) - {"little_kernel"}


def test_the_kernel_has_the_ports_that_the_linker_wants_and_is_verilog(folder: Path) -> None:
    text = (folder / "vitis/kernel.v").read_text()
    assert {"ap_clk", "ap_rst_n", "s_axi_control_awaddr", "s_axi_control_rdata"} <= set(re.findall(r"\w+", text))
    verilator = paths(["verilator"])["verilator"] or pytest.skip("needs verilator")
    sources = [*folder.glob("rtl/*.v"), *folder.glob("axi_lite/*.*v"), folder / "vitis/kernel.v"]
    command = [verilator, "--lint-only", "-Wno-fatal", "-Wno-lint", "--top-module", "little_kernel", *map(str, sources)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not shutil.which("tclsh"), reason="needs tclsh")
def test_the_packaging_script_names_the_protocol_and_files_that_are_there(folder: Path) -> None:
    script = folder / "vitis/package.tcl"
    (folder / "recorded.tcl").write_text(RECORDING + f"source {script}\n")
    done = subprocess.run(["tclsh", "recorded.tcl"], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[-1] == (
        "package_xo -force -xo_path build/little_kernel.xo -kernel_name little_kernel -ctrl_protocol user_managed "
        "-ip_directory build/ip"
    )
    added = next(line for line in lines if line.startswith("add_files ")).split()[1:]
    assert {"kernel.v", "../rtl/little.v", "../axi_lite/little_axi_lite.v"} <= set(added)
    assert all((folder / "vitis" / name).is_file() for name in added)
    clocked = {line.split()[2] for line in lines if line.startswith("ipx::associate_bus_interfaces -busif")}
    assert clocked == {"s_axi_control", "s_axis", "m_axis"}


def test_the_shell_reads_the_build(folder: Path) -> None:
    commands = [
        line.split()[0] for line in (folder / "vitis/build.sh").read_text().splitlines() if line[:1].strip("# ")
    ]
    assert commands == ["set", "cd", ":", 'TARGET="${TARGET:-hw}"', "vivado", "v++", "v++", "v++", "g++"]
    assert subprocess.run(["sh", "-n", "vitis/build.sh"], cwd=folder, check=False).returncode == 0
    done = subprocess.run(["sh", "vitis/build.sh"], cwd=folder, capture_output=True, text=True, check=False, env={})
    assert done.returncode != 0
    assert "PLATFORM" in done.stderr


@pytest.mark.skipif(not shutil.which("g++"), reason="needs g++")
def test_the_movers_compile_with_the_names_of_the_vendor(folder: Path) -> None:
    stubs = STUBS.parent / "vitis_stub"
    command = ["g++", "-std=c++14", "-fsyntax-only", "-Wall", "-Wextra", "-Wno-unknown-pragmas", f"-I{stubs}"]
    done = subprocess.run([*command, "vitis/movers.cpp"], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not shutil.which("g++"), reason="needs g++")
def test_the_host_passes_on_right_answers_and_tells_a_wrong_bit_and_another_design(folder: Path) -> None:
    command = ["g++", "-std=c++17", "-Wall", "-Wextra", "-Werror", f"-I{STUBS}", "-o", "host", "vitis/host.cpp"]
    subprocess.run(command, cwd=folder, check=True)
    wanted = [int(line, 16) for line in (folder / "bench/m_axis.hex").read_text().split("\n")[1:] if line]
    width = 24
    held = [word & (1 << width) - 1 | (word >> 2 * width & 1) << width for word in wanted]
    (folder / "answers").write_bytes(b"".join(word.to_bytes(4, "little") for word in held))
    digest = json.loads((folder / "manifest.json").read_text())["design"]
    words = [int(digest[start : start + 8], 16) for start in (24, 16, 8, 0)]
    registers = [0x53505257, 0, 1, 0, *words]
    (folder / "registers").write_text("\n".join(map(str, registers)))

    def said() -> tuple[int, str]:
        done = subprocess.run(["./host", "x", "bench"], cwd=folder, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    assert said() == (0, "PASSED\n")
    first = int((folder / "bench/s_axis.hex").read_text().split("\n")[1], 16)
    assert (folder / "sent").read_bytes()[:2] == (first & 0x3FF).to_bytes(2, "little")
    wrong = [held[0], held[1] ^ 1, *held[2:]]
    (folder / "answers").write_bytes(b"".join(word.to_bytes(4, "little") for word in wrong))
    assert said() == (1, "m_axis: word 1 differs\nFAILED\n")
    (folder / "registers").write_text("\n".join(map(str, [*registers[:5], 7, *registers[6:]])))
    assert said() == (2, "the card has another design than this folder's\n")
