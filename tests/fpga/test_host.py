"""The host's side of the serial line: frames, packing, status, and what it makes of bad answers."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from fpga.frames import (
    ERROR,
    LAST_PIECE,
    PIECE,
    RESULTS,
    RUN,
    STATUS,
    STATUS_REPLY,
    TAKEN,
    VERSION,
    BoardError,
    Frame,
    crc,
    decode,
    encode,
    pieces,
)
from fpga.host import ATTEMPTS, Facts, Host, read_facts
from fpga.packing import Packing
from fpga.status import Status, read_status
from fpga.uart import facts_text

DOUBLER_STATUS = (("steps", 32), ("cycles", 32))


def test_the_crc_is_the_one_of_the_standard() -> None:
    assert crc(b"123456789") == 0x29B1


def test_a_frame_is_found_in_noise_and_in_pieces() -> None:
    frame = Frame(0x81, 3, b"\x5a\x01")
    data = b"\x00\x5a\x5a" + encode(frame, 0x5A) + b"rest"
    assert decode(data) == (frame, b"rest")
    assert decode(encode(frame, 0x5A)[:-1])[0] is None
    assert decode(b"nothing") == (None, b"")


def test_words_of_weights_go_into_numbered_pieces_and_the_last_one_is_marked() -> None:
    assert list(pieces([1, 2, 0xFFFFFFFF], 10)) == [
        (PIECE, bytes([0, 0, 1, 0, 0, 0, 2, 0, 0, 0])),
        (LAST_PIECE, bytes([1, 0, 255, 255, 255, 255])),
    ]
    assert [kind for kind, _ in pieces([1, 2], 10)] == [LAST_PIECE]
    for words in ([], [1 << 32], [-1], [0] * 65537):
        with pytest.raises(ValueError, match="words: wanted 1 to 65536 of 32 bits"):
            list(pieces(words, 6))


class Wire:
    """A line to a board made of a function."""

    def __init__(self, answer: object) -> None:
        self.answer, self.data = answer, b""

    def write(self, data: bytes) -> int:
        frame, _ = decode(data, 0xA5)
        assert frame is not None
        self.data += self.answer(frame)  # type: ignore[operator]
        return len(data)

    def read(self, size: int = 1) -> bytes:
        got, self.data = self.data[:size], self.data[size:]
        return got

    def reset_input_buffer(self) -> None:
        self.data = b""


PACKING = Packing(inputs=3, input_words=2, input_bytes=2, values=1, output_words=1, output_bytes=3, signed=True)
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


def test_a_wrong_vector_is_refused_before_it_is_sent() -> None:
    host = Host(Wire(None), FACTS)
    for x in (np.zeros((2, 4), dtype=int), np.zeros((0, 3), dtype=int), np.zeros((1, 3)), np.full((1, 3), 40000)):
        with pytest.raises(ValueError, match="x: wanted"):
            host.predict(x)
