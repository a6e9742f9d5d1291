"""Runs the accelerator on a PYNQ board: a sequence in, its results out, one DMA transfer in each direction.

Needs `pynq` and numpy only: the folder with the bitstream, its hardware description, `accelerator.json` and this file
can be copied to the board as it is. The registers of the DMA engine (AXI DMA, direct register mode) are used here as
they are, since the waits of the library's class for it have no end. Nothing here waits for ever.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]
CHANNELS = {"send": 0x00, "receive": 0x30}
"""Where the registers of memory to stream (MM2S) and of stream to memory (S2MM) begin."""
CONTROL, STATUS, ADDRESS, ADDRESS_HIGH, LENGTH = 0x00, 0x04, 0x18, 0x1C, 0x28
RUN, RESET = 1 << 0, 1 << 2
"""Bits of CONTROL. A reset of either channel is one of the whole engine, and of the accelerator behind it."""
HALTED, IDLE, DONE, ERRORS = 1 << 0, 1 << 1, 1 << 12, 0x770
"""Bits of STATUS. DONE stays until it is written."""
INTERRUPTS = DONE | 1 << 14
"""Bits of CONTROL: interrupts at the end of a transfer and at an error. That of results is wired to the processor."""
RECEIVED = "dma/s2mm_introut"
LONGEST = (1 << 26) - 1
"""Bytes of a transfer, as many as its register can say."""


class TransferFailed(Exception):
    """The results that came are not those of the sequence. The engine and the accelerator were reset."""


class Accelerator:
    """The bitstream of a folder, loaded. `timeout` bounds, in seconds, a transfer and a reset."""

    def __init__(self, folder: Path | str = ".", timeout: float = 5.0) -> None:
        import pynq  # exists on the board only

        folder = Path(folder)
        self.facts: dict[str, Any] = json.loads((folder / "accelerator.json").read_text(encoding="utf-8"))
        self.timeout = timeout
        self._allocate = pynq.allocate
        found = pynq.Overlay(str(folder / self.facts["bitstream"])).ip_dict["dma"]
        self._registers: Any = pynq.MMIO(found["phys_addr"], found["addr_range"])
        self._received: Any = pynq.Interrupt(RECEIVED)
        self._reset_pin: Any = pynq.GPIO(pynq.GPIO.get_gpio_pin(0), "out")
        self.reset()

    def quantise(self, real: npt.ArrayLike) -> Integers:
        """Real numbers of any shape in the input's format: rounded half up, saturated. ValueError for NaN."""
        width, frac = self.facts["input"]["format"]
        limit = 2 ** (width - 1)
        scaled = np.floor(np.asarray(real, dtype=np.float64) * 2.0**frac + 0.5)
        if np.isnan(scaled).any():
            raise ValueError("x: wanted numbers, got NaN")
        return np.asarray(np.clip(scaled, -limit, limit - 1).astype(np.int64))

    def predict(self, x: npt.ArrayLike) -> Integers:
        """One sequence, [steps, inputs], to its results, integers [results, values].

        Integers are of the input's format, real numbers are rounded half up to it and saturated. Raises ValueError for
        another shape or range before anything is sent. Raises, after a reset of engine and accelerator, TimeoutError
        where no complete answer comes in time, TransferFailed where it is too short, too long, or no answer.
        """
        sequence = self._checked(np.asarray(x))
        received = self._allocate(shape=(self._received_size(len(sequence)),), dtype=self._type("output"))
        sent = self._allocate(shape=(sequence.size,), dtype=sequence.dtype)
        try:
            sent[:] = sequence.ravel()
            results = self._exchanged(sent, received)
        except BaseException:
            self.reset()  # where this fails the engine may still write: its memory is then never given back
            sent.freebuffer()
            received.freebuffer()
            raise
        sent.freebuffer()
        received.freebuffer()
        return results

    def windows(self, frames: npt.ArrayLike) -> npt.NDArray[Any]:
        """What `predict` takes of frames [frames, channels], where the spec has `model.window`: those of a window side
        by side, zeros beyond the ends. ValueError for another shape, too few frames, and where there is no window.
        """
        if self.facts.get("window") is None:
            raise ValueError("frames: wanted none, as the network has no model.window")
        found, (steps, stride, front, behind) = np.asarray(frames), self.facts["window"]
        if found.ndim != 2 or found.shape[1] * steps != self.facts["inputs"]:
            raise ValueError(f"frames: wanted [frames, {self.facts['inputs'] // steps}], got {found.shape}")
        wide = np.pad(found, ((front, behind), (0, 0)))
        starts = np.arange(0, len(wide) - steps + 1, stride)
        if not len(starts):
            raise ValueError(f"frames: wanted at least {steps - front - behind}, got {len(found)}")
        return np.asarray(wide[starts[:, None] + np.arange(steps)].reshape(len(starts), -1))

    def status(self) -> dict[str, str]:
        """The status words of both directions."""
        return {name: f"0x{self._read(name, STATUS):08x}" for name in CHANNELS}

    def reset(self) -> None:
        """Reset the DMA engine and the accelerator, and let both directions run.

        Raises TimeoutError where the engine does not come out of it: then the bitstream has to be loaded anew.
        """
        self._reset_pin.write(1)
        self._write("send", CONTROL, RESET)
        self._wait("reset", lambda: not any(self._read(name, CONTROL) & RESET for name in CHANNELS))
        for name in CHANNELS:
            self._write(name, CONTROL, RUN | INTERRUPTS)
        self._wait("start", lambda: not any(self._read(name, STATUS) & HALTED for name in CHANNELS))
        self._reset_pin.write(0)

    def _exchanged(self, sent: Any, received: Any) -> Integers:
        """What comes back for what is sent. What was in the memory before is overwritten first, so it never returns."""
        lowest, highest = self.facts["output"]["range"]
        limits = np.iinfo(received.dtype)
        received[:] = limits.min if limits.min < lowest else limits.max
        for buffer in (sent, received):
            buffer.flush()
        self._begin("receive", received)
        self._begin("send", sent)
        self._sleep()
        for name in CHANNELS:
            self._wait(name, lambda name=name: self._finished(name))  # type: ignore[misc]
        moved = self._read("receive", LENGTH)
        if moved != received.nbytes:
            raise TransferFailed(f"results of {moved} bytes, wanted {received.nbytes}")
        received.invalidate()
        words = self.facts["output"]["words"]
        beats = np.array(received, dtype=np.int64).reshape(-1, self.facts["output"]["lanes"])[:, :words]
        results = beats.reshape(-1, words * self._beats("output"))[:, : self.facts["values"]]
        if results.min() < lowest or results.max() > highest:
            raise TransferFailed(f"results: wanted {lowest} to {highest}, got {results.min()} to {results.max()}")
        return results

    def _begin(self, name: str, buffer: Any) -> None:
        address = int(buffer.physical_address)
        self._write(name, STATUS, DONE)
        self._write(name, ADDRESS, address & 0xFFFFFFFF)
        self._write(name, ADDRESS_HIGH, address >> 32)
        self._write(name, LENGTH, buffer.nbytes)

    def _sleep(self) -> None:
        """Until the interrupt of results, or for `timeout`; the registers are asked afterwards in any case.

        Where an event loop runs already, as a notebook's, nothing can wait in it, and the registers are asked alone.
        """
        try:
            loop = asyncio.get_event_loop_policy().get_event_loop()  # where the library listens
        except RuntimeError:
            return
        if not loop.is_running():
            try:  # noqa: SIM105 - as short
                loop.run_until_complete(asyncio.wait_for(self._received.wait(), self.timeout))
            except asyncio.TimeoutError:  # noqa: UP041 - another class before Python 3.11
                pass

    def _finished(self, name: str) -> bool:
        status = self._read(name, STATUS)
        if status & ERRORS:
            raise TransferFailed(f"{name}: an error, or more results than wanted; {self.status()}")
        return status & (DONE | IDLE) == DONE | IDLE

    def _wait(self, name: str, finished: Callable[[], bool]) -> None:
        end = time.monotonic() + self.timeout
        while not finished():
            if time.monotonic() > end:
                raise TimeoutError(f"{name}: no end after {self.timeout} s; {self.status()}")
            time.sleep(0)

    def _read(self, name: str, register: int) -> int:
        return int(self._registers.read(CHANNELS[name] + register))

    def _write(self, name: str, register: int, value: int) -> None:
        self._registers.write(CHANNELS[name] + register, value)

    def _checked(self, x: npt.NDArray[Any]) -> npt.NDArray[Any]:
        inputs, (width, _) = self.facts["inputs"], self.facts["input"]["format"]
        if x.ndim != 2 or x.shape[1] != inputs or len(x) == 0 or x.dtype.kind not in "iuf":
            raise ValueError(f"x: wanted integers or real numbers [steps, {inputs}], got {x.dtype} {x.shape}")
        vocabulary = self.facts.get("vocabulary")
        if vocabulary is not None and not (x.min() >= 0 and x.max() < vocabulary):
            raise ValueError(f"x: wanted tokens from 0 to {vocabulary - 1}, got {x.min()} to {x.max()}")
        longest = self.facts.get("longest")
        if longest is not None and len(x) > longest:
            raise ValueError(f"x: wanted at most {longest} steps (model.longest), got {len(x)}")
        if x.dtype.kind == "f":
            x = self.quantise(x)
        limit = 2 ** (width - 1)
        if x.min() < -limit or x.max() >= limit:
            raise ValueError(f"x: wanted {-limit} to {limit - 1}, got {x.min()} to {x.max()}")
        sides = {"input": len(x) * self._padded("input"), "output": self._received_size(len(x))}
        for side, count in sides.items():
            if count * self._type(side).itemsize > LONGEST:
                raise ValueError(f"x: wanted at most {LONGEST} bytes of {side}, got {len(x)} steps")
        words, lanes = self.facts["input"]["words"], self.facts["input"]["lanes"]
        whole = np.pad(x, ((0, 0), (0, words * self._beats("input") - inputs)))
        beats = np.pad(whole.reshape(-1, words), ((0, 0), (0, lanes - words)))
        return beats.reshape(len(x), -1).astype(self._type("input"))

    def _received_size(self, steps: int) -> int:
        return (steps if self.facts["every_step"] else 1) * self._padded("output")

    def _beats(self, side: str) -> int:
        """Beats of one vector."""
        count = self.facts["inputs" if side == "input" else "values"]
        return int(-(-count // self.facts[side]["words"]))

    def _padded(self, side: str) -> int:
        """Values of one vector in memory, with those that fill its beats."""
        return int(self._beats(side) * self.facts[side]["lanes"])

    def _type(self, side: str) -> np.dtype[Any]:
        facts = self.facts[side]
        return np.dtype(f"{'int' if facts.get('signed', True) else 'uint'}{facts['bits']}")
