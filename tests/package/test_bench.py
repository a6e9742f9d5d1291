"""The bench of a package passes wherever the folder lies, and fails on a single wrong bit, word or cycle."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from accel.engines.verilator import QUICK, program
from accel.model import samples
from accel.model.samples import Samples
from accel.package import simulated, verilog
from accel.package.bench import bench
from accel.rtl.convert import load_top, top_signals
from tests.engines import awkward
from tests.package.conftest import ICARUS
from tests.rtl.test_interface_page import DESIGNS

TOP = "little"


def run(package: Path, folder: str | None = None) -> subprocess.CompletedProcess[str]:
    """The bench in Icarus, started in the root of the file system."""
    sources = map(str, [*package.glob("rtl/*.v"), *package.glob("bench/*.v")])
    built, given = str(package.parent / "bench.vvp"), f'-P{TOP}_bench.FOLDER="{folder or package}"'
    subprocess.run(["iverilog", "-g2005", "-s", f"{TOP}_bench", given, "-o", built, *sources], check=True)
    return subprocess.run(["vvp", "-n", built], cwd="/", capture_output=True, text=True, check=False)


def edit(path: Path, change: Callable[[str], str]) -> None:
    text = path.read_text()
    assert change(text) != text
    path.write_text(change(text))


def flip(text: str) -> str:
    """The lowest bit of the second word turned."""
    words = text.splitlines()
    words[1] = f"{int(words[1], 16) ^ 1:0{len(words[1])}x}"
    return "\n".join([*words, ""])


def test_a_copy_passes_in_icarus_from_another_folder(place: Path) -> None:
    shutil.move("made", "elsewhere with spaces")
    done = run(place / "elsewhere with spaces")
    assert re.search(r"^PASSED: \d+ results of \d+ steps", done.stdout, re.MULTILINE)
    assert done.returncode == 0


@pytest.mark.slow
def test_it_passes_in_verilator_and_fails_there_without_a_memory_file(place: Path) -> None:
    binary, environment = program()
    sources = map(str, [*place.glob("made/rtl/*.v"), *place.glob("made/bench/*.v")])
    flags = ["--binary", "--timing", "-Wno-fatal", "-Wno-lint", "-j", "2", "-CFLAGS", "-std=c++20 -fcoroutines"]
    given = ["--top-module", f"{TOP}_bench", f'-GFOLDER="{place / "made"}"', "-MAKEFLAGS", QUICK, "--Mdir", "obj"]
    subprocess.run([str(binary), *flags, *given, *sources], env=environment, capture_output=True, check=True)
    command = [str(place / "obj" / f"V{TOP}_bench")]
    passed = subprocess.run(command, cwd="/", capture_output=True, text=True, check=False)
    assert passed.returncode == 0
    assert "PASSED" in passed.stdout
    (place / "made/memory/little_tanh.hex").unlink()
    failed = subprocess.run(command, cwd="/", capture_output=True, text=True, check=False)
    assert failed.returncode != 0
    assert "little_tanh.hex is missing or not what was verified" in failed.stdout


@pytest.mark.parametrize("name", ["little_tanh.hex", "little_lstm0_unit1.hex", "little_head_bias.hex"])
@pytest.mark.parametrize(
    "change",
    [flip, lambda text: text[: text.rindex("\n", 0, -1)], None],
    ids=["one bit flipped", "last word cut off", "deleted"],
)
def test_memory_contents_that_are_not_those_verified_end_the_run(
    place: Path, name: str, change: Callable[[str], str] | None
) -> None:
    path = place / "made/memory" / name
    if change:
        edit(path, change)
    else:
        path.unlink()
    done = run(place / "made")
    assert done.returncode == 1
    assert f"{name} is missing or not what was verified" in done.stdout


FAULTS: dict[str, tuple[str, Callable[[str], str], str]] = {
    "another bit": ("m_axis.hex", flip, r"m_axis: word 0: wanted \w+ with tlast 0, got"),
    "a word less": (f"{TOP}_bench.v", lambda text: re.sub(r"(m_axis.hex.*COUNT\()\d+", r"\g<1>200", text), "not done"),
    "a word more": (f"{TOP}_bench.v", lambda text: re.sub(r"(m_axis.hex.*COUNT\()\d+", r"\g<1>3", text), "one more"),
    "another cycle": ("steps.hex", flip, r"step 0: wanted \d+ cycles, got"),
    "another count": (
        f"{TOP}_bench.v",
        lambda text: re.sub(r"status_steps !== \d+", "status_steps !== 7", text),
        "status_steps: wanted",
    ),
    "a word withdrawn": (
        "../rtl/little.v",
        lambda text: re.sub(
            r"assign m_axis_tvalid = ([^;]+);",
            r"assign m_axis_tvalid = (\1) && (m_axis_tready || !status_cycles[2]);",
            text,
        ),
        "changed or withdrawn while it waited",
    ),
    "unknown": (
        "../rtl/little.v",
        lambda text: re.sub(r"assign m_axis_tvalid = ([^;]+);", r"assign m_axis_tvalid = (\1) ? 1'b1 : 1'bx;", text),
        "wanted 0 or 1 as tvalid",
    ),
}


@pytest.mark.parametrize(("file", "change", "said"), FAULTS.values(), ids=FAULTS)
def test_a_fault_fails_and_is_named(place: Path, file: str, change: Callable[[str], str], said: str) -> None:
    edit(place / "made/bench" / file, change)
    done = run(place / "made")
    assert done.returncode == 1
    assert re.search(said, done.stdout), done.stdout


def test_sequences_that_are_not_there_are_a_fault(place: Path) -> None:
    (place / "made/bench/s_axis.hex").unlink()
    done = run(place / "made")
    assert done.returncode == 1
    assert "s_axis: wanted the file" in done.stdout


OTHERS = {
    "loaded by columns, behind a layer by rows": False,
    "streams, states, arg max": True,
    "GRU, initial states": False,
    "linear layers": True,
}
"""Designs, and whether their memory contents stand in the text."""


@pytest.mark.skipif(not ICARUS, reason="needs iverilog")
@pytest.mark.parametrize(("kind", "inline"), OTHERS.items(), ids=OTHERS)
def test_every_kind_of_stream_passes(kind: str, inline: bool, tmp_path: Path) -> None:
    made = awkward.design(tmp_path, verilog=True, **DESIGNS[kind])
    top, rtl, package = made.spec.identifier, tmp_path / "rtl", tmp_path / "package"
    contents = {path.name: path.read_text() for path in rtl.glob("*.hex")}
    given: Samples = samples.with_states(samples.seeded(made.spec, 3, 4), made.spec)
    built = bench(made, given, top_signals(load_top(tmp_path, top)), memories=not inline)
    files = {f"rtl/{top}.v": verilog.alone((rtl / f"{top}.v").read_text(), top, contents, inline)}
    files |= {f"memory/{name}": text for name, text in contents.items() if not inline}
    for name, text in (files | {f"bench/{name}": text for name, text in built.files.items()}).items():
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(text)
    assert "bit for bit" in simulated.simulated(package, top)
