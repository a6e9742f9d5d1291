"""Cells of ECP5 and iCE40: our models against the Verilog they were made of, and engine `chip` against golden."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from accel.base.templates import read
from accel.engines.engine import ToolMissing
from accel.engines.verify import DeviceUnderTest, Result, compare
from accel.model import samples
from accel.model.design import Design
from accel.schedule.schedule import schedule
from fpga.board import find
from fpga.chip import GATES, GOWIN, chip, plan, unmodelled
from fpga.rtl import Rtl
from fpga.tool import Plan, execute, run
from tests.engines.awkward import design

WIDTHS = {1: 14, 2: 13, 4: 12, 9: 11, 18: 10, 36: 9}
"""Address bits of a block RAM for each width of its words."""


def memory(width: int) -> str:
    """A block RAM with contents, one writer, one reader with a register behind it."""
    depth = 1 << WIDTHS[width]
    return f"""
  (* ram_style = "block" *) reg [{width - 1}:0] words{width} [0:{depth - 1}];
  reg [{width - 1}:0] read{width}, out{width};
  initial $readmemh("words{width}.hex", words{width});
  always @(posedge clk) begin
    if (write) words{width}[address[{WIDTHS[width] - 1}:0]] <= {{given, given}};
    read{width} <= words{width}[other[{WIDTHS[width] - 1}:0]];
    out{width} <= read{width};
  end
"""


PARTS = f"""
module parts (
  input clk, input write, input [13:0] address, input [13:0] other, input [17:0] given,
  output [69:0] read, output reg [35:0] product, output reg [17:0] count
);
  reg signed [8:0] a;
  reg signed [12:0] b;
{"".join(memory(width) for width in WIDTHS)}
  assign read = {{{", ".join(f"out{width}" for width in WIDTHS)}}};
  initial count = 18'd5;
  always @(posedge clk) begin
    a <= given[8:0];
    b <= address[12:0];
    product <= a * b;
    count <= write ? 18'd77 : count + given;
  end
endmodule
"""

BENCH = """
module bench;
  reg clk = 0, write = 0;
  reg [13:0] address = 0, other = 1;
  reg [17:0] given = 0;
  wire [69:0] read;
  wire [35:0] product;
  wire [17:0] count;
  parts dut (clk, write, address, other, given, read, product, count);
  integer n;
  initial begin
    for (n = 0; n < 3000; n = n + 1) begin
      write = n > 2000 ? $random : 0;
      address = $random & (n[0] ? 14'h3fff : 14'h000f);
      other = $random & (n[0] ? 14'h3fff : 14'h000f);
      if (other == address || other[8:0] == address[8:0]) other = other ^ 14'h0101;
      given = $random;
      #1 clk = 1;
      #1 clk = 0;
      if (n > 4) $display("%h %h %h", read, product, count);
    end
    $finish;
  end
endmodule
"""


def contents(width: int) -> str:
    """Words that differ from their neighbours, for `$readmemh`."""
    words = ((n * 11400714819323198485 >> 27) & ((1 << width) - 1) for n in range(1 << WIDTHS[width]))
    return "".join(f"{word:x}\n" for word in words)


RTL = Rtl("parts", "clk", {"parts.v": PARTS, **{f"words{width}.hex": contents(width) for width in WIDTHS}})


def simulated(verilog: str, folder: Path) -> str:
    """What the bench prints."""
    folder.mkdir()
    for name, text in {**RTL.files, "parts.v": verilog, "bench.v": BENCH}.items():
        (folder / name).write_text(text)
    subprocess.run(["iverilog", "-g2012", "-o", "run", "parts.v", "bench.v"], cwd=folder, check=True)
    return subprocess.run(["vvp", "-n", "run"], cwd=folder, check=True, capture_output=True, text=True).stdout


def flip_a_bit_of_contents(netlist: Path) -> None:
    """The lowest bit of a block RAM's first word."""
    made = json.loads(netlist.read_text())
    (rams,) = (
        m["cells"] for m in made["modules"].values() if any(c["type"] == "MULT18X18D" for c in m["cells"].values())
    )
    ram = next(cell for name, cell in sorted(rams.items()) if cell["type"] == "DP16KD" and "words18" in name)
    contents = ram["parameters"]["INITVAL_00"]
    ram["parameters"]["INITVAL_00"] = contents[:-1] + str(1 - int(contents[-1]))
    netlist.write_text(json.dumps(made))


