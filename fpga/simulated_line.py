"""The serial line of a chip that runs in a simulator: what `fpga.host.Host` needs of a `serial.Serial`."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from accel.base.templates import read
from accel.engines.engine import ProgramFailed
from accel.engines.verilator import QUICK, built

TOP = "chip"
WAKE_CYCLES = 1000
"""Longer than the chip's own reset."""
LISTENED_BYTES = 4
"""Byte times that a read which finds nothing waits."""


def verilated(verilog: Path, folder: Path, top: str = TOP) -> Path:
    """A chip of ports `oscillator`, `uart_rx` and `uart_tx` as a program, built in `folder`.

    It goes on as standard input asks, a line at a time: cycles of a bit, bytes to send in hexadecimal (`-` for none),
    cycles to go on for. Each is answered by a line: the bytes that came meanwhile, `??` for one without its stop bit
    (`-` for none), and the cycles since the beginning.
    """
    return built(verilog, top, read("fpga", "templates/readback/bench.cpp"), folder, QUICK)


class SimulatedLine:
    """A `program` as `verilated` makes them, running in `folder`: a chip, `period` cycles a bit.

    What has been silent for `patience` cycles will stay so: a read then raises TimeoutError.
    """

    def __init__(self, program: Sequence[str | Path], folder: Path, period: int, patience: float) -> None:
        self.cycles = 0
        self._period, self._patience = period, patience
        self._heard, self._last = b"", 0
        self._process = subprocess.Popen(program, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.listen(WAKE_CYCLES + 20 * period)
        self.reset_input_buffer()  # a line that wakes up low looks like a byte

    def __enter__(self) -> Self:
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
            self.listen(LISTENED_BYTES * 10 * self._period)
        if not self._heard and self.cycles - self._last > self._patience:
            raise TimeoutError(f"silence for {self._patience} cycles")
        got, self._heard = self._heard[:size], self._heard[size:]
        return got

    def reset_input_buffer(self) -> None:
        """Forget what has come."""
        self._heard = b""

    def listen(self, cycles: int) -> None:
        """Let the clock run."""
        self._go("-", cycles)

    def hears(self, data: bytes) -> bytes:
        """What the host gets of bytes that came."""
        return data

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
            self._heard += self.hears(bytes.fromhex(heard.replace("??", "")))  # a byte without its stop bit is lost
            self._last = self.cycles
