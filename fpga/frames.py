"""Frames of the serial line, as `frame_bridge.v` speaks them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

VERSION = 2
"""Of kinds and payloads: tells a host from a bitstream that speaks otherwise."""

RUN, STATUS, PIECE, LAST_PIECE = 0x01, 0x02, 0x03, 0x04
RESULTS, STATUS_REPLY, TAKEN, ERROR = 0x81, 0x82, 0x83, 0xEE
ANSWERS = {RUN: RESULTS, STATUS: STATUS_REPLY, PIECE: TAKEN, LAST_PIECE: TAKEN}
REQUEST_SYNC, REPLY_SYNC = 0xA5, 0x5A
HEADER, CRC = 5, 2
BAD_CRC, CUT_SHORT = 1, 2
ERRORS = {
    BAD_CRC: "the CRC of the request is wrong",
    CUT_SHORT: "the request was cut short",
    3: "a payload is longer than the board's buffer",
    4: "the accelerator gave no answer, and was reset",
    5: "the request makes no sense",
    6: "there are no weights yet",
    7: "a piece of weights came out of order",
}
PIECE_NUMBER, WORD = 2, 4
"""Bytes of a piece's number, and of a word of weights."""


class BoardError(Exception):
    """The board says that something is wrong, with a `code`, or what it says is no answer."""

    def __init__(self, sentence: str, code: int | None = None) -> None:
        super().__init__(sentence)
        self.code = code


@dataclass(frozen=True)
class Frame:
    """Kind, running number (0 to 255) and payload."""

    kind: int
    number: int
    payload: bytes


def crc(data: bytes) -> int:
    """CRC-16 CCITT, beginning with FFFF."""
    value = 0xFFFF
    for byte in data:
        value ^= byte << 8
        for _ in range(8):
            value = (value << 1 ^ (0x1021 if value & 0x8000 else 0)) & 0xFFFF
    return value


def encode(frame: Frame, sync: int = REQUEST_SYNC) -> bytes:
    """The bytes of a frame."""
    body = bytes([frame.kind, frame.number]) + len(frame.payload).to_bytes(2, "little") + frame.payload
    return bytes([sync]) + body + crc(body).to_bytes(2, "little")


def decode(data: bytes, sync: int = REPLY_SYNC) -> tuple[Frame | None, bytes]:
    """The first whole and right frame, and the bytes behind it; None and what may still become one otherwise."""
    waiting = len(data)
    for start in (place for place, byte in enumerate(data) if byte == sync):
        rest = data[start:]
        end = HEADER + int.from_bytes(rest[3:5], "little")
        if len(rest) < HEADER or len(rest) < end + CRC:
            waiting = min(waiting, start)
        elif crc(rest[1:end]) == int.from_bytes(rest[end : end + CRC], "little"):
            return Frame(rest[1], rest[2], rest[HEADER:end]), rest[end + CRC :]
    return None, data[waiting:]


def pieces(words: Sequence[int], longest: int) -> Iterator[tuple[int, bytes]]:
    """Kinds and payloads that carry the words of an accelerator's frame, in payloads of at most `longest` bytes.

    Raises ValueError where there is no word, one has more than 32 bits, or they are too many to be numbered.
    """
    room = (longest - PIECE_NUMBER) // WORD
    limit = room << 8 * PIECE_NUMBER
    if not 0 < len(words) <= limit or not all(0 <= word < 1 << 8 * WORD for word in words):
        raise ValueError(f"words: wanted 1 to {limit} of 32 bits, got {len(words)}")
    for number, start in enumerate(range(0, len(words), room)):
        some = words[start : start + room]
        payload = number.to_bytes(PIECE_NUMBER, "little") + b"".join(word.to_bytes(WORD, "little") for word in some)
        yield LAST_PIECE if start + room >= len(words) else PIECE, payload