def synthesised(board: str, folder: Path) -> Plan:
    """The parts, through the tools of a board; skipped where one is missing."""
    if shutil.which("iverilog") is None:
        pytest.skip("iverilog not found; it runs the models")
    planned = plan(RTL, find(board))
    try:
        list(run(planned, folder))
    except ToolMissing as missing:
        pytest.skip(str(missing))
    return planned


@pytest.mark.slow
def test_block_rams_of_every_width_and_products_survive_synthesis_and_a_wrong_bit_does_not(tmp_path: Path) -> None:
    folder = tmp_path / "chip"
    planned = synthesised("ulx3s-85f", folder)
    netlist = folder / planned.reports["netlist"]
    cells = [
        cell for module in json.loads(netlist.read_text())["modules"].values() for cell in module["cells"].values()
    ]
    rams = [cell["parameters"] for cell in cells if cell["type"] == "DP16KD"]
    assert {int(ram["DATA_WIDTH_B"], 2) for ram in rams} == set(WIDTHS)
    assert {ram["REGMODE_B"] for ram in rams} == {"OUTREG"}
    assert [c["parameters"]["REG_OUTPUT_CLK"] for c in cells if c["type"] == "MULT18X18D"] == ["CLK0"]
    expected = simulated(PARTS, tmp_path / "rtl")
    assert simulated((folder / GATES).read_text(), tmp_path / "gates") == expected
    flip_a_bit_of_contents(netlist)
    execute(next(command for command in planned.commands if GATES in command.makes), folder)
    assert simulated((folder / GATES).read_text(), tmp_path / "wrong") != expected


