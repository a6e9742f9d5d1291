"""Frames of the serial line, as `frame_bridge.v` speaks them."""

from __future__ import annotations

from binascii import crc_hqx
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush

VERSION = 2
"""Of kinds and payloads: tells a host from a bitstream that speaks otherwise."""

RUN, STATUS, PIECE, LAST_PIECE = 0x01, 0x02, 0x03, 0x04
RESULTS, STATUS_REPLY, TAKEN, ERROR = 0x81, 0x82, 0x83, 0xEE
ANSWERS = {RUN: RESULTS, STATUS: STATUS_REPLY, PIECE: TAKEN, LAST_PIECE: TAKEN}
REQUEST_SYNC, REPLY_SYNC = 0xA5, 0x5A
KINDS = {REQUEST_SYNC: frozenset(ANSWERS), REPLY_SYNC: frozenset({*ANSWERS.values(), ERROR})}
"""Of the frames that begin with these bytes."""
HEADER, CRC = 5, 2
LONGEST = 0xFFFF
"""Bytes of a payload, as many as a length can say."""
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
    return crc_hqx(data, 0xFFFF)


def encode(frame: Frame, sync: int = REQUEST_SYNC) -> bytes:
    """The bytes of a frame."""
    body = bytes([frame.kind, frame.number]) + len(frame.payload).to_bytes(2, "little") + frame.payload
    return bytes([sync]) + body + crc(body).to_bytes(2, "little")


class Decoder:
    """Frames out of a byte stream that may hold anything else, of payloads of at most `longest` bytes.

    Each place that could begin a frame is looked at once, and has its CRC computed once, when its last byte is there;
    what is neither of a known kind nor short enough begins none. So the time grows with the length of the stream,
    whatever it holds, and noise that looks like a frame's beginning holds up no frame behind it.
    """

    def __init__(self, sync: int, longest: int = LONGEST) -> None:
        self._sync, self._longest = sync, longest
        self._data, self._base = bytearray(), 0  # `_base` is the place of its first byte in the stream
        self._looked = 0  # places before this one have been looked at
        self._done = 0  # places before this one belong to frames that were found
        self._begun: list[tuple[int, int]] = []  # end and start of what may become a frame, the first to end first

    def feed(self, data: bytes) -> list[Frame]:
        """Frames that are whole with these further bytes, in their order. Of two that overlap, the first is one."""
        self._data += data
        self._look()
        whole = []
        while self._begun and self._begun[0][0] <= self._end:
            end, start = heappop(self._begun)
            whole.append((start, end))
        found = [frame for start, end in sorted(whole) if (frame := self._frame(start, end))]
        self._forget()
        return found

    @property
    def waiting(self) -> int:
        """Bytes of what may still become a frame."""
        starts = [start for _, start in self._begun if start >= self._done]
        return self._end - min([*starts, max(self._looked, self._done)])

    @property
    def _end(self) -> int:
        return self._base + len(self._data)

    def _look(self) -> None:
        """Note the ends of all that seems to begin."""
        while (found := self._data.find(self._sync, self._looked - self._base)) >= 0:
            self._looked = self._base + found
            if found + HEADER > len(self._data):
                return
            length = int.from_bytes(self._data[found + 3 : found + HEADER], "little")
            if self._data[found + 1] in KINDS[self._sync] and length <= self._longest:
                heappush(self._begun, (self._looked + HEADER + length + CRC, self._looked))
            self._looked += 1
        self._looked = self._end

    def _frame(self, start: int, end: int) -> Frame | None:
        """The frame at these places, None where the CRC says that there is none."""
        data = bytes(self._data[start - self._base : end - self._base])
        if start < self._done or crc(data[1:-CRC]) != int.from_bytes(data[-CRC:], "little"):
            return None
        self._done = end
        return Frame(data[1], data[2], data[HEADER:-CRC])

    def _forget(self) -> None:
        """Drop bytes that no frame can begin with any more, many at once."""
        window = HEADER + self._longest + CRC
        if len(self._data) > 2 * window:
            dropped = len(self._data) - window
            del self._data[:dropped]
            self._base += dropped


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
