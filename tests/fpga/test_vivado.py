"""Vivado scripts, dry: stub programs record their arguments, stub procedures every Tcl command; reports are read."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import pytest

from accel.base.faults import Refused
from accel.engines.bench import RESET_CYCLES
from accel.engines.engine import ToolMissing
from accel.model import random_weights
from accel.model.design import Design
from accel.schedule.load_spec import load
from accel.spec import Spec
from fpga.board import find
from fpga.rtl import Rtl
from fpga.tool import Plan, ToolFailed, execute, run, write
from fpga.vivado import FIXED_IO, Stream, adapter, plan, plan_core, plan_serial, programming
from tests.designs import spec

Calls = Callable[[], list[str]]
Install = Callable[[str, str, str], None]


def accelerator(top: str, input_bits: int, output_bits: int) -> Rtl:
    """Verilog with the ports of a generated top, which answers every beat with a negative number."""
    text = f"""
module {top} (clk, reset, s_axis_tdata, s_axis_tvalid, s_axis_tready, s_axis_tlast,
              m_axis_tdata, m_axis_tvalid, m_axis_tready, m_axis_tlast);
input clk;
input reset;
input [{input_bits - 1}:0] s_axis_tdata;
input s_axis_tvalid;
output s_axis_tready;
wire s_axis_tready;
input s_axis_tlast;
output [{output_bits - 1}:0] m_axis_tdata;
output m_axis_tvalid;
input m_axis_tready;
output m_axis_tlast;
assign s_axis_tready = m_axis_tready;
assign m_axis_tvalid = s_axis_tvalid;
assign m_axis_tlast = s_axis_tlast;
assign m_axis_tdata = {{{output_bits}{{1'b1}}}} - s_axis_tdata;
endmodule
"""
    return Rtl(top, "clk", {f"{top}.v": text, f"{top}_tanh.hex": "00\n"})


@pytest.fixture(scope="module")
def digits() -> Spec:
    return load(Path(__file__).parents[2] / "specs" / "digits.yaml")


def made(chosen: Spec, board: str, input_bits: int = 8, output_bits: int = 8, allow_slow: bool = False) -> Plan:
    design = Design(chosen, random_weights.seeded(chosen), Path())
    return plan(design, accelerator(chosen.identifier, input_bits, output_bits), find(board), allow_slow=allow_slow)


def test_without_vivado_nothing_runs(digits: Spec, tmp_path: Path) -> None:
    with pytest.raises(ToolMissing, match="vivado not found; needed by step synthesis; put it on PATH"):
        list(run(made(digits, "zcu104"), tmp_path))


@pytest.mark.parametrize("board", ["pynq-z2", "zcu104", "kv260"])
def test_a_board_with_a_processor_gets_a_bitstream_and_a_deploy_folder(
    board: str, digits: Spec, tmp_path: Path, install: Install, calls: Calls
) -> None:
    install("vivado", '"$7"', "vivado.tcl")
    folder = tmp_path / "plan"
    phases = ["synthesis", "implementation", "bitstream"]
    assert list(run(made(digits, board), folder)) == [(phase, "done") for phase in phases]
    assert [line for line in calls() if line.startswith("vivado ")] == [
        f"vivado -mode batch -nojournal -log {phase}.vivado.log -source {phase}.tcl" for phase in phases
    ]
    deployed = {path.name for path in (folder / "deploy").iterdir()}
    archive = {"digits.xsa"} if board != "pynq-z2" else set()
    assert deployed == {"digits.bit", "digits.hwh", "accelerator.json", "driver.py"} | archive
    assert list(run(made(digits, board), folder)) == [(phase, "unchanged") for phase in phases]


def test_the_block_design_connects_processor_memory_and_streams(
    digits: Spec, tmp_path: Path, install: Install, calls: Calls
) -> None:
    install("vivado", '"$7"', "vivado.tcl")
    list(run(made(digits, "pynq-z2").until("synthesis"), tmp_path / "plan"))
    lines = calls()
    cells = [line.split()[-1] for line in lines if line.startswith("create_bd_cell")]
    assert cells == ["ps", "clock", "dma", "reset", "memory", "control"]
    assert "set_property board_part tul.com.tw:pynq-z2:part0:1.10 " in [line.replace("{}", "") for line in lines]
    joined = [line.split()[1:] for line in lines if line.startswith("connect_bd_intf_net")]
    assert joined == [
        ["dma/M_AXI_MM2S", "memory/S00_AXI"],
        ["dma/M_AXI_S2MM", "memory/S01_AXI"],
        ["memory/M00_AXI", "ps/S_AXI_HP0"],
        ["ps/M_AXI_GP0", "control/S00_AXI"],
        ["control/M00_AXI", "dma/S_AXI_LITE"],
    ]
    clocked = {line.split()[2] for line in lines if line.startswith("connect_bd_net clock/clk_out1 ")}
    assert clocked == {
        *("reset/slowest_sync_clk", "dma/s_axi_lite_aclk", "dma/m_axi_mm2s_aclk", "dma/m_axi_s2mm_aclk"),
        *("memory/aclk", "control/aclk", "ps/M_AXI_GP0_ACLK", "ps/S_AXI_HP0_ACLK"),
    }
    assert "make_bd_intf_pins_external -name to_accelerator dma/M_AXIS_MM2S" in lines
    assert "make_bd_pins_external -name dma_resetn dma/mm2s_prmry_reset_out_n" in lines
    assert "make_bd_pins_external -name asked_reset ps/GPIO_O" in lines
    assert "connect_bd_net dma/s2mm_introut ps/IRQ_F2P" in lines
    assert "connect_bd_net ps/FCLK_CLK0 clock/clk_in1" in lines
    assert [line for line in lines if "FREQ_HZ" in line] == [
        f"set_property CONFIG.FREQ_HZ 79999200 {side}_accelerator" for side in ("to", "from")
    ]
    assert lines[-4:] == [
        "synth_design -top board_top -part xc7z020clg400-1",
        "write_checkpoint -force synthesised.dcp",
        "report_utilization -file synthesised_utilization.rpt",
        "report_timing_summary -file synthesised_timing.rpt",
    ]


def test_the_core_of_vitis_hls_is_made_first_and_then_built_in(
    digits: Spec, tmp_path: Path, install: Install, calls: Calls
) -> None:
    install("vivado", '"$7"', "vivado.tcl")
    install("vitis-run", '"$4"', "vitis_hls.tcl")
    planned = plan_core(Design(digits, random_weights.seeded(digits), Path()), find("zcu104"))
    steps = ["csim", "csynth", "cosim", "export", "synthesis", "implementation", "bitstream"]
    assert list(run(planned, tmp_path / "plan")) == [(step, "done") for step in steps]
    assert "create_ip -vlnv xilinx.com:hls:digits_top -module_name accelerator_core" in calls()
    assert list(run(planned, tmp_path / "plan")) == [(step, "unchanged") for step in steps]


CORE = """
module accelerator_core (
    input ap_clk, input ap_rst_n, input [7:0] s_axis_TDATA, input [0:0] s_axis_TKEEP, input [0:0] s_axis_TSTRB,
    input s_axis_TVALID, input s_axis_TLAST, output s_axis_TREADY, output [7:0] m_axis_TDATA, output m_axis_TVALID,
    output m_axis_TLAST, input m_axis_TREADY, input [%d:0] s_axi_control_AWADDR, input s_axi_control_AWVALID,
    output s_axi_control_AWREADY, input [31:0] s_axi_control_WDATA, input [3:0] s_axi_control_WSTRB,
    input s_axi_control_WVALID, output s_axi_control_WREADY, output reg s_axi_control_BVALID,
    input s_axi_control_BREADY, input [%d:0] s_axi_control_ARADDR, input s_axi_control_ARVALID,
    input s_axi_control_RREADY);
  // Takes an address and a word in either order, the word late, and answers later still.
  reg [2:0] cycle = 0;
  reg addressed = 0, written = 0;
  reg [31:0] address, word;
  assign s_axi_control_AWREADY = cycle[1] && !addressed;
  assign s_axi_control_WREADY = cycle == 5 && !written;
  always @(posedge ap_clk) begin
    cycle <= cycle + 1;
    s_axi_control_BVALID <= addressed && written && cycle == 7;
    if (s_axi_control_BVALID) begin
      {addressed, written} <= 2'b00;
      $display("%%0d: %%0d", address, word);
    end
    if (s_axi_control_AWVALID && s_axi_control_AWREADY) begin
      addressed <= 1;
      address <= s_axi_control_AWADDR;
    end
    if (s_axi_control_WVALID && s_axi_control_WREADY) begin
      written <= 1;
      word <= s_axi_control_WDATA;
    end
  end
endmodule

module test;
  reg clk = 0, reset = 1;
  %s core (
    .clk(clk), .reset(reset), .s_axis_tdata(8'd0), .s_axis_tvalid(1'b0), .s_axis_tlast(1'b0), .m_axis_tready(1'b1)
  );
  initial begin
    repeat (8) #1 clk = !clk;
    reset = 0;
    repeat (160) #1 clk = !clk;
  end
endmodule
"""


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        pytest.param({}, ["0: 129"], id="by_rows"),
        pytest.param({"threshold": True}, ["32: 5", "0: 129"], id="by_columns"),
    ],
)
def test_the_core_has_the_ports_that_the_board_connects_and_is_started(
    change: dict[str, bool], wanted: list[str], digits: Spec, tmp_path: Path
) -> None:
    if shutil.which("iverilog") is None:
        pytest.skip("iverilog not found; it checks the adapter")
    columns = spec(sparsity={"pattern": "column"}, engine={"dataflow": "column"}, formats={"input": [8, 6]})
    chosen = columns if change else digits
    weights = replace(random_weights.seeded(chosen), threshold=5 if change else 0)
    made_of = adapter(Design(chosen, weights, Path()))
    assert list(made_of.files) == [f"{made_of.top}.v", "core_start.v"]
    for name, text in made_of.files.items():
        (tmp_path / name).write_text(text)
    bits = re.search(r"ARADDR\((\d+)'d0", made_of.files[f"{made_of.top}.v"])
    assert bits is not None
    high = int(bits[1]) - 1
    (tmp_path / "core.v").write_text(CORE % (high, high, made_of.top))
    sources = [*made_of.files, "core.v"]
    subprocess.run(["iverilog", "-g2012", "-Wall", "-o", "run", "-s", "test", *sources], cwd=tmp_path, check=True)
    shown = subprocess.run(["vvp", "run"], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert shown.split("\n")[:-1] == wanted


@pytest.mark.parametrize("board", ["arty-a7-100", "xcku9p", "alveo-u250"])
def test_a_chip_alone_is_implemented_out_of_context(
    board: str, digits: Spec, tmp_path: Path, install: Install, calls: Calls
) -> None:
    install("vivado", '"$7"', "vivado.tcl")
    planned = made(digits, board)
    assert [phase for phase, _ in run(planned, tmp_path / "plan")] == ["synthesis", "implementation"]
    assert f"synth_design -top digits -part {find(board).part} -mode out_of_context" in calls()
    assert planned.files["clock.xdc"] == "create_clock -name clk -period 12.500 [get_ports clk]\n"


def test_the_whole_chip_of_a_board_with_a_serial_line_becomes_a_bitstream(
    tmp_path: Path, install: Install, calls: Calls
) -> None:
    install("vivado", '"$7"', "vivado.tcl")
    ports = "input wire oscillator, input wire uart_rx, output wire uart_tx, output wire led"
    top = f"module board_top ({ports}); endmodule\n"
    planned = plan_serial(Rtl("board_top", "oscillator", {"board_top.v": top}), find("arty-a7-100"), 80.0)
    steps = ["synthesis", "implementation", "bitstream"]
    assert list(run(planned, tmp_path / "plan")) == [(step, "done") for step in steps]
    lines = calls()
    assert "synth_design -top board_top -part xc7a100tcsg324-1" in lines
    assert "write_bitstream -force deploy/board_top.bit" in lines
    assert not [line for line in lines if "create_bd" in line]
    assert list(run(planned, tmp_path / "plan")) == [(step, "unchanged") for step in steps]


def test_a_clock_that_is_missed_is_a_failure_unless_it_is_allowed(
    digits: Spec, tmp_path: Path, install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("vivado", '"$7"', "vivado.tcl")
    monkeypatch.setenv("STUB_SLACK", "-0.25")
    with pytest.raises(ToolFailed, match=r"(?s)vivado ended with status 1.*setup slack is -0.25 ns; see routed_timing"):
        list(run(made(digits, "xcku9p"), tmp_path / "strict"))
    allowed = made(digits, "xcku9p", allow_slow=True)
    assert ("implementation", "done") in list(run(allowed, tmp_path / "lenient"))


@pytest.mark.parametrize("command", ["synth_design", "route_design", "write_hw_platform", "validate_bd_design"])
def test_a_command_that_fails_makes_the_exit_status(
    command: str, digits: Spec, tmp_path: Path, install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("vivado", '"$7"', "vivado.tcl")
    monkeypatch.setenv("STUB_FAILS", command)
    with pytest.raises(ToolFailed, match=rf"(?s)vivado ended with status 1.*{command} fails as asked"):
        list(run(made(digits, "kv260"), tmp_path / "plan"))


def test_programming_asks_for_the_part_and_loads_the_bitstream(
    digits: Spec, tmp_path: Path, install: Install, calls: Calls
) -> None:
    install("vivado", '"$7"', "vivado.tcl")
    list(run(made(digits, "pynq-z2"), tmp_path / "plan"))
    execute(programming(accelerator("digits", 8, 8)), tmp_path / "plan")
    assert "program_hw_devices PART" in calls()


MISSING = {
    "STUB_NO_BOARDS": ("1", r"board files: wanted xilinx.com:kv260_som:part0:\*, this Vivado has none"),
    "STUB_IP": (
        "axi_dma:7 axi_dma:8",
        r"IP axi_dma: wanted version 7, the catalogue of this Vivado has \S+axi_dma:8.1",
    ),
    "STUB_HZ": ("75000000", r"clock: wanted 80.0 MHz, the clock wizard makes 75.0"),
}


@pytest.mark.parametrize("fault", MISSING)
def test_what_this_vivado_has_not_is_told_before_synthesis(
    fault: str, digits: Spec, tmp_path: Path, install: Install, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("vivado", '"$7"', "vivado.tcl")
    value, sentence = MISSING[fault]
    monkeypatch.setenv(fault, value)
    with pytest.raises(ToolFailed, match=rf"(?s)vivado ended with status 1.*{sentence}"):
        list(run(made(digits, "kv260"), tmp_path / "plan"))
    assert not [line for line in calls() if line.startswith("synth_design")]


@pytest.mark.parametrize(
    ("words", "bits", "bytes_", "lanes", "memory"), [(1, 8, 1, 1, 32), (3, 8, 4, 4, 32), (3, 24, 16, 4, 128)]
)
def test_a_stream_of_the_dma_engine_has_a_power_of_two_of_bytes(
    words: int, bits: int, bytes_: int, lanes: int, memory: int
) -> None:
    stream = Stream(words, bits, signed=True)
    assert (stream.bytes, stream.lanes, stream.memory_bits) == (bytes_, lanes, memory)


def test_a_board_of_another_vendor_is_refused(digits: Spec) -> None:
    with pytest.raises(Refused, match=r"target.board: wanted a board with a Xilinx chip, got ulx3s-85f \(ecp5\)"):
        made(digits, "ulx3s-85f")


def test_a_stream_wider_than_the_dma_engine_is_refused() -> None:
    chosen = spec(model={"hidden": [8], "head": None}, engine={"units": 4, "input_words": 128})
    with pytest.raises(Refused, match="input: wanted a stream of at most 1024 bits, got 4096"):
        made(chosen, "zcu104", input_bits=128 * 24, output_bits=16)


@pytest.mark.parametrize("board", ["pynq-z2", "zcu104"])
def test_values_reach_the_accelerator_and_come_back_with_their_sign(board: str, tmp_path: Path) -> None:
    if shutil.which("iverilog") is None:
        pytest.skip("iverilog not found; it runs the board's top")
    engine = {"units": 4, "input_words": 2, "cells_per_cycle": 2}
    chosen = spec(name="awkward", model={"hidden": [8], "head": None}, engine=engine)
    planned = made(chosen, board, input_bits=48, output_bits=48)
    write(planned, tmp_path)
    ports = "".join(f"inout [{width - 1}:0] {name}, " for name, width in FIXED_IO[find(board).processor or ""].items())
    (tmp_path / "wrapper.v").write_text(f"""
module system_wrapper ({ports}
    output [63:0] to_accelerator_tdata, output [7:0] to_accelerator_tkeep, output to_accelerator_tlast,
    input to_accelerator_tready, output to_accelerator_tvalid, input [63:0] from_accelerator_tdata,
    input [7:0] from_accelerator_tkeep, input from_accelerator_tlast, output from_accelerator_tready,
    input from_accelerator_tvalid, output reg aclk, output [0:0] aresetn, output dma_resetn, output [0:0] asked_reset);
  assign asked_reset = 1'b0;
  assign to_accelerator_tdata = {{32'hffabcdef, 32'h00000001}};
  assign {{to_accelerator_tvalid, to_accelerator_tlast, from_accelerator_tready, aresetn, dma_resetn}} = 5'b11111;
  initial begin
    aclk = 0;
    #1 $display("%h %h %b", from_accelerator_tdata, from_accelerator_tkeep, from_accelerator_tlast);
  end
endmodule
""")
    sources = ["board_top.v", "awkward.v", "wrapper.v"]
    subprocess.run(["iverilog", "-g2012", "-Wall", "-o", "run", "-s", "board_top", *sources], cwd=tmp_path, check=True)
    shown = subprocess.run(["vvp", "run"], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    answer = (1 << 48) - 1 - (0xABCDEF << 24 | 0x000001)
    high, low = answer >> 24, answer & 0xFFFFFF
    assert shown == f"{high:08x}{0xFF000000 | low:08x} ff 1\n"


RESETS = """
module system_wrapper (%s
    output [7:0] to_accelerator_tdata, output [0:0] to_accelerator_tkeep, output to_accelerator_tlast,
    input to_accelerator_tready, output to_accelerator_tvalid, input [7:0] from_accelerator_tdata,
    input [0:0] from_accelerator_tkeep, input from_accelerator_tlast, output from_accelerator_tready,
    input from_accelerator_tvalid, output reg aclk, output reg [0:0] aresetn, output reg dma_resetn,
    output reg [0:0] asked_reset);
  integer cycle;
  initial begin
    aclk = 0;
    {aresetn, dma_resetn, asked_reset} = 3'b010;
    for (cycle = 0; cycle < 600; cycle = cycle + 1) begin
      #1 aclk = 1;
      #1 aclk = 0;
      $display("%%b", board_top.accelerator.reset);
      if (cycle == 2) aresetn = 1;
      if (cycle == 200) dma_resetn = 0;
      if (cycle == 201) dma_resetn = 1;
      if (cycle == 400) asked_reset = 1;
      if (cycle == 410) asked_reset = 0;
    end
  end
endmodule
"""


def test_a_reset_of_the_dma_engine_or_the_processors_pin_is_one_of_the_accelerator_as_long_as_it_needs(
    digits: Spec, tmp_path: Path
) -> None:
    if shutil.which("iverilog") is None:
        pytest.skip("iverilog not found; it runs the board's top")
    write(made(digits, "pynq-z2"), tmp_path)
    ports = "".join(f"inout [{width - 1}:0] {name}, " for name, width in FIXED_IO["zynq7"].items())
    (tmp_path / "wrapper.v").write_text(RESETS % ports)
    sources = ["board_top.v", "digits.v", "wrapper.v"]
    subprocess.run(["iverilog", "-g2012", "-Wall", "-o", "run", "-s", "board_top", *sources], cwd=tmp_path, check=True)
    shown = subprocess.run(["vvp", "run"], cwd=tmp_path, capture_output=True, text=True, check=True).stdout.split()
    lengths = [len(list(run)) for level, run in groupby(shown) if level == "1"]
    assert len(lengths) == 3
    assert min(lengths) >= 4 * RESET_CYCLES


def test_the_deploy_folder_says_what_the_driver_has_to_know(digits: Spec) -> None:
    assert json.loads(made(digits, "zcu104").files["deploy/accelerator.json"]) == {
        "name": "digits",
        "bitstream": "digits.bit",
        "inputs": 8,
        "input": {"words": 1, "lanes": 1, "bits": 8, "format": [8, 6]},
        "vocabulary": None,
        "window": None,
        "values": 1,
        "output": {"words": 1, "lanes": 1, "bits": 8, "signed": False, "range": [0, 9]},
        "every_step": False,
        "longest": None,
    }