@pytest.mark.slow
def test_block_rams_and_products_in_gowin_cells_survive_synthesis_and_a_wrong_bit_does_not(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "chip"
    planned = synthesised("tang-nano-20k", folder)
    netlist = folder / planned.reports["netlist"]
    made = json.loads(netlist.read_text())
    cells = [cell for module in made["modules"].values() for cell in module["cells"].values()]
    memories = [cell for cell in cells if cell["type"] in GOWIN and "INIT_RAM_00" in cell["parameters"]]
    assert {cell["type"] for cell in memories} >= {"DPB", "DPX9B", "SDPX9B"}
    assert "MULT18X18" in {cell["type"] for cell in cells}
    expected = simulated(PARTS, tmp_path / "rtl")
    assert simulated((folder / GATES).read_text(), tmp_path / "gates") == expected
    held = memories[0]["parameters"]
    held["INIT_RAM_00"] = held["INIT_RAM_00"][:-1] + str(1 - int(held["INIT_RAM_00"][-1]))
    netlist.write_text(json.dumps(made))
    execute(next(command for command in planned.commands if GATES in command.makes), folder)
    assert simulated((folder / GATES).read_text(), tmp_path / "wrong") != expected


def test_gowin_memories_that_the_models_do_not_know_are_refused(tmp_path: Path) -> None:
    cells = {
        "known": {"type": "SPX9", "parameters": {"READ_MODE": "0", "BLK_SEL": "000", "RESET_MODE": "SYNC"}},
        "registered": {"type": "SDPB", "parameters": {"READ_MODE": "1"}},
        "selected": {"type": "DPX9B", "parameters": {"BLK_SEL_1": "001"}},
        "pipelined": {"type": "MULT18X18", "parameters": {"AREG": "1"}},
        "logic": {"type": "LUT4", "parameters": {"INIT": "0"}},
    }
    path = tmp_path / "netlist.json"
    path.write_text(json.dumps({"modules": {"top": {"cells": cells}}}))
    assert list(unmodelled(path, "gowin")) == [
        "registered: SDPB with READ_MODE = 1",
        "selected: DPX9B with BLK_SEL_1 = 001",
        "pipelined: MULT18X18 with AREG = 1",
    ]


def test_cells_and_parameters_without_a_model_are_refused(tmp_path: Path) -> None:
    cells = {
        "known": {"type": "TRELLIS_FF", "parameters": {"CEMUX": "1 ", "SRMODE": "LSR_OVER_CE"}},
        "async": {"type": "TRELLIS_FF", "parameters": {"SRMODE": "ASYNC"}},
        "shift": {"type": "MULT18X18D", "parameters": {"REG_PIPELINE_CLK": "CLK0"}},
        "pll": {"type": "EHXPLLL", "parameters": {}},
        "scope": {"type": "$scopeinfo", "parameters": {"TYPE": "module"}},
    }
    path = tmp_path / "netlist.json"
    path.write_text(json.dumps({"modules": {"top": {"cells": cells}}}))
    assert list(unmodelled(path)) == [
        "async: TRELLIS_FF with SRMODE = ASYNC",
        "shift: MULT18X18D with REG_PIPELINE_CLK = CLK0",
        "pll: EHXPLLL",
    ]


SMALL = {
    "model": {"inputs": 2, "hidden": [3]},
    "sparsity": {"pattern": "row", "input": 0.5, "recurrent": 0.4},
    "tables": {"address": 5},
    "engine": {"units": 1, "operand_memory": "block", "operand_register": True, "multiplier_registers": True},
}


def verdict(folder: Path, board: str | None, **sections: Any) -> tuple[Design, Result]:
    made = design(folder, verilog=True, **SMALL | sections, target={"board": board})
    sequences = samples.corners(made.spec, 2) + samples.seeded(made.spec, 2, 4)
    return made, compare("chip", DeviceUnderTest(chip, clocked=True), made, sequences, schedule(made))


@pytest.mark.slow
@pytest.mark.parametrize("board", ["ulx3s-85f", "icebreaker", "tang-nano-20k"])
def test_the_cells_of_a_chip_equal_golden_bit_for_bit_and_cycle_for_cycle(board: str, tmp_path: Path) -> None:
    _, result = verdict(tmp_path, board)
    if result.status == "not run":
        pytest.skip(result.reason)
    assert (result.status, result.reason) == ("equal", "")


@pytest.mark.slow
def test_a_chip_whose_multipliers_keep_nothing_of_their_factors_differs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = read("fpga", "templates/cells/ecp5.v")
    kept = 'REG_INPUTA_CLK == "NONE" ?'
    assert models.count(kept) == 1
    monkeypatch.setattr("fpga.chip.read", lambda *place: models.replace(kept, "1'b1 ?"))
    _, result = verdict(tmp_path, "ulx3s-85f")
    if result.status == "not run":
        pytest.skip(result.reason)
    assert result.status == "different"


@pytest.mark.slow
def test_the_cells_of_a_chip_equal_golden_for_a_highway_cell(tmp_path: Path) -> None:
    _, result = verdict(tmp_path, "ulx3s-85f", model={"cell": "highway", "depth": 2, "inputs": 2, "hidden": [3]})
    if result.status == "not run":
        pytest.skip(result.reason)
    assert (result.status, result.reason) == ("equal", "")


@pytest.mark.slow
def test_wrong_carry_chains_in_the_cells_of_a_chip_show(tmp_path: Path) -> None:
    made, result = verdict(tmp_path, "ulx3s-85f")
    if result.status == "not run":
        pytest.skip(result.reason)
    models = tmp_path / "chip" / GATES
    text = models.read_text()
    assert text.count(" ^ ") > 10
    models.write_text(text.replace(" ^ ", " | "))
    assert (
        compare("chip", DeviceUnderTest(chip, clocked=True), made, samples.corners(made.spec, 2), schedule(made)).status
        == "different"
    )


@pytest.mark.parametrize(
    ("board", "why"), [(None, "target.board names no board"), ("pynq-z2", "xc7 .* have no models")]
)
def test_without_a_board_whose_cells_are_known_the_engine_is_not_run(
    board: str | None, why: str, tmp_path: Path
) -> None:
    made = design(tmp_path, target={"board": board})
    with pytest.raises(ToolMissing, match=why):
        chip(made, samples.corners(made.spec, 2))
