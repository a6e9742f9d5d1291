"""The board's side of the serial line: the whole chip around accelerators that are easy to foresee."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from accel.base.faults import Refused
from fpga.board import find
from fpga.frames import (
    ERROR,
    LAST_PIECE,
    RUN,
    STATUS,
    STATUS_REPLY,
    Frame,
    encode,
)
from fpga.rtl import Rtl
from fpga.status import read_status
from fpga.uart import Serial, board_rtl
from tests.fpga.serial_chip import (
    SERIAL,
    exchange,
    interpreted,
    running,
)

DOUBLE = """
module double (input clk, input reset, input [15:0] s_axis_tdata, input s_axis_tvalid, output s_axis_tready,
               input s_axis_tlast, output reg [23:0] m_axis_tdata, output reg m_axis_tvalid, input m_axis_tready,
               output reg m_axis_tlast, output reg [31:0] status_steps, output reg [31:0] status_cycles);
  // Twice each value; 16'h7fff stands for an accelerator that hangs.
  reg stuck;
  assign s_axis_tready = !m_axis_tvalid && !stuck;
  always @(posedge clk) begin
    if (m_axis_tvalid && m_axis_tready) m_axis_tvalid <= 0;
    if (s_axis_tvalid && s_axis_tready) begin
      stuck <= s_axis_tdata == 16'h7fff;
      m_axis_tvalid <= s_axis_tdata != 16'h7fff;
      m_axis_tdata <= {{7{s_axis_tdata[15]}}, s_axis_tdata, 1'b0};
      m_axis_tlast <= s_axis_tlast;
    end
    status_steps <= status_steps + (s_axis_tvalid && s_axis_tready);
    status_cycles <= status_cycles + 1;
    if (reset) {m_axis_tvalid, stuck, status_steps, status_cycles} <= 0;
  end
endmodule
"""

DOUBLER = Rtl("double", "clk", {"double.v": DOUBLE})
DOUBLER_STATUS = (("steps", 32), ("cycles", 32))


def simulate(rtl: Rtl, sent: list[bytes], folder: Path, serial: Serial = SERIAL) -> list[Frame]:
    """The whole chip's replies to pieces of the byte stream, with a long silence after each."""
    with running(interpreted(rtl, folder, serial)) as chip:
        return exchange(chip, *sent)


def sequence(*values: int) -> bytes:
    return b"".join(value.to_bytes(2, "little", signed=True) for value in values)


def doubled(*values: int) -> bytes:
    return b"".join((2 * value).to_bytes(3, "little", signed=True) for value in values)


def test_sequences_come_back_computed_and_numbered(tmp_path: Path) -> None:
    sent = [encode(Frame(RUN, 7, sequence(3, -5, 1000))), encode(Frame(RUN, 8, sequence(-32768)))]
    replies = simulate(DOUBLER, sent, tmp_path)
    assert replies == [Frame(0x81, 7, doubled(3, -5, 1000)), Frame(0x81, 8, doubled(-32768))]


def test_bad_frames_are_answered_with_their_fault_and_nothing_hangs(tmp_path: Path) -> None:
    good = encode(Frame(RUN, 1, sequence(2)))
    flipped = good[:6] + bytes([good[6] ^ 4]) + good[7:]
    sent = [
        b"noise\x00\xff",
        flipped,
        good[:-3],
        encode(Frame(RUN, 2, bytes(17)))[:5],
        encode(Frame(RUN, 3, b"\x01")),
        encode(Frame(9, 4, b"")),
        encode(Frame(LAST_PIECE, 4, bytes(6))),
        encode(Frame(RUN, 5, sequence(0x7FFF))),
        encode(Frame(RUN, 6, sequence(1, 2, 3, 4, 5, 6))),
        good,
        encode(Frame(STATUS, 10, b"")),
    ]
    replies = simulate(DOUBLER, sent, tmp_path)
    codes = [(reply.number, reply.payload[0]) for reply in replies if reply.kind == ERROR]
    assert codes == [(1, 1), (1, 2), (2, 3), (3, 5), (4, 5), (4, 5), (5, 4), (6, 3)]
    assert replies[-2] == Frame(0x81, 1, doubled(2))
    status = read_status(replies[-1].payload, DOUBLER_STATUS)
    assert (replies[-1].kind, replies[-1].number) == (STATUS_REPLY, 10)
    assert (status.runs, status.errors, status.steps, status.loaded) == (3, 8, 7, True)
    assert len(replies) == 10


def test_a_sequence_that_is_no_whole_vectors_never_reaches_the_accelerator(tmp_path: Path) -> None:
    pairs = replace(DOUBLER, vector_beats=2)
    sent = [encode(Frame(RUN, n, sequence(*range(n)))) for n in range(1, 6)] + [encode(Frame(STATUS, 6, b""))]
    *replies, last = simulate(pairs, sent, tmp_path)
    assert [reply.payload for reply in replies[::2]] == 3 * [b"\x05"]
    assert replies[1::2] == [Frame(0x81, n, doubled(*range(n))) for n in (2, 4)]
    assert read_status(last.payload, DOUBLER_STATUS).steps == 6


def test_a_board_without_a_serial_line_and_a_clock_too_slow_are_refused() -> None:
    with pytest.raises(Refused, match="zcu104: pins: wanted a clock, uart_rx and uart_tx, got none"):
        board_rtl(DOUBLER, find("zcu104"), 100.0)
    with pytest.raises(Refused, match="baud: wanted at most 1500000 with this clock, got 3000000"):
        board_rtl(DOUBLER, find("icebreaker"), 12.0, Serial(baud=3_000_000))


def test_a_status_word_that_no_reply_holds_is_refused() -> None:
    wide, none = (DOUBLE.replace(*words) for words in (("[31:0] status_c", "[63:0] status_c"), ("status_", "")))
    with pytest.raises(Refused, match="status word: wanted at most 16 bytes, which a reply holds, got 17"):
        board_rtl(Rtl("double", "clk", {"double.v": wide}), find("icebreaker"), 12.0, SERIAL)
    with pytest.raises(Refused, match=r"module double: wanted ports status_\.\.\., got none"):
        board_rtl(Rtl("double", "clk", {"double.v": none}), find("icebreaker"), 12.0, SERIAL)
