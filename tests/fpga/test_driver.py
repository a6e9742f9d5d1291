"""The PYNQ driver over a stand-in for the board, which answers as the golden model does."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from fpga.pynq.driver import Accelerator


class Buffer(np.ndarray):
    """Memory that the DMA engine sees; counts what is not given back."""

    alive = 0

    def flush(self) -> None: ...
    def invalidate(self) -> None: ...
    def freebuffer(self) -> None:
        Buffer.alive -= 1


def allocate(shape: tuple[int, ...], dtype: Any) -> Buffer:
    Buffer.alive += 1
    return np.zeros(shape, dtype=dtype).view(Buffer)


class Channel:
    """One direction of the DMA engine."""

    def __init__(self) -> None:
        self.idle, self.error, self.starts = True, False, 0
        self.buffer: Any = None

    def transfer(self, buffer: Buffer) -> None:
        self.buffer = buffer

    def stop(self) -> None:
        self.idle = True

    def start(self) -> None:
        self.starts += 1


class Dma:
    """An accelerator that answers each step with its doubled and its negated first input."""

    def __init__(self) -> None:
        self.sendchannel, self.recvchannel = Channel(), Channel()
        self.sendchannel.transfer = self.answer  # type: ignore[method-assign]
        self.stuck = False

    def answer(self, sent: Buffer) -> None:
        if self.stuck:
            self.recvchannel.idle = False
            return
        first = np.asarray(sent).reshape(-1, 4)[:, 0].astype(np.int64)
        self.recvchannel.buffer[:] = np.stack([2 * first, -first], axis=1).ravel()

    def read(self, address: int) -> int:
        return address


@pytest.fixture
def board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Accelerator, Dma]:
    dma = Dma()
    module = ModuleType("pynq")
    module.allocate = allocate  # type: ignore[attr-defined]
    module.Overlay = lambda path: type("Overlay", (), {"dma": dma, "path": path})  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pynq", module)
    facts = {
        "name": "little",
        "bitstream": "small.bit",
        "inputs": 3,
        "input": {"words": 4, "bits": 16, "format": [10, 8]},
        "values": 2,
        "output": {"words": 1, "bits": 16, "signed": True},
        "every_step": True,
    }
    (tmp_path / "accelerator.json").write_text(json.dumps(facts))
    return Accelerator(tmp_path, timeout=0.05), dma


def test_a_sequence_goes_out_padded_and_its_results_come_back(board: tuple[Accelerator, Dma]) -> None:
    accelerator, _ = board
    np.testing.assert_array_equal(accelerator.predict([[1, 2, 3], [-512, 0, 511]]), [[2, -1], [-1024, 512]])
    assert Buffer.alive == 0


def test_real_numbers_are_rounded_half_up_and_saturated(board: tuple[Accelerator, Dma]) -> None:
    accelerator, _ = board
    np.testing.assert_array_equal(accelerator.quantise([0.5 / 256, -0.5 / 256, 9.0, -9.0]), [1, 0, 511, -512])


@pytest.mark.parametrize(
    ("x", "sentence"),
    [
        ([[1, 2]], r"wanted integers \[steps, 3\], got int64 \(1, 2\)"),
        ([[1.0, 2.0, 3.0]], r"wanted integers \[steps, 3\], got float64"),
        (np.zeros((0, 3), dtype=int), r"wanted integers \[steps, 3\]"),
        ([[512, 0, 0]], "wanted -512 to 511, got 0 to 512"),
    ],
)
def test_a_wrong_sequence_is_refused_before_anything_is_sent(
    x: Any, sentence: str, board: tuple[Accelerator, Dma]
) -> None:
    with pytest.raises(ValueError, match=sentence):
        board[0].predict(x)


def test_an_answer_that_does_not_come_is_a_time_out_with_the_status_and_a_reset(board: tuple[Accelerator, Dma]) -> None:
    accelerator, dma = board
    dma.stuck = True
    with pytest.raises(TimeoutError, match=r"receive: no end after 0.05 s; .*'receive': {'idle': False.*0x00000034"):
        accelerator.predict([[1, 2, 3]])
    assert (dma.sendchannel.starts, dma.recvchannel.starts, Buffer.alive) == (1, 1, 0)
    dma.stuck = False
    assert accelerator.predict([[1, 2, 3]]).tolist() == [[2, -1]]
