"""The PYNQ driver over a board that obeys, and over one that does not: whatever goes wrong, it ends, and tells."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from accel.model.windows import formed
from accel.spec.network import Window
from fpga.pynq.driver import Accelerator, TransferFailed
from tests.fpga.dma_board import OLD, Board

FACTS: dict[str, Any] = {
    "name": "little",
    "bitstream": "small.bit",
    "inputs": 3,
    "input": {"words": 4, "lanes": 4, "bits": 16, "format": [10, 8]},
    "values": 2,
    "output": {"words": 1, "lanes": 1, "bits": 16, "signed": True, "range": [-1024, 1023]},
    "every_step": True,
}

Made = tuple[Accelerator, Board]


@pytest.fixture(autouse=True)
def loop() -> Iterator[None]:
    """The event loop in which the library listens for interrupts."""
    listening = asyncio.new_event_loop()
    asyncio.set_event_loop(listening)
    yield
    asyncio.set_event_loop(None)
    listening.close()


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    board = Board()
    monkeypatch.setitem(sys.modules, "pynq", board.module())
    (tmp_path / "accelerator.json").write_text(json.dumps(FACTS))
    return Accelerator(tmp_path, timeout=0.05), board


def test_sequences_go_out_padded_and_their_results_come_back(made: Made) -> None:
    accelerator, board = made
    for _ in range(3):
        np.testing.assert_array_equal(accelerator.predict([[1, 2, 3], [-512, 0, 511]]), [[2, -1], [-1024, 512]])
        assert accelerator.predict([[5, 0, 0]]).tolist() == [[10, -5]]
    assert (board.resets, board.memory) == (1, {})


def test_windows_are_formed_of_frames_as_everywhere(made: Made) -> None:
    accelerator, _ = made
    with pytest.raises(ValueError, match=r"as the network has no model\.window"):
        accelerator.windows([[1]])
    for window in (Window(steps=3, stride=2, pad=(1, 1)), Window(steps=3), Window(steps=1, stride=2)):
        channels = 3 // window.steps
        accelerator.facts["window"] = [*window.numbers]
        for count in (3, 6, 7):
            frames = np.random.default_rng(count).integers(-9, 9, (count, channels))
            np.testing.assert_array_equal(accelerator.windows(frames), formed(frames[None], window)[0])
    accelerator.facts["window"] = [3, 1, 0, 0]
    with pytest.raises(ValueError, match="frames: wanted at least 3, got 2"):
        accelerator.windows([[1], [2]])
    with pytest.raises(ValueError, match=r"frames: wanted \[frames, 1\], got \(1, 2\)"):
        accelerator.windows([[1, 2]])


def test_real_numbers_are_rounded_half_up_and_saturated_and_nan_is_refused(made: Made) -> None:
    accelerator, _ = made
    np.testing.assert_array_equal(accelerator.quantise([0.5 / 256, -0.5 / 256, 9.0, -9.0]), [1, 0, 511, -512])
    assert accelerator.predict([[0.5 / 256, 0.0, 0.0], [-9.0, 0.0, np.inf]]).tolist() == [[2, -1], [-1024, 512]]
    with pytest.raises(ValueError, match="x: wanted numbers, got NaN"):
        accelerator.predict([[0.0, float("nan"), 0.0]])


@pytest.mark.parametrize(
    ("x", "sentence"),
    [
        ([[1, 2]], r"wanted integers or real numbers \[steps, 3\], got int64 \(1, 2\)"),
        ([[True, False, True]], r"wanted integers or real numbers \[steps, 3\], got bool"),
        (np.zeros((0, 3), dtype=int), r"wanted integers or real numbers \[steps, 3\]"),
        ([[512, 0, 0]], "wanted -512 to 511, got 0 to 512"),
        (np.broadcast_to(np.int64(0), (1 << 23, 3)), "wanted at most 67108863 bytes of input, got 8388608 steps"),
    ],
)
def test_a_wrong_sequence_is_refused_before_anything_is_sent(x: Any, sentence: str, made: Made) -> None:
    accelerator, board = made
    with pytest.raises(ValueError, match=sentence):
        accelerator.predict(x)
    assert (board.resets, board.memory) == (1, {})


FAULTS = {
    "takes nothing": (TimeoutError, r"send: no end after 0.05 s; {'send': '0x00000000', 'receive': '0x00000000'}"),
    "gives nothing": (TimeoutError, r"receive: no end after 0.05 s; {'send': '0x00001002'"),
    "cut": (TransferFailed, "results of 4 bytes, wanted 8"),
    "odd": (TransferFailed, "results of 7 bytes, wanted 8"),
    "more": (TransferFailed, "receive: an error, or more results than wanted; .*'receive': '0x00000011'"),
    "writes nothing": (TransferFailed, "results: wanted -1024 to 1023, got -32768 to -32768"),
}


@pytest.mark.parametrize(("fault", "error", "sentence"), [(fault, *told) for fault, told in FAULTS.items()], ids=FAULTS)
def test_a_transfer_that_fails_is_told_and_the_next_one_is_right(
    fault: str, error: type[Exception], sentence: str, made: Made
) -> None:
    accelerator, board = made
    for _ in range(2):
        board.fault = fault
        with pytest.raises(error, match=sentence):
            accelerator.predict([[1, 2, 3], [4, 5, 6]])
        board.fault = ""
        assert accelerator.predict([[1, 2, 3]]).tolist() == [[2, -1]]
    assert (board.resets, board.memory) == (3, {})


def test_what_the_memory_held_before_never_comes_back_even_where_any_value_could_be_a_result(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    accelerator, board = made
    monkeypatch.setitem(accelerator.facts["output"], "range", [-32768, 32767])
    board.fault = "writes nothing"
    assert OLD not in accelerator.predict([[1, 2, 3]])


@pytest.mark.parametrize("fault", ["stays in reset", "stays halted"])
def test_an_engine_that_no_reset_mends_is_told_and_keeps_its_memory(fault: str, made: Made) -> None:
    accelerator, board = made
    board.fault = "gives nothing"
    reset = board._halt

    def spoilt() -> None:
        reset()
        board.fault = fault

    board._halt = spoilt  # type: ignore[method-assign]
    with pytest.raises(TimeoutError, match=r"(reset|start): no end after 0\.05 s"):
        accelerator.predict([[1, 2, 3]])
    assert len(board.memory) == 2


def test_a_program_that_is_interrupted_leaves_the_engine_reset(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    accelerator, board = made

    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    board.fault = "gives nothing"
    monkeypatch.setattr("fpga.pynq.driver.time.sleep", interrupted)
    with pytest.raises(KeyboardInterrupt):
        accelerator.predict([[1, 2, 3]])
    assert (board.resets, board.memory) == (2, {})


def test_an_engine_that_does_not_start_is_told_when_the_bitstream_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = Board()
    board.fault = "stays halted"
    monkeypatch.setitem(sys.modules, "pynq", board.module())
    (tmp_path / "accelerator.json").write_text(json.dumps(FACTS))
    with pytest.raises(TimeoutError, match=r"start: no end after 0\.05 s"):
        Accelerator(tmp_path, timeout=0.05)


def test_results_are_slept_for_and_not_asked_for_again_and_again(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    accelerator, board = made

    def asked_again(_: object) -> None:
        raise AssertionError

    monkeypatch.setattr("fpga.pynq.driver.time.sleep", asked_again)
    assert accelerator.predict([[1, 2, 3]]).tolist() == [[2, -1]]
    assert board.waits == 1


def test_within_a_notebooks_event_loop_the_registers_are_asked(made: Made) -> None:
    accelerator, board = made

    async def notebook() -> list[list[int]]:
        found: list[list[int]] = accelerator.predict([[1, 2, 3]]).tolist()
        return found

    assert asyncio.run(notebook()) == [[2, -1]]
    assert board.waits == 0


def test_a_pin_of_the_processor_holds_the_accelerator_in_reset_until_the_engine_runs(made: Made) -> None:
    accelerator, board = made
    assert board.pin == [0, 1, 0]
    accelerator.reset()
    assert board.pin == [0, 1, 0, 1, 0]


def test_beats_of_three_values_lie_in_memory_as_four(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    accelerator, board = made
    monkeypatch.setitem(accelerator.facts, "input", {"words": 3, "lanes": 4, "bits": 16, "format": [10, 8]})
    monkeypatch.setitem(accelerator.facts, "inputs", 6)
    sent = []
    monkeypatch.setattr(board, "_answer", lambda first: sent.append(bytes(board._memory(0x00))))
    with pytest.raises(TimeoutError):
        accelerator.predict([[1, 2, 3, 4, 5, 6]])
    assert np.frombuffer(sent[0], dtype=np.int16).tolist() == [1, 2, 3, 0, 4, 5, 6, 0]
