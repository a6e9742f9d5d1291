"""Frames of the serial line: found in whatever comes, in time that grows with its length."""

from __future__ import annotations

import random
from time import perf_counter

import pytest

from fpga import frames
from fpga.frames import (
    CRC,
    ERROR,
    HEADER,
    LAST_PIECE,
    PIECE,
    REPLY_SYNC,
    REQUEST_SYNC,
    RESULTS,
    RUN,
    TAKEN,
    Decoder,
    Frame,
    crc,
    encode,
    pieces,
)

LONGEST = 2048
"""Bytes of a board's buffer."""
FRAME = Frame(RESULTS, 3, b"\x5a\x01")
WHOLE = encode(FRAME, REPLY_SYNC)


def found(data: bytes, size: int = 1 << 20) -> list[Frame]:
    """The replies in a stream that comes in parts of some size."""
    decoder = Decoder(REPLY_SYNC, LONGEST)
    return [frame for n in range(0, len(data), size) for frame in decoder.feed(data[n : n + size])]


def test_the_crc_is_the_one_of_the_standard() -> None:
    assert crc(b"123456789") == 0x29B1


@pytest.mark.parametrize("size", [1, 3, 256, 1 << 20])
def test_frames_are_found_in_noise_and_in_parts(size: int) -> None:
    other = Frame(TAKEN, 4, b"")
    assert found(b"\x00\x5a\x5a" + WHOLE + b"rest" + encode(other, REPLY_SYNC), size) == [FRAME, other]
    assert found(WHOLE[:-1], size) == found(b"nothing", size) == found(encode(FRAME, REQUEST_SYNC), size) == []


def test_what_may_still_become_a_frame_is_counted() -> None:
    decoder = Decoder(REPLY_SYNC, LONGEST)
    assert (decoder.feed(b"noise" + WHOLE[:-1]), decoder.waiting) == ([], len(WHOLE) - 1)
    assert (decoder.feed(WHOLE[-1:]), decoder.waiting) == ([FRAME], 0)
    assert (decoder.feed(b"\x5a\x81"), decoder.waiting) == ([], 2)


def test_noise_like_the_beginning_of_a_long_frame_holds_up_none_behind_it() -> None:
    beginning = bytes([REPLY_SYNC, RESULTS, 1]) + LONGEST.to_bytes(2, "little")
    for size in (1, 1 << 20):
        assert found(beginning + WHOLE, size) == [FRAME]


def test_a_frame_in_the_payload_of_a_frame_is_none() -> None:
    outer = Frame(RESULTS, 1, b"\x01" + WHOLE + b"\x02")
    assert found(encode(outer, REPLY_SYNC)) == [outer]


@pytest.mark.parametrize("kind", [0x00, RUN, 0x84])
def test_what_is_of_no_kind_or_longer_than_the_buffer_begins_nothing(kind: int) -> None:
    decoder = Decoder(REPLY_SYNC, LONGEST)
    decoder.feed(bytes([REPLY_SYNC, kind, 0, 5, 0]))
    decoder.feed(bytes([REPLY_SYNC, RESULTS, 0, *(LONGEST + 1).to_bytes(2, "little")]))
    assert decoder.waiting == 0


def test_every_frame_behind_a_damaged_one_is_found() -> None:
    rng = random.Random(1)
    for _ in range(300):
        sent = [Frame(ERROR, n, bytes(rng.choices((0x5A, 0x81, 0, 1), k=rng.randrange(40)))) for n in range(4)]
        parts = [encode(frame, REPLY_SYNC) for frame in sent]
        place = rng.randrange(len(parts[1]))
        cut = rng.random() < 0.5
        flipped = parts[1][place] ^ 1 << rng.randrange(8)
        parts[1] = parts[1][:place] if cut else parts[1][:place] + bytes([flipped]) + parts[1][place + 1 :]
        assert found(b"".join(parts), rng.choice((1, 7, 256))) == [sent[0], *sent[2:]]


def garbage(kind: str, size: int) -> bytes:
    """Bytes without a right frame (of which there are none by chance with this seed), of the worst kinds."""
    beginning = bytes([REPLY_SYNC, RESULTS, 0]) + LONGEST.to_bytes(2, "little")
    made = {"random": random.Random(2).randbytes(size), "sync": b"\x5a" * size, "beginnings": beginning * (size // 5)}
    return made[kind]


@pytest.mark.parametrize("kind", ["random", "sync", "beginnings"])
def test_a_megabyte_of_garbage_costs_sixteen_times_its_sixteenth(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    summed: list[int] = []
    monkeypatch.setattr(frames, "crc", lambda data: summed.append(len(data)) or crc(data))
    work = []
    for size in (1 << 16, 1 << 20):
        summed.clear()
        begun = perf_counter()
        assert found(garbage(kind, size) + WHOLE, 256) == [FRAME]
        assert perf_counter() - begun < 20  # a second where nothing else runs; the one before took hours
        work.append(sum(summed) + size)
    assert work[1] <= 18 * work[0]
    assert work[1] <= (1 << 20) * (LONGEST + HEADER + CRC) / 5 + (1 << 21)


def test_words_of_weights_go_into_numbered_pieces_and_the_last_one_is_marked() -> None:
    assert list(pieces([1, 2, 0xFFFFFFFF], 10)) == [
        (PIECE, bytes([0, 0, 1, 0, 0, 0, 2, 0, 0, 0])),
        (LAST_PIECE, bytes([1, 0, 255, 255, 255, 255])),
    ]
    assert [kind for kind, _ in pieces([1, 2], 10)] == [LAST_PIECE]
    for words in ([], [1 << 32], [-1], [0] * 65537):
        with pytest.raises(ValueError, match="words: wanted 1 to 65536 of 32 bits"):
            list(pieces(words, 6))
