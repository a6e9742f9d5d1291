"""The whole chip with its serial line, simulated while a host speaks to it.

Icarus Verilog builds at once and knows four states; Verilator takes its time and then runs a hundred times as fast.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import inf
from pathlib import Path

import pytest

from accel.engines.engine import ToolMissing
from accel.engines.program import succeed
from fpga.board import find
from fpga.chip import GATES, plan
from fpga.frames import REPLY_SYNC, Decoder, Frame, encode
from fpga.host import Facts, Host
from fpga.rtl import Rtl
from fpga.simulated_line import SimulatedLine, verilated
from fpga.tool import run
from fpga.uart import Serial, board_rtl

MHZ, CYCLES = 12.0, 8
"""The iCEBreaker's oscillator, and cycles of it a bit."""

SERIAL = Serial(baud=1_500_000, buffer_bits=4, run_seconds=4000 / 12e6)
"""A buffer and a patience that a test can exhaust."""

BENCH = """
`timescale 1ns / 1ns
module bench;
  // As `fpga.simulated_line.verilated` has it: a line in, a line out.
  localparam STDIN = 32'h8000_0000, CHARACTERS = 1024;
  reg clk = 0, rx = 1;
  always #1 clk = !clk;
  wire tx;
  board_top chip (.oscillator(clk), .uart_rx(rx), .uart_tx(tx), .led());

  integer period = 1, cycles = 0, pause = 0, left = 0, heard = 0;
  reg [9:0] bits;
  always @(posedge clk) begin
    cycles <= cycles + 1;
    if (pause > 0) pause = pause - 1;
    else if (left == 0) begin
      if (tx === 1'b0) begin
        left = 10;
        pause = period / 2;
      end
    end else begin
      bits = {tx, bits[9:1]};
      left = left - 1;
      pause = left == 0 ? 0 : period - 1;
      if (left == 0) begin
        heard = heard + 1;
        if (bits[9] === 1'b1) $write("%02x", bits[8:1]);
        else $write("??");
      end
    end
  end

  reg [8 * CHARACTERS - 1:0] sent;
  reg [8:0] frame;
  integer further, place, number;

  function [3:0] digit(input [7:0] character);
    digit = character[6] ? character[3:0] + 9 : character[3:0];
  endfunction

  initial begin
    while ($fscanf(STDIN, "%d %s %d", period, sent, further) == 3) begin
      for (place = CHARACTERS - 2; place >= 0; place = place - 2) begin
        if (sent[8 * place + 8 +: 8] != 0) begin
          frame = {1'b1, digit(sent[8 * place + 8 +: 8]), digit(sent[8 * place +: 8])};
          rx <= 0;
          repeat (period) @(posedge clk);
          for (number = 0; number < 9; number = number + 1) begin
            rx <= frame[number];
            repeat (period) @(posedge clk);
          end
        end
      end
      repeat (further) @(posedge clk);
      #1 if (heard == 0) $write("-");
      heard = 0;
      $display(" %0d", cycles);
      $fflush;
    end
    $finish;
  end
endmodule
"""

Fault = Callable[[bytes], bytes]
"""What the line makes of a request."""


def arrives(request: bytes) -> bytes:
    """No fault."""
    return request


def lost(_: bytes) -> bytes:
    """Nothing arrives."""
    return b""


def cut(request: bytes) -> bytes:
    """The end is missing."""
    return request[:-3]


def flipped(request: bytes) -> bytes:
    """One bit of the payload is another one."""
    return request[:7] + bytes([request[7] ^ 0x10]) + request[8:]


def unanswered(request: bytes) -> bytes:
    """The request arrives, its reply is lost."""
    return request


class Chip(SimulatedLine):
    """A simulated chip, and what the line does to the next requests."""

    def __init__(self, program: Sequence[str], folder: Path) -> None:
        self.faults: list[Fault] = []
        """Those of the next requests, one each."""
        self._deaf = False
        super().__init__(program, folder, CYCLES, inf)

    def write(self, data: bytes, /) -> int:
        fault = self.faults.pop(0) if self.faults else arrives
        self._deaf = fault is unanswered
        super().write(fault(data))
        return len(data)

    def hears(self, data: bytes) -> bytes:
        return b"" if self._deaf else data

    def now(self) -> float:
        """Seconds of the chip's clock."""
        return self.cycles / MHZ / 1e6


@dataclass(frozen=True)
class Program:
    """A simulation to be started."""

    folder: Path
    words: tuple[str, ...]


def interpreted(rtl: Rtl, folder: Path, serial: Serial = SERIAL, replaced: tuple[str, str] | None = None) -> Program:
    """The chip for Icarus Verilog; with some text of its Verilog `replaced` by another."""
    if shutil.which("iverilog") is None:
        pytest.skip("iverilog not found; it runs the whole chip")
    sources = _written(rtl, folder, serial, replaced)
    succeed(["iverilog", "-g2012", "-Wall", "-Wno-timescale", "-o", "run", "-s", "bench", *sources], folder)
    return Program(folder, ("vvp", "-n", "run"))


def compiled(rtl: Rtl, folder: Path, serial: Serial = SERIAL) -> Program:
    """The chip for Verilator."""
    _written(rtl, folder, serial)
    sources = board_rtl(rtl, find("icebreaker"), MHZ, serial).sources
    (folder / "chip.v").write_text("".join((folder / name).read_text() for name in sources))
    return _verilated(folder / "chip.v", folder)


def in_cells(rtl: Rtl, folder: Path, serial: Serial = SERIAL) -> Program:
    """The netlist of the chip, in what cells of an iCE40 compute, for Verilator."""
    whole = board_rtl(rtl, find("icebreaker"), MHZ, serial)
    try:
        assert [how for _, how in run(plan(whole, find("icebreaker")), folder)] == ["done", "done"]
    except ToolMissing as missing:
        pytest.skip(str(missing))
    return _verilated(folder / GATES, folder)


def _verilated(verilog: Path, folder: Path) -> Program:
    try:
        return Program(folder, (str(verilated(verilog, folder, "board_top")),))
    except ToolMissing as missing:
        pytest.skip(str(missing))


def _written(rtl: Rtl, folder: Path, serial: Serial, replaced: tuple[str, str] | None = None) -> list[str]:
    whole = board_rtl(rtl, find("icebreaker"), MHZ, serial)
    files, (old, new) = {**whole.files, "bench.v": BENCH}, replaced or ("", "")
    assert not old or any(old in text for text in files.values()), f"nothing there to replace: {old}"
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text.replace(old, new) if old else text)
    return [*whole.sources, "bench.v"]


def running(chip: Program) -> Chip:
    """The chip, awake."""
    return Chip(chip.words, chip.folder)


@contextmanager
def connected(chip: Program, facts: Facts, timeout: float) -> Iterator[tuple[Chip, Host]]:
    """The chip, awake, and a host that goes by its clock."""
    with running(chip) as line, pytest.MonkeyPatch.context() as patch:
        patch.setattr("fpga.host.monotonic", line.now)
        yield line, Host(line, facts, timeout)


def exchange(chip: Chip, *requests: bytes, silence: int = 8000) -> list[Frame]:
    """Replies to requests; some cycles of silence follow each."""
    chip.reset_input_buffer()
    for request in requests:
        chip.write(request)
        chip.listen(silence)
    heard = chip.read(1 << 16)
    replies = Decoder(REPLY_SYNC).feed(heard)
    assert b"".join(encode(reply, REPLY_SYNC) for reply in replies) == heard
    return replies
