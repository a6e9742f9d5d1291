"""Bitstreams read back: a real one equals the golden model, and a wrong bit anywhere on the way shows."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from accel.base.faults import DIFFERENT, REFUSED, UNFINISHED, Refused
from accel.base.tools import Program
from accel.engines.engine import ProgramFailed
from accel.model import samples
from accel.model.design import Design
from accel.model.samples import Samples
from accel.schedule.load_spec import load
from fpga.board import find
from fpga.packing import Packing
from fpga.readback import RECORD, ReadBack, dividers, fitting, plan, read_back, require_readable, require_readable_cells
from fpga.reports import Utilization
from fpga.simulated_line import SimulatedLine, verilated
from sparrow import steps
from sparrow.cli import app

SPEC = Path(__file__).parents[2] / "specs" / "tiny-hx8k.yaml"
BOARD = find("ice40-hx8k")


def command(work: Path, *options: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["build", str(SPEC), "--work", str(work), *options])
    return done.exit_code, done.output


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    work = tmp_path_factory.mktemp("tiny")
    for name in ("train", "generate"):
        steps.step(name).perform(load(SPEC), work)
    return work


def built(work: Path) -> Path:
    """The bitstream of the generated design, built and read back by the command."""
    if not Program("icebox_vlog", "", ("icebox_vlog",)).path():
        pytest.skip("icebox_vlog not found (Debian: fpga-icestorm); it reads the bitstream")
    code, text = command(work, "--read-back")
    if code == UNFINISHED and "not found" in text:
        pytest.skip(text)
    assert code == 0, text
    return work / "fpga" / BOARD.name / "top.bin"


def design(work: Path) -> Design:
    return steps.design(load(SPEC), work)


def check_the_record(work: Path) -> None:
    found = json.loads((work / RECORD).read_text())
    assert (found["status"], found["reason"], found["sequences"], found["mismatches"]) == ("equal", "", 8, 0)
    used = json.loads((work / "utilization.json").read_text())["used"]
    assert used["ICESTORM_PLL"] == 1
    wired = (work / "fpga" / BOARD.name / "readback" / "wired.v").read_text()
    assert re.search(r"\.INIT_0\(256'h0*[1-9a-f]", wired), "no block RAM with contents"


def check_a_bias_that_the_bitstream_does_not_have(work: Path, bitstream: Path) -> None:
    made = design(work)
    first, *others = made.weights.layers
    layers = (dataclasses.replace(first, bias=first.bias + 8), *others)
    changed = dataclasses.replace(made, weights=dataclasses.replace(made.weights, layers=layers))
    found = read_back(changed, BOARD, bitstream, samples.corners(made.spec, 2))
    assert found.status == "different"
    assert re.match(r"sequence \d, result \d, value \d: expected -?\d+, got -?\d+", found.reason)
    assert found.mismatches > 0


def check_a_file_that_is_damaged(work: Path, bitstream: Path, elsewhere: Path) -> None:
    damaged = copied(bitstream, elsewhere)
    contents = bytearray(damaged.read_bytes())
    contents[len(contents) // 2] ^= 1
    damaged.write_bytes(contents)
    found = read_back(design(work), BOARD, damaged, samples.corners(load(SPEC), 2))
    assert (found.status, found.sequences) == ("failed", 0)
    assert found.reason.startswith("step unpack")


def check_a_chip_that_says_nothing_and_one_that_stops(bitstream: Path) -> None:
    folder = bitstream.parent / "readback"
    with SimulatedLine([verilated(folder / "chip.v", folder)], folder, 156, 4000) as line:
        line.write(b"\x00")
        with pytest.raises(TimeoutError, match="silence for 4000 cycles"):
            read_until_it_fails(line)
        line._process.kill()
        with pytest.raises(ProgramFailed, match="the simulated chip ended"):
            line.read()


def read_until_it_fails(line: SimulatedLine) -> None:
    while not line.read():
        pass


def check_a_difference(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def differing(begun: ReadBack, *_: object) -> ReadBack:
        return dataclasses.replace(begun, status="different", reason="sequence 0, result 0: expected 1, got 2")

    with monkeypatch.context() as patched:
        patched.setattr("fpga.readback._compared", differing)
        code, said = command(work, "--read-back")
    assert code == DIFFERENT
    assert "The bitstream, read back: different; 0 sequences" in said
    assert "top.bin: sequence 0, result 0: expected 1, got 2" in said


def check_a_simulation_that_ends_early(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: object) -> None:
        raise ProgramFailed("the simulated chip ended")

    with monkeypatch.context() as patched:
        patched.setattr("fpga.readback._compared", stopped)
        code, said = command(work, "--read-back")
    assert code == UNFINISHED
    assert "top.bin is built, reading it back failed: the simulated chip ended" in " ".join(said.split())


def check_a_missing_tool(work: Path, bitstream: Path, empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (bitstream.parent / "readback" / "wired.v").unlink()
    empty.mkdir()
    with monkeypatch.context() as patched:
        patched.setenv("PATH", str(empty))
        code, said = command(work, "--read-back")
    assert code == UNFINISHED
    assert "top.bin is built, reading it back was not run: icebox_vlog not found" in " ".join(said.split())
    assert json.loads((work / RECORD).read_text())["status"] == "not run"


@pytest.mark.slow
def test_a_bitstream_read_back_equals_the_golden_model_and_nothing_else_passes_for_it(
    generated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bitstream = built(generated)
    check_the_record(generated)
    check_a_bias_that_the_bitstream_does_not_have(generated, bitstream)
    check_a_file_that_is_damaged(generated, bitstream, tmp_path / "board")
    check_a_chip_that_says_nothing_and_one_that_stops(bitstream)
    check_a_difference(generated, monkeypatch)
    check_a_simulation_that_ends_early(generated, monkeypatch)
    check_a_missing_tool(generated, bitstream, tmp_path / "empty", monkeypatch)


def copied(bitstream: Path, folder: Path) -> Path:
    """The bitstream elsewhere, with all that is read beside it."""
    shutil.copytree(bitstream.parent, folder, ignore=shutil.ignore_patterns("readback", "*.log"))
    return folder / bitstream.name


@pytest.mark.slow
def test_one_wrong_bit_of_the_configuration_shows(generated: Path, tmp_path: Path) -> None:
    bitstream = built(generated)
    wrong = copied(bitstream, tmp_path / "board")
    flip_a_lookup_table(bitstream.parent / "readback" / "wired.v", wrong.with_name("routed.asc"))
    icepack = Program("icepack", "", ("yowasp-icepack", "icepack")).path()
    subprocess.run([icepack, "routed.asc", wrong.name], cwd=wrong.parent, check=True)
    assert wrong.read_bytes() != bitstream.read_bytes()
    found = read_back(design(generated), BOARD, wrong, samples.corners(load(SPEC), 2))
    assert found.status == "different"
    assert found.reason.startswith("sequence 0")


def flip_a_lookup_table(wired: Path, asc: Path) -> None:
    """One bit of the lookup table in front of the flip-flop that drives `uart_tx`."""
    found = re.search(r"FF +(\d+) +(\d+) +(\d+) \*/ .*\buart_tx <=", wired.read_text())
    assert found
    x, y, cell = (int(part) for part in found.groups())
    lines = asc.read_text().splitlines()
    row, column = lines.index(f".logic_tile {x} {y}") + 1 + 2 * cell, 40
    lines[row] = lines[row][:column] + str(1 - int(lines[row][column])) + lines[row][column + 1 :]
    asc.write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--board", "ulx3s-85f"), "--read-back: wanted a board with an iCE40, got ulx3s-85f (ecp5)"),
        (("--plan",), "--read-back: wanted a build of the whole chip, got --plan"),
        (("--alone",), "--read-back: wanted a build of the whole chip, got --alone"),
        (
            ("--board", "icebreaker"),
            "target.clock_mhz: wanted 12, the oscillator of icebreaker, to be read back, got 18",
        ),
    ],
)
def test_what_cannot_be_read_back_is_refused_before_it_is_built(
    options: tuple[str, ...], sentence: str, generated: Path
) -> None:
    code, said = command(generated, "--read-back", *options)
    assert code == REFUSED
    assert sentence in said


def test_multipliers_of_which_nothing_is_read_back_are_refused() -> None:
    require_readable(find("icebreaker"), 12.0)
    with pytest.raises(Refused, match="--read-back: wanted a chip without multipliers in use, got 4 of them"):
        require_readable_cells(Utilization("nextpnr", "routed", {"ICESTORM_DSP": 4}, {}))


def test_the_tools_are_told_file_package_and_pins() -> None:
    unpack, wires, cells = plan(BOARD, "top.bin").commands
    assert unpack.choices[0] == ("yowasp-iceunpack", "../top.bin", "unpacked.asc")
    assert wires.choices == (("icebox_vlog", "-s", "-n", "chip", "-d", "ct256", "-p", "../pins.pcf", "unpacked.asc"),)
    assert wires.into == "wired.v"
    assert "read_verilog -overwrite -sv pll.v; hierarchy -check -top chip" in cells.choices[0][-1]


PLL = """SB_PLL40_CORE #(
  .DIVR(4'b0000),
  .DIVF(7'b0101111),
  .DIVQ(3'b101),
  .FILTER_RANGE(3'b001),
) PLL_16_0 (
"""


@pytest.mark.parametrize(
    ("text", "mhz", "wrong"),
    [
        (PLL, 18.0, []),
        ("", 12.0, []),
        (PLL.replace("0101111", "0101110"), 18.0, ["PLL: expected DIVF 47, got 46"]),
        (PLL.replace("  .DIVQ(3'b101),\n", ""), 18.0, ["PLL: expected DIVQ 5, got none"]),
        ("", 18.0, ["expected 1 PLL, got 0"]),
        (PLL, 12.0, ["expected 0 PLL, got 1"]),
    ],
)
def test_dividers_of_another_clock_show(text: str, mhz: float, wrong: list[str], tmp_path: Path) -> None:
    (tmp_path / "wired.v").write_text(text)
    assert list(dividers(tmp_path / "wired.v", BOARD, mhz)) == wrong


def test_only_sequences_that_fit_into_the_buffers_are_sent() -> None:
    sizes = {"inputs": 3, "input_words": 2, "input_bytes": 1, "values": 5, "output_words": 2, "output_bytes": 2}
    packing = Packing(**sizes, input_format=(8, 6), signed=True, every_step=True)
    given = Samples(np.zeros((3, 8, 3), dtype=np.int64), np.array([2, 8, 5]), np.zeros(3, dtype=np.int64))
    assert fitting(given, packing, 36, once=False).lengths.tolist() == [2]
    assert fitting(given, packing, 36, once=True).lengths.tolist() == [2, 8, 5]
    with pytest.raises(Refused, match="wanted a sequence of at most 7 bytes and results, got none"):
        fitting(given, packing, 7, once=True)
