"""The serial line of a chip that runs in Verilator: what `fpga.host.Host` needs of a `serial.Serial`."""

from __future__ import annotations

import contextlib
import subprocess
from pathlib import Path

from accel.base.templates import read
from accel.engines.engine import ProgramFailed
from accel.engines.verilator import QUICK, built

TOP = "chip"
WAKE_CYCLES = 1000
"""Longer than the chip's own reset."""
LISTENED_BYTES = 4
"""Byte times that a read which finds nothing waits."""


class SimulatedLine:
    """A chip of ports `oscillator`, `uart_rx` and `uart_tx`, `period` cycles a bit.

    What has been silent for `patience` cycles will stay so: a read then raises TimeoutError.
    """

    def __init__(self, verilog: Path, folder: Path, period: int, patience: int) -> None:
        program = built(verilog, TOP, read("fpga", "templates/readback/bench.cpp"), folder, QUICK)
        self.cycles = 0
        self._period, self._patience = period, patience
        self._heard, self._last = b"", 0
        self._process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._go("-", WAKE_CYCLES + 20 * period)
        self.reset_input_buffer()  # a line that wakes up low looks like a byte

    def __enter__(self) -> SimulatedLine:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        with contextlib.suppress(OSError):  # what was not sent any more
            self._process.communicate()

    def write(self, data: bytes, /) -> int:
        """Send bytes; returns when the last one has left."""
        self._go(data.hex() or "-", 0)
        self._last = self.cycles
        return len(data)

    def read(self, size: int = 1, /) -> bytes:
        """Bytes that have come, or come within a few byte times; at most `size`."""
        if not self._heard:
            self._go("-", LISTENED_BYTES * 10 * self._period)
        if not self._heard and self.cycles - self._last > self._patience:
            raise TimeoutError(f"silence for {self._patience} cycles")
        got, self._heard = self._heard[:size], self._heard[size:]
        return got

    def reset_input_buffer(self) -> None:
        """Forget what has come."""
        self._heard = b""

    def _go(self, sent: str, further: int) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(f"{self._period} {sent} {further}\n")
            self._process.stdin.flush()
            heard, cycles = self._process.stdout.readline().split()
        except (OSError, ValueError):
            raise ProgramFailed("the simulated chip ended") from None
        self.cycles = int(cycles)
        if heard != "-":
            self._heard += bytes.fromhex(heard.replace("??", ""))  # a byte without its stop bit is lost
            self._last = self.cycles
