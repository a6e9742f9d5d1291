"""The serial line, from the host's frames to the pins of the simulated chip and back."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from accel import samples
from accel.convert import convert
from accel.engines.engine import reference
from accel.faults import Refused
from accel.render import render
from accel.work import write_text
from fpga.board import find
from fpga.frames import ERROR, RUN, STATUS, STATUS_REPLY, Frame, crc, decode, encode
from fpga.host import BoardError, Host, Packing, Status
from fpga.rtl import Rtl, generated
from fpga.uart import Serial, board_rtl, packing
from tests.designs import design, spec

DOUBLE = """
module double (input clk, input reset, input [15:0] s_axis_tdata, input s_axis_tvalid, output s_axis_tready,
               input s_axis_tlast, output reg [23:0] m_axis_tdata, output reg m_axis_tvalid, input m_axis_tready,
               output reg m_axis_tlast);
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
    if (reset) {m_axis_tvalid, stuck} <= 0;
  end
endmodule
"""

DOUBLER = Rtl("double", "clk", {"double.v": DOUBLE})

BENCH = """
`timescale 1ns / 1ns
module bench;
  localparam CYCLES = 8;
  reg clk = 0;
  always #1 clk = !clk;
  reg reset = 1;
  reg rx = 1;
  wire tx, heard_valid;
  wire [7:0] heard;
  board_top chip (.oscillator(clk), .uart_rx(rx), .uart_tx(tx), .led());
  uart_rx #(CYCLES) ear (clk, reset, tx, heard, heard_valid);
  always @(posedge clk) if (heard_valid) $display("heard %02x", heard);

  reg [15:0] script [0:4095];  // a byte to send, or (upper byte not zero) so many times 100 cycles of silence
  integer n, bit_number;
  initial begin
    $readmemh("script.hex", script);
    repeat (300) @(posedge clk);
    reset = 0;
    for (n = 0; script[n] !== 16'hxxxx; n = n + 1) begin
      if (script[n][15:8] != 0) repeat (100 * script[n][15:8]) @(posedge clk);
      else begin
        rx = 0;
        repeat (CYCLES) @(posedge clk);
        for (bit_number = 0; bit_number < 8; bit_number = bit_number + 1) begin
          rx = script[n][bit_number];
          repeat (CYCLES) @(posedge clk);
        end
        rx = 1;
        repeat (CYCLES) @(posedge clk);
      end
    end
    $finish;
  end
endmodule
"""


SERIAL = Serial(baud=1_500_000, buffer_bits=4, run_seconds=4000 / 12e6)
"""Eight cycles a bit at the board's 12 MHz; a buffer and a patience that a test can exhaust."""


def simulate(rtl: Rtl, sent: list[bytes], folder: Path, serial: Serial = SERIAL, silence: int = 80) -> list[Frame]:
    """The whole chip's replies to pieces of the byte stream, with so many times 100 cycles of silence after each."""
    if shutil.which("iverilog") is None:
        pytest.skip("iverilog not found; it runs the whole chip")
    whole = board_rtl(rtl, find("icebreaker"), 12.0, serial)
    for name, text in {**whole.files, "bench.v": BENCH}.items():
        (folder / name).write_text(text)
    words = [word for piece in sent for word in (*(f"{byte:04x}" for byte in piece), f"{silence:02x}00")]
    (folder / "script.hex").write_text("\n".join(words) + "\n")
    compiler = ["iverilog", "-g2012", "-Wall", "-Wno-timescale", "-o", "run", "-s", "bench"]
    subprocess.run([*compiler, *whole.sources, "bench.v"], cwd=folder, check=True, capture_output=True)
    done = subprocess.run(["vvp", "-n", "run"], cwd=folder, capture_output=True, text=True, check=True, timeout=60)
    heard = bytes(int(line.split()[1], 16) for line in done.stdout.splitlines() if line.startswith("heard"))
    replies = []
    while heard:
        reply, heard = decode(heard)
        assert reply is not None
        replies.append(reply)
    return replies


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
        encode(Frame(RUN, 5, sequence(0x7FFF))),
        encode(Frame(RUN, 6, sequence(1, 2, 3, 4, 5, 6))),
        good,
        encode(Frame(STATUS, 10, b"")),
    ]
    replies = simulate(DOUBLER, sent, tmp_path)
    codes = [(reply.number, reply.payload[0]) for reply in replies if reply.kind == ERROR]
    assert codes == [(1, 1), (1, 2), (2, 3), (3, 5), (4, 5), (5, 4), (6, 3)]
    assert replies[-2] == Frame(0x81, 1, doubled(2))
    assert replies[-1] == Frame(STATUS_REPLY, 10, (3).to_bytes(2, "little") + (7).to_bytes(2, "little"))
    assert len(replies) == 9


def test_the_crc_is_the_one_of_the_standard() -> None:
    assert crc(b"123456789") == 0x29B1


def test_a_frame_is_found_in_noise_and_in_pieces() -> None:
    frame = Frame(0x81, 3, b"\x5a\x01")
    data = b"\x00\x5a\x5a" + encode(frame, 0x5A) + b"rest"
    assert decode(data) == (frame, b"rest")
    assert decode(encode(frame, 0x5A)[:-1])[0] is None
    assert decode(b"nothing") == (None, b"")


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


def test_the_host_packs_vectors_and_unpacks_results() -> None:
    seen: list[Frame] = []

    def answer(frame: Frame) -> bytes:
        seen.append(frame)
        return encode(Frame(0x81, frame.number, doubled(-4, 9)), 0x5A)

    host = Host(Wire(answer), PACKING, timeout=0.1)
    np.testing.assert_array_equal(host.predict(np.array([[1, -2, 3], [4, 5, 6]])), [[-8], [18]])
    assert seen == [Frame(RUN, 1, sequence(1, -2, 3, 0, 4, 5, 6, 0))]


def test_an_error_a_lost_and_a_late_reply_are_told_apart() -> None:
    def refuse(frame: Frame) -> bytes:
        return encode(Frame(ERROR, frame.number, b"\x01"), 0x5A)

    def late(frame: Frame) -> bytes:
        status = encode(Frame(STATUS_REPLY, frame.number, b"\x05\x00\x01\x00"), 0x5A)
        return encode(Frame(0x81, frame.number - 1, b""), 0x5A) + status

    with pytest.raises(BoardError, match="the CRC of the request is wrong"):
        Host(Wire(refuse), PACKING, timeout=0.1).status()
    with pytest.raises(TimeoutError, match=r"no answer after 0.02 s; 3 bytes of one came"):
        Host(Wire(lambda frame: b"\x5a\x81\x01"), PACKING, timeout=0.02).status()
    assert Host(Wire(late), PACKING, timeout=0.1).status() == Status(5, 1)


def test_a_wrong_vector_is_refused_before_it_is_sent() -> None:
    host = Host(Wire(None), PACKING)
    for x in (np.zeros((2, 4), dtype=int), np.zeros((0, 3), dtype=int), np.zeros((1, 3)), np.full((1, 3), 40000)):
        with pytest.raises(ValueError, match="x: wanted"):
            host.predict(x)


def test_a_generated_accelerator_answers_on_the_line_as_the_golden_model_does(tmp_path: Path) -> None:
    chosen = spec(name="online", model={"inputs": 3, "hidden": [5], "head": None}, engine={"units": 5})
    made = design(chosen, tmp_path)
    for path, text in render(made).items():
        write_text(tmp_path / path, text)
    write_text(tmp_path / "rtl" / "online.v", convert(made))
    rtl, given = generated(chosen, tmp_path), samples.seeded(chosen, 2, 2)
    host = Host(Wire(None), packing(made, rtl))
    sent = [encode(Frame(RUN, n, host.packed(given.only(n).x[0]))) for n in range(len(given.lengths))]
    (tmp_path / "chip").mkdir()
    replies = simulate(rtl, sent, tmp_path / "chip", Serial(1_500_000, 10, 0.01), silence=40)
    answers = [host.unpacked(reply.payload) for reply in replies if reply.kind == 0x81]
    np.testing.assert_array_equal(np.concatenate(answers), reference(made, given).outputs)


def test_a_board_without_a_serial_line_and_a_clock_too_slow_are_refused() -> None:
    with pytest.raises(Refused, match="zcu104: pins: wanted a clock, uart_rx and uart_tx, got none"):
        board_rtl(DOUBLER, find("zcu104"), 100.0)
    with pytest.raises(Refused, match="baud: wanted at most 1500000 with this clock, got 3000000"):
        board_rtl(DOUBLER, find("icebreaker"), 12.0, Serial(baud=3_000_000))
