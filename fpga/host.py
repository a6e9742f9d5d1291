"""The other end of the serial line: sequences to a board, results back. Nothing here waits for ever."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from accel.fixed import Integers
from fpga.frames import ERROR, ERRORS, RESULTS, RUN, STATUS, STATUS_REPLY, Frame, decode, encode


class Line(Protocol):
    """What is used of a `serial.Serial`, opened with a short time-out of its own."""

    def write(self, data: bytes, /) -> int | None: ...
    def read(self, size: int = 1, /) -> bytes: ...
    def reset_input_buffer(self) -> None: ...


class BoardError(Exception):
    """The board answered that something is wrong."""


@dataclass(frozen=True)
class Packing:
    """How vectors lie in a payload: whole bytes a value, beats filled up with zeros."""

    inputs: int
    input_words: int
    input_bytes: int
    values: int
    output_words: int
    output_bytes: int
    signed: bool


@dataclass(frozen=True)
class Status:
    """Since the board woke up: sequences run, errors answered (both modulo 65536)."""

    runs: int
    errors: int


FACTS = "host.json"
"""Beside the bitstream: baud rate and packing."""


def connect(folder: Path, port: str, timeout: float = 2.0) -> Host:
    """The board at a serial port that runs the bitstream of a build folder. Needs pyserial."""
    import serial  # only where there is a board

    facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
    return Host(serial.Serial(port, facts["baud"], timeout=0.05), Packing(**facts["packing"]), timeout)


class Host:
    """A board at a serial line."""

    def __init__(self, line: Line, packing: Packing, timeout: float = 2.0) -> None:
        self.line, self.packing, self.timeout = line, packing, timeout
        self._number = 0

    def predict(self, x: Integers) -> Integers:
        """One sequence, integers [steps, inputs], to its results, [results, values].

        Raises BoardError with the board's reason, TimeoutError where no right answer comes in time.
        """
        reply = self._ask(RUN, self.packed(np.asarray(x)))
        return self.unpacked(reply.payload)

    def status(self) -> Status:
        """Counters of the board."""
        payload = self._ask(STATUS, b"").payload
        return Status(int.from_bytes(payload[:2], "little"), int.from_bytes(payload[2:], "little"))

    def _ask(self, kind: int, payload: bytes) -> Frame:
        self._number = (self._number + 1) % 256
        self.line.reset_input_buffer()
        self.line.write(encode(Frame(kind, self._number, payload)))
        reply = self._answer()
        if reply.kind == ERROR:
            raise BoardError(ERRORS.get(int.from_bytes(reply.payload, "little"), f"error {reply.payload.hex()}"))
        if reply.kind != {RUN: RESULTS, STATUS: STATUS_REPLY}[kind]:
            raise BoardError(f"an answer of kind {reply.kind:02x} to a request of kind {kind:02x}")
        return reply

    def _answer(self) -> Frame:
        """The reply with this request's number; late replies to earlier ones are passed over."""
        end, data = time.monotonic() + self.timeout, b""
        while time.monotonic() < end:
            data += self.line.read(256)
            reply, data = decode(data)
            if reply is not None and reply.number == self._number:
                return reply
        raise TimeoutError(f"no answer after {self.timeout} s; {len(data)} bytes of one came")

    def packed(self, x: npt.NDArray[np.int64]) -> bytes:
        """The payload of a sequence; ValueError for a wrong shape or range."""
        facts = self.packing
        if x.ndim != 2 or x.shape[1] != facts.inputs or len(x) == 0 or not np.issubdtype(x.dtype, np.integer):
            raise ValueError(f"x: wanted integers [steps, {facts.inputs}], got {x.dtype} {x.shape}")
        limit = 1 << (8 * facts.input_bytes - 1)
        if x.min() < -limit or x.max() >= limit:
            raise ValueError(f"x: wanted {-limit} to {limit - 1}, got {x.min()} to {x.max()}")
        filled = np.pad(x, ((0, 0), (0, -facts.inputs % facts.input_words)))
        return b"".join(int(value).to_bytes(facts.input_bytes, "little", signed=True) for value in filled.ravel())

    def unpacked(self, payload: bytes) -> Integers:
        """The results in a payload, [results, values]."""
        facts = self.packing
        size = facts.output_bytes
        parts = (payload[start : start + size] for start in range(0, len(payload), size))
        values = [int.from_bytes(part, "little", signed=facts.signed) for part in parts]
        vector = facts.values + -facts.values % facts.output_words
        if not values or len(values) % vector:
            raise BoardError(f"results of {len(payload)} bytes, no multiple of {vector * size}")
        return np.array(values, dtype=np.int64).reshape(-1, vector)[:, : facts.values]
