"""The whole chip with its serial line, simulated while a host speaks to it.

Icarus Verilog builds at once and knows four states; Verilator takes its time and then runs a hundred times as fast.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from accel.engines.engine import ToolMissing
from accel.engines.verilator import SMALL, program
from fpga.board import find
from fpga.chip import GATES, plan
from fpga.frames import REPLY_SYNC, Decoder, Frame, encode
from fpga.host import Facts, Host
from fpga.rtl import Rtl
from fpga.tool import run
from fpga.uart import Serial, board_rtl

MHZ, CYCLES = 12.0, 8
"""The iCEBreaker's oscillator, and cycles of it a bit."""

SERIAL = Serial(baud=1_500_000, buffer_bits=4, run_seconds=4000 / 12e6)
"""A buffer and a patience that a test can exhaust."""

BENCH = """
`timescale 1ns / 1ns
module bench;
  localparam CYCLES = 8, STDIN = 32'h8000_0000;
  reg clk = 0;
  always #1 clk = !clk;
  reg rx = 1;
  wire tx, heard_valid;
  wire [7:0] heard;
  reg reset = 1;
  board_top chip (.oscillator(clk), .uart_rx(rx), .uart_tx(tx), .led());
  uart_rx #(CYCLES) ear (clk, reset, tx, heard, heard_valid);
  always @(posedge clk) if (heard_valid) $display("%02x", heard);

  // Words from the host: a byte to send, or (upper bits) so many cycles to listen, which a full stop answers.
  reg [31:0] word;
  integer bit_number;
  initial begin
    repeat (300) @(posedge clk);
    reset = 0;
    while ($fscanf(STDIN, "%h", word) == 1) begin
      if (word[31:8] != 0) begin
        repeat (word[31:8]) @(posedge clk);
        $display(".");
        $fflush;
      end else begin
        rx = 0;
        repeat (CYCLES) @(posedge clk);
        for (bit_number = 0; bit_number < 8; bit_number = bit_number + 1) begin
          rx = word[bit_number];
          repeat (CYCLES) @(posedge clk);
        end
        rx = 1;
        repeat (CYCLES) @(posedge clk);
      end
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


class Chip:
    """A line to a simulated chip, whose clock runs while it is written to and read from."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process, self.heard, self.cycles = process, b"", 0
        self.faults: list[Fault] = []
        """Those of the next requests, one each."""
        self._deaf = False

    def write(self, data: bytes) -> int:
        fault = self.faults.pop(0) if self.faults else arrives
        self._deaf = fault is unanswered
        arriving = fault(data)
        self._tell(*arriving)
        self.cycles += 10 * CYCLES * len(arriving)
        return len(data)

    def read(self, size: int = 1) -> bytes:
        if len(self.heard) < size:
            self.listen(2000)
        got, self.heard = self.heard[:size], self.heard[size:]
        return got

    def reset_input_buffer(self) -> None:
        self.heard = b""

    def listen(self, cycles: int) -> None:
        """Let the clock run; keep what is heard."""
        self._tell(cycles << 8)
        self.cycles += cycles
        assert self.process.stdout is not None
        for line in iter(self.process.stdout.readline, ".\n"):
            assert line, "the simulation ended"
            self.heard += b"" if self._deaf else bytes([int(line, 16)])

    def now(self) -> float:
        """Seconds of the chip's clock."""
        return self.cycles / MHZ / 1e6

    def _tell(self, *words: int) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("".join(f"{word:x}\n" for word in words))
        self.process.stdin.flush()


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
    _build(["iverilog", "-g2012", "-Wall", "-Wno-timescale", "-o", "run", "-s", "bench", *sources], folder, None)
    return Program(folder, ("vvp", "-n", "run"))


def verilated(rtl: Rtl, folder: Path, serial: Serial = SERIAL) -> Program:
    """The chip for Verilator."""
    return _compiled(_written(rtl, folder, serial), folder)


def in_cells(rtl: Rtl, folder: Path, serial: Serial = SERIAL) -> Program:
    """The netlist of the chip, in what cells of an iCE40 compute, for Verilator."""
    whole = board_rtl(rtl, find("icebreaker"), MHZ, serial)
    try:
        assert [how for _, how in run(plan(whole, find("icebreaker")), folder)] == ["done", "done"]
    except ToolMissing as missing:
        pytest.skip(str(missing))
    (folder / "bench.v").write_text(BENCH)
    return _compiled([GATES, "uart_rx.v", "bench.v"], folder)


def _compiled(sources: list[str], folder: Path) -> Program:
    try:
        binary, environment = program()
    except ToolMissing as missing:
        pytest.skip(str(missing))
    words = [str(binary), "--binary", "--timing", "-O3", "--x-assign", "fast", "--noassert", "-Wno-fatal", "-Wno-lint"]
    words += ["-CFLAGS", "-std=c++20 -fcoroutines", "-MAKEFLAGS", SMALL, "--top-module", "bench", "--Mdir", "obj"]
    _build([*words, *sources], folder, environment)
    return Program(folder, (str(folder / "obj" / "Vbench"),))


def _written(rtl: Rtl, folder: Path, serial: Serial, replaced: tuple[str, str] | None = None) -> list[str]:
    whole = board_rtl(rtl, find("icebreaker"), MHZ, serial)
    files, (old, new) = {**whole.files, "bench.v": BENCH}, replaced or ("", "")
    assert not old or any(old in text for text in files.values()), f"nothing there to replace: {old}"
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text.replace(old, new) if old else text)
    return [*whole.sources, "bench.v"]


def _build(words: list[str], folder: Path, environment: dict[str, str] | None) -> None:
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@contextmanager
def running(chip: Program) -> Iterator[Chip]:
    """The chip, awake."""
    pipe = subprocess.PIPE
    with subprocess.Popen(chip.words, cwd=chip.folder, stdin=pipe, stdout=pipe, text=True) as process:
        try:
            yield Chip(process)
        finally:
            process.kill()


@contextmanager
def connected(chip: Program, facts: Facts, timeout: float) -> Iterator[tuple[Chip, Host]]:
    """The chip, awake, and a host that goes by its clock."""
    with running(chip) as line, pytest.MonkeyPatch.context() as patch:
        patch.setattr("fpga.host.monotonic", line.now)
        yield line, Host(line, facts, timeout)


def exchange(chip: Chip, *requests: bytes, silence: int = 8000) -> list[Frame]:
    """Replies to requests; so many cycles of silence follow each."""
    chip.reset_input_buffer()
    for request in requests:
        chip.write(request)
        chip.listen(silence)
    replies = Decoder(REPLY_SYNC).feed(chip.heard)
    assert b"".join(encode(reply, REPLY_SYNC) for reply in replies) == chip.heard
    return replies
