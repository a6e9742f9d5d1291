"""Runs the accelerator on a PYNQ board: integers in, integers out, each sequence one DMA transfer in each direction.

Needs `pynq` and numpy only: the folder with the bitstream, its hardware description, `accelerator.json` and this file
can be copied to the board as it is.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]
STATUS = {"send": 0x04, "receive": 0x34}
"""Status registers of the DMA engine (MM2S_DMASR, S2MM_DMASR)."""


class Accelerator:
    """The bitstream of a folder, loaded."""

    def __init__(self, folder: Path | str = ".", timeout: float = 5.0) -> None:
        import pynq  # exists on the board only

        folder = Path(folder)
        self.facts: dict[str, Any] = json.loads((folder / "accelerator.json").read_text(encoding="utf-8"))
        self.timeout = timeout
        self._allocate = pynq.allocate
        self._dma: Any = pynq.Overlay(str(folder / self.facts["bitstream"])).dma

    def quantise(self, real: npt.ArrayLike) -> Integers:
        """Real numbers in the input's format: rounded half up, saturated."""
        width, frac = self.facts["input"]["format"]
        limit = 2 ** (width - 1)
        scaled = np.floor(np.asarray(real, dtype=np.float64) * 2.0**frac + 0.5)
        return np.asarray(np.clip(scaled, -limit, limit - 1).astype(np.int64))

    def predict(self, x: npt.ArrayLike) -> Integers:
        """One sequence, integers [steps, inputs] in the input's format, to its results, [results, values].

        Raises ValueError for a wrong shape or range, TimeoutError (after a reset of the transfers) where no complete
        answer comes in time.
        """
        sequence = self._checked(np.asarray(x))
        sent = self._allocate(shape=(sequence.size,), dtype=sequence.dtype)
        received = self._allocate(shape=(self._received_size(len(sequence)),), dtype=self._type("output"))
        try:
            sent[:] = sequence.ravel()
            sent.flush()
            self._dma.recvchannel.transfer(received)
            self._dma.sendchannel.transfer(sent)
            self._wait("send", self._dma.sendchannel)
            self._wait("receive", self._dma.recvchannel)
            received.invalidate()
            return np.array(received, dtype=np.int64).reshape(-1, self._padded("output"))[:, : self.facts["values"]]
        finally:
            sent.freebuffer()
            received.freebuffer()

    def status(self) -> dict[str, Any]:
        """Idle and error of both directions, and the DMA engine's status words."""
        channels = {"send": self._dma.sendchannel, "receive": self._dma.recvchannel}
        return {
            name: {"idle": channel.idle, "error": channel.error, "word": f"0x{self._dma.read(STATUS[name]):08x}"}
            for name, channel in channels.items()
        }

    def reset(self) -> None:
        """Stop and restart both transfers. The accelerator itself starts anew with the next sequence that ends."""
        for channel in (self._dma.sendchannel, self._dma.recvchannel):
            channel.stop()
            channel.start()

    def _checked(self, x: npt.NDArray[Any]) -> npt.NDArray[Any]:
        inputs, (width, _) = self.facts["inputs"], self.facts["input"]["format"]
        if x.ndim != 2 or x.shape[1] != inputs or len(x) == 0 or not np.issubdtype(x.dtype, np.integer):
            raise ValueError(f"x: wanted integers [steps, {inputs}], got {x.dtype} {x.shape}")
        limit = 2 ** (width - 1)
        if x.min() < -limit or x.max() >= limit:
            raise ValueError(f"x: wanted {-limit} to {limit - 1}, got {x.min()} to {x.max()}")
        padding = self._padded("input") - inputs
        return np.pad(x, ((0, 0), (0, padding))).astype(self._type("input"))

    def _received_size(self, steps: int) -> int:
        return (steps if self.facts["every_step"] else 1) * self._padded("output")

    def _padded(self, side: str) -> int:
        """Values of one vector with those that fill its last beat."""
        count = self.facts["inputs" if side == "input" else "values"]
        words = self.facts[side]["words"]
        return int(-(-count // words) * words)

    def _type(self, side: str) -> np.dtype[Any]:
        facts = self.facts[side]
        return np.dtype(f"{'int' if facts.get('signed', True) else 'uint'}{facts['bits']}")

    def _wait(self, name: str, channel: Any) -> None:
        end = time.monotonic() + self.timeout
        while not channel.idle:
            if channel.error or time.monotonic() > end:
                status = self.status()
                self.reset()
                raise TimeoutError(f"{name}: no end after {self.timeout} s; {status}")
            time.sleep(0)
