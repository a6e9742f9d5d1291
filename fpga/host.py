"""The other end of the serial line: sequences and weights to a board, results back. Nothing here waits for ever."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from accel.base.fixed import Integers
from fpga.frames import (
    ANSWERS,
    BAD_CRC,
    CUT_SHORT,
    ERROR,
    ERRORS,
    HEADER,
    REPLY_SYNC,
    RUN,
    STATUS,
    TAKEN,
    VERSION,
    WORD,
    BoardError,
    Decoder,
    Frame,
    encode,
    pieces,
)
from fpga.packing import Packing
from fpga.status import Parts, Status, read_status


class Line(Protocol):
    """What is used of a `serial.Serial`, opened with a short time-out of its own."""

    def write(self, data: bytes, /) -> int | None: ...
    def read(self, size: int = 1, /) -> bytes: ...
    def reset_input_buffer(self) -> None: ...


@dataclass(frozen=True)
class Facts:
    """What the host has to know of a bitstream."""

    baud: int
    buffer: int
    """Bytes of the longest payload."""
    packing: Packing
    status: Parts
    version: int = VERSION
    """Of the frames."""


FACTS = "host.json"
"""Beside the bitstream: its facts."""

ATTEMPTS = 3
"""So often a piece of weights is sent before the load is given up."""

BITS_PER_BYTE = 10
"""On the line: a start bit and a stop bit beside the eight."""

Told = Callable[[int, int], None]
"""Is told how many words of how many the board has taken."""


def silent(taken: int, of: int) -> None:
    """Nobody is told."""


def read_facts(path: Path) -> Facts:
    """The facts that `build` left. Raises BoardError where they are none, or of another version of the frames."""
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if found.get("version") != VERSION:
            raise BoardError(f"{path}: frames of version {found.get('version', 1)}, this host speaks {VERSION}")
        packing = found["packing"]
        pairs = {key: tuple(one) for key in ("input_format", "window") if (one := packing.get(key)) is not None}
        found["packing"] = Packing(**packing | pairs)
        found["status"] = tuple((name, bits) for name, bits in found["status"])
        return Facts(**found)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BoardError(f"{path}: not what this host's `build` writes; build the bitstream anew") from None


def connect(folder: Path, port: str, timeout: float = 2.0) -> Host:
    """The board at a serial port that runs the bitstream of a build folder. Needs pyserial."""
    import serial  # only where there is a board

    facts = read_facts(folder / FACTS)
    return Host(serial.Serial(port, facts.baud, timeout=0.05), facts, timeout)


class Host:
    """A board at a serial line. `timeout` is how long it may think, in seconds, beside what the line itself takes."""

    def __init__(self, line: Line, facts: Facts, timeout: float = 2.0) -> None:
        self.line, self.facts, self.timeout = line, facts, timeout
        self._number = 0

    def predict(self, x: npt.ArrayLike) -> Integers:
        """One sequence, [steps, inputs], to its results, integers [results, values].

        Integers are of the input's format, real numbers are rounded half up to it and saturated. Raises ValueError for
        another shape or range before anything is sent, BoardError with the board's reason or where it gives more or
        fewer results, TimeoutError where no right answer comes in time.
        """
        payload = self.facts.packing.packed(x)
        if len(payload) > self.facts.buffer:
            raise ValueError(f"x: wanted at most {self.facts.buffer} bytes, the board's buffer, got {len(payload)}")
        return self.facts.packing.unpacked(self._ask(RUN, payload).payload, len(np.asarray(x)))

    def windows(self, frames: npt.ArrayLike) -> npt.NDArray[Any]:
        """What `predict` takes of frames [frames, channels], where the spec has `model.window`. ValueError: others."""
        return self.facts.packing.windows(frames)

    def status(self) -> Status:
        """Counters of the board, and the status word of its accelerator."""
        return read_status(self._ask(STATUS, b"").payload, self.facts.status)

    def load(self, words: Sequence[int], told: Told = silent) -> None:
        """Other weights: the words of a frame, from `accel.memory.load_frame.frame` or a design's `load/*.hex`.

        They go in pieces; one that is lost or damaged is sent again. Until a right frame is complete, and where a load
        is given up or refused, sequences run with the weights before. Raises BoardError with what the board or the
        accelerator found wrong, TimeoutError where the board does not answer.
        """
        taken = 0
        for kind, payload in pieces(words, self.facts.buffer):
            self._insist(kind, payload)
            taken += len(payload) // WORD
            told(taken, len(words))
        status = self.status()
        if status.load_errors:
            raise BoardError(f"the weights were refused: {', '.join(status.load_errors)}")
        if not status.loaded:
            raise BoardError("the weights were taken, but there are none: was the board reset?")

    def _insist(self, kind: int, payload: bytes) -> None:
        """A request that the board may get twice, until it has got it."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                self._ask(kind, payload)
            except TimeoutError:
                if attempt == ATTEMPTS:
                    raise
            except BoardError as error:
                if attempt == ATTEMPTS or error.code not in (BAD_CRC, CUT_SHORT):
                    raise
            else:
                return

    def _ask(self, kind: int, payload: bytes) -> Frame:
        self._number = (self._number + 1) % 256
        request = encode(Frame(kind, self._number, payload))
        self.line.reset_input_buffer()
        written = self.line.write(request)
        if written is not None and written != len(request):
            raise TimeoutError(f"the line took {written} of the {len(request)} bytes of a request")
        reply = self._answer(len(request))
        if reply.kind == ERROR and len(reply.payload) == 1:
            code = int.from_bytes(reply.payload, "little")
            raise BoardError(ERRORS.get(code, f"error {reply.payload.hex()}"), code)
        if reply.kind != ANSWERS[kind] or (reply.kind == TAKEN and reply.payload):
            answer = f"an answer of kind {reply.kind:02x} and {len(reply.payload)} bytes"
            raise BoardError(f"{answer} to a request of kind {kind:02x}")
        return reply

    def _answer(self, sent: int) -> Frame:
        """The reply with this request's number; late replies to earlier ones are passed over."""
        allowed = self.timeout + (sent + HEADER + self.facts.buffer) * BITS_PER_BYTE / self.facts.baud
        end, decoder = monotonic() + allowed, Decoder(REPLY_SYNC, self.facts.buffer)
        while monotonic() < end:
            for reply in decoder.feed(self.line.read(256)):
                if reply.number == self._number:
                    return reply
        raise TimeoutError(f"no answer after {allowed:.2g} s; {decoder.waiting} bytes of one came")
