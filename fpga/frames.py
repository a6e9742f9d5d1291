"""Frames of the serial line, as `frame_bridge.v` speaks them."""

from __future__ import annotations

from dataclasses import dataclass

RUN, STATUS, RESULTS, STATUS_REPLY, ERROR = 0x01, 0x02, 0x81, 0x82, 0xEE
REQUEST_SYNC, REPLY_SYNC = 0xA5, 0x5A
HEADER, CRC = 5, 2
ERRORS = {
    1: "the CRC of the request is wrong",
    2: "the request was cut short",
    3: "a payload is longer than the board's buffer",
    4: "the accelerator gave no answer",
    5: "the request makes no sense",
}


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
