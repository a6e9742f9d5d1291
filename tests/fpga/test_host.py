"""The host's side of the serial line: frames, packing, status, and what it makes of bad answers."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from accel.model.windows import formed
from accel.spec.network import Window
from fpga.frames import (
    ERROR,
    PIECE,
    REQUEST_SYNC,
    RESULTS,
    RUN,
    STATUS,
    STATUS_REPLY,
    TAKEN,
    VERSION,
    BoardError,
    Decoder,
    Frame,
    encode,
)
from fpga.host import ATTEMPTS, Facts, Host, read_facts
from fpga.packing import Packing
from fpga.status import Status, read_status
from fpga.uart import facts_text

DOUBLER_STATUS = (("steps", 32), ("cycles", 32))


class Wire:
    """A line to a board made of a function."""

    def __init__(self, answer: object) -> None:
        self.answer, self.data = answer, b""

    def write(self, data: bytes) -> int:
        (frame,) = Decoder(REQUEST_SYNC).feed(data)
        self.data += self.answer(frame)  # type: ignore[operator]
        return len(data)

    def read(self, size: int = 1) -> bytes:
        got, self.data = self.data[:size], self.data[size:]
        return got

    def reset_input_buffer(self) -> None:
        self.data = b""


PACKING = Packing(3, 2, 2, (10, 8), 1, 1, 3, signed=True, every_step=True)
FACTS = Facts(baud=1_500_000, buffer=16, packing=PACKING, status=DOUBLER_STATUS)
STATUS_OF_DOUBLER = bytes([VERSION, 5, 0, 1, 0, 7, 0, 0, 0, 0, 1, 0, 0])


def test_the_host_packs_vectors_and_unpacks_results() -> None:
    seen: list[Frame] = []

    def answer(frame: Frame) -> bytes:
        seen.append(frame)
        return encode(Frame(RESULTS, frame.number, b"\xf8\xff\xff\x12\x00\x00"), 0x5A)

    host = Host(Wire(answer), FACTS, timeout=0.1)
    np.testing.assert_array_equal(host.predict(np.array([[1, -2, 3], [4, 5, 6]])), [[-8], [18]])
    assert seen == [Frame(RUN, 1, bytes([1, 0, 0xFE, 0xFF, 3, 0, 0, 0, 4, 0, 5, 0, 6, 0, 0, 0]))]


def test_an_error_a_lost_and_a_late_reply_are_told_apart() -> None:
    def refuse(frame: Frame) -> bytes:
        return encode(Frame(ERROR, frame.number, b"\x01"), 0x5A)

    def late(frame: Frame) -> bytes:
        status = encode(Frame(STATUS_REPLY, frame.number, STATUS_OF_DOUBLER), 0x5A)
        return encode(Frame(0x81, frame.number - 1, b""), 0x5A) + status

    with pytest.raises(BoardError, match="the CRC of the request is wrong"):
        Host(Wire(refuse), FACTS, timeout=0.1).status()
    with pytest.raises(TimeoutError, match=r"no answer after 0.02 s; 3 bytes of one came"):
        Host(Wire(lambda frame: b"\x5a\x81\x01"), FACTS, timeout=0.02).status()
    assert Host(Wire(late), FACTS, timeout=0.1).status() == Status(5, 1, 7, 256, {}, True, False, ())


def test_a_status_of_another_bitstream_or_bridge_is_no_status() -> None:
    with pytest.raises(BoardError, match="a status of 12 bytes, wanted 13: is it another bitstream"):
        read_status(STATUS_OF_DOUBLER[1:], DOUBLER_STATUS)
    with pytest.raises(BoardError, match=f"the board speaks version 9 of the frames, this host {VERSION}"):
        read_status(b"\x09" + STATUS_OF_DOUBLER[1:], DOUBLER_STATUS)


def test_the_parts_of_a_status_come_by_name() -> None:
    flags = (("loaded", 1), ("load_short", 1), ("load_long", 1), ("load_shape", 1), ("load_checksum", 1))
    parts = (*DOUBLER_STATUS, ("torn", 1), *flags, ("lstm0_gate", 32), ("lstm0_cell", 32), ("lstm0_state", 32))
    said = {"steps": 4, "cycles": 9, "torn": 1, "loaded": 1, "load_shape": 1, "lstm0_cell": 3, "lstm0_state": 1 << 31}
    word = 0
    for name, bits in reversed(parts):
        word = word << bits | said.get(name, 0)
    found = read_status(bytes([VERSION, 1, 0, 2, 0]) + word.to_bytes(21, "little"), parts)
    counts = {"lstm0": {"gate": 0, "cell": 3, "state": 1 << 31}}
    assert found == Status(1, 2, 4, 9, counts, True, True, ("they are weights of another shape",))


def test_facts_come_back_as_they_were_written_and_those_of_other_frames_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "host.json"
    path.write_text(facts_text(FACTS))
    assert read_facts(path) == FACTS
    path.write_text('{"baud": 115200}')
    with pytest.raises(BoardError, match=f"frames of version 1, this host speaks {VERSION}"):
        read_facts(path)


def test_a_piece_that_is_lost_again_and_again_ends_the_load() -> None:
    asked: list[int] = []

    def damaged(frame: Frame) -> bytes:
        asked.append(frame.kind)
        return encode(Frame(ERROR, frame.number, b"\x01"), 0x5A) if len(asked) == ATTEMPTS else b""

    with pytest.raises(BoardError, match="the CRC of the request is wrong"):
        Host(Wire(damaged), FACTS, timeout=0.01).load([1, 2, 3, 4])
    assert asked == [PIECE] * ATTEMPTS


def test_weights_that_a_board_took_and_has_not_are_missed() -> None:
    flags = (("loaded", 1), ("load_checksum", 1))
    facts = dataclasses.replace(FACTS, status=(*DOUBLER_STATUS, *flags))

    def answer(flag: int) -> Callable[[Frame], bytes]:
        def answering(frame: Frame) -> bytes:
            status = STATUS_OF_DOUBLER + bytes([flag])
            return encode(
                Frame(STATUS_REPLY, frame.number, status) if frame.kind == STATUS else Frame(TAKEN, frame.number, b""),
                0x5A,
            )

        return answering

    told: list[tuple[int, int]] = []
    Host(Wire(answer(1)), facts, timeout=0.1).load([1, 2, 3, 4], lambda *done: told.append(done))
    assert told == [(3, 4), (4, 4)]
    with pytest.raises(BoardError, match="there are none"):
        Host(Wire(answer(0)), facts, timeout=0.1).load([1])
    with pytest.raises(BoardError, match="the weights were refused: their checksum is wrong"):
        Host(Wire(answer(3)), facts, timeout=0.1).load([1])


def refused(x: object, sentence: str, facts: Facts = FACTS) -> None:
    """Nothing is sent: the line would fail."""
    with pytest.raises(ValueError, match=sentence):
        Host(Wire(None), facts).predict(x)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("x", "sentence"),
    [
        ([[1, 2, 3, 4]], r"wanted integers or real numbers \[steps, 3\], got int64 \(1, 4\)"),
        ([1, 2, 3], r"\[steps, 3\], got int64 \(3,\)"),
        (np.zeros((0, 3), dtype=int), r"\[steps, 3\], got int64 \(0, 3\)"),
        ([[True, False, True]], r"got bool \(1, 3\)"),
        ([[512, 0, 0]], r"wanted -512 to 511 \(fixed<10,8>\), got 0 to 512"),  # fits into the two bytes on the line
        ([[0, -513, 0]], "wanted -512 to 511 .*, got -513 to 0"),
        ([[0.5, float("nan"), 0.0]], "NaN"),
        ([[0, 0, 0]] * 3, "wanted at most 16 bytes, the board's buffer, got 24"),
    ],
)
def test_a_wrong_sequence_is_refused_before_anything_is_sent(x: object, sentence: str) -> None:
    refused(x, sentence)


def test_real_numbers_are_rounded_half_up_to_the_format_and_saturated() -> None:
    seen: list[bytes] = []

    def answer(frame: Frame) -> bytes:
        seen.append(frame.payload)
        return encode(Frame(RESULTS, frame.number, bytes(6)), 0x5A)

    Host(Wire(answer), FACTS, timeout=0.1).predict([[0.5 / 256, -0.5 / 256, -1.5 / 256], [9.0, -9.0, np.inf]])
    assert np.frombuffer(seen[0], "<i2").tolist() == [1, 0, -1, 0, 511, -512, 511, 0]


def test_windows_are_formed_of_frames(tmp_path: Path) -> None:
    window, frames = Window(steps=3, stride=2, pad=(1, 1)), np.random.default_rng(1).normal(size=(6, 1))
    facts = dataclasses.replace(FACTS, packing=dataclasses.replace(PACKING, window=window.numbers))
    (tmp_path / "host.json").write_text(facts_text(facts))
    assert read_facts(tmp_path / "host.json") == facts
    host = Host(Wire(lambda _: b""), facts)
    np.testing.assert_array_equal(host.windows(frames), formed(frames[None], window)[0])
    for wrong in (frames[:0], frames[None], np.zeros((6, 3))):
        with pytest.raises(ValueError, match="frames: wanted at least 1 frames of 1 numbers"):
            host.windows(wrong)
    with pytest.raises(ValueError, match=r"as the network has no model\.window"):
        Host(Wire(lambda _: b""), FACTS).windows(frames)


@pytest.mark.parametrize(
    ("payload", "sentence"),
    [
        (bytes(3), "results of 3 bytes, wanted 6"),
        (bytes(9), "results of 9 bytes, wanted 6"),
        (bytes(7), "results of 7 bytes, wanted 6"),
        (b"", "results of 0 bytes, wanted 6"),
    ],
)
def test_results_too_few_too_many_or_odd_are_refused(payload: bytes, sentence: str) -> None:
    host = Host(Wire(lambda frame: encode(Frame(RESULTS, frame.number, payload), 0x5A)), FACTS, timeout=0.1)
    with pytest.raises(BoardError, match=f"^{sentence}$"):
        host.predict([[1, 2, 3], [4, 5, 6]])


def test_of_a_network_that_answers_once_one_result_is_wanted() -> None:
    once = dataclasses.replace(FACTS, packing=dataclasses.replace(PACKING, every_step=False))
    wires = [Wire(lambda frame, n=n: encode(Frame(RESULTS, frame.number, bytes(n)), 0x5A)) for n in (3, 6)]
    assert Host(wires[0], once, timeout=0.1).predict([[1, 2, 3], [4, 5, 6]]).tolist() == [[0]]
    with pytest.raises(BoardError, match="results of 6 bytes, wanted 3"):
        Host(wires[1], once, timeout=0.1).predict([[1, 2, 3], [4, 5, 6]])


@pytest.mark.parametrize("answer", [Frame(TAKEN, 1, b"\x00"), Frame(ERROR, 1, b"\x01\x00"), Frame(ERROR, 1, b"")])
def test_an_answer_with_more_or_less_than_belongs_to_it_is_none(answer: Frame) -> None:
    with pytest.raises(BoardError, match=rf"an answer of kind {answer.kind:02x} and {len(answer.payload)} bytes"):
        Host(Wire(lambda _: encode(answer, 0x5A)), FACTS, timeout=0.1).load([1])


def test_an_answer_behind_a_flood_of_noise_is_found_and_noise_without_end_is_a_time_out() -> None:
    noise = b"\x5a\x81\x01\x10\x00\x5a" * 2000

    def behind(frame: Frame) -> bytes:
        return noise + encode(Frame(STATUS_REPLY, frame.number, STATUS_OF_DOUBLER), 0x5A)

    assert Host(Wire(behind), FACTS, timeout=5).status().runs == 5

    class Flood(Wire):
        def read(self, size: int = 1) -> bytes:
            return (noise * 2)[:size]

    with pytest.raises(TimeoutError, match="no answer after"):
        Host(Flood(lambda _: b""), FACTS, timeout=0.05).status()


def test_a_line_that_takes_less_than_a_request_is_told() -> None:
    class Narrow(Wire):
        def write(self, data: bytes) -> int:
            return len(data) - 1

    with pytest.raises(TimeoutError, match="the line took 6 of the 7 bytes of a request"):
        Host(Narrow(None), FACTS).status()


@pytest.mark.parametrize("text", ["{", "[]", '{"version": 2}', '{"version": 2, "packing": {"inputs": 3}}'])
def test_facts_that_are_none_are_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "host.json").write_text(text)
    with pytest.raises(BoardError, match="not what this host's `build` writes"):
        read_facts(tmp_path / "host.json")
