"""Weights through the board's side of the serial line: loaded in pieces, refused, given up, replaced."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fpga.frames import (
    ERROR,
    LAST_PIECE,
    PIECE,
    RUN,
    TAKEN,
    BoardError,
    Frame,
    encode,
    pieces,
)
from fpga.host import ATTEMPTS, Facts, Host
from fpga.packing import Packing
from fpga.rtl import Rtl
from fpga.uart import status_parts
from tests.fpga.serial_chip import (
    SERIAL,
    Chip,
    arrives,
    connected,
    cut,
    exchange,
    flipped,
    interpreted,
    lost,
    unanswered,
)
from tests.fpga.test_bridge import doubled, sequence

SCALE = """
module scale (input clk, input reset, input [31:0] s_weights_tdata, input s_weights_tvalid, output s_weights_tready,
              input s_weights_tlast, input [15:0] s_axis_tdata, input s_axis_tvalid, output s_axis_tready,
              input s_axis_tlast, output reg [23:0] m_axis_tdata, output reg m_axis_tvalid, input m_axis_tready,
              output reg m_axis_tlast, output reg [31:0] status_steps, output reg [31:0] status_cycles,
              output reg status_loaded, output reg status_load_short, output reg status_load_long,
              output reg status_load_shape, output reg status_load_checksum);
  // Each value times the sum of six weights. They come after 5a5a5a5a, and a sum of all words comes after them;
  // 0000dead in place of the first word stands for an accelerator that hangs.
  reg stuck, strange;
  reg [15:0] number;
  reg [31:0] sum, factor, arriving;
  wire moving = s_weights_tvalid && s_weights_tready;
  wire right = number == 7 && !strange && sum == s_weights_tdata;
  assign s_weights_tready = !stuck;
  assign s_axis_tready = status_loaded && !m_axis_tvalid && !stuck;
  always @(posedge clk) begin
    if (moving) begin
      number <= s_weights_tlast ? 0 : number + 1;
      sum <= (number == 0 ? 0 : sum) + s_weights_tdata;
      arriving <= number == 0 ? 0 : arriving + s_weights_tdata;
      if (number == 0) strange <= s_weights_tdata != 32'h5a5a5a5a;
      stuck <= number == 0 && s_weights_tdata == 32'hdead;
    end
    if (moving && s_weights_tlast) begin
      status_load_short <= number < 7;
      status_load_long <= number > 7;
      status_load_shape <= number == 0 ? s_weights_tdata != 32'h5a5a5a5a : strange;
      status_load_checksum <= number == 7 && sum != s_weights_tdata;
      if (right) factor <= arriving;
      if (right) status_loaded <= 1;
    end
    if (m_axis_tvalid && m_axis_tready) m_axis_tvalid <= 0;
    if (s_axis_tvalid && s_axis_tready) begin
      m_axis_tvalid <= 1;
      m_axis_tdata <= {{8{s_axis_tdata[15]}}, s_axis_tdata} * factor;
      m_axis_tlast <= s_axis_tlast;
    end
    status_steps <= status_steps + (s_axis_tvalid && s_axis_tready);
    status_cycles <= status_cycles + 1;
    if (reset) {number, m_axis_tvalid, stuck, status_steps, status_cycles} <= 0;
    if (reset) {status_loaded, status_load_short, status_load_long, status_load_shape, status_load_checksum} <= 0;
  end
endmodule
"""

SCALER = Rtl("scale", "clk", {"scale.v": SCALE})
PACKING = Packing(1, 1, 2, (16, 0), 1, 1, 3, signed=True, every_step=True)
FACTS = Facts(baud=1_500_000, buffer=16, packing=PACKING, status=status_parts(SCALER))
TIMEOUT = 6000 / 12e6
"""More than the board's patience, on its clock."""


def weights(factor: int) -> list[int]:
    """A frame of weights with such a sum: three pieces of the serial line."""
    words = [0x5A5A5A5A, factor & 0xFFFFFFFF, 1, 2, 3, 4, -10 & 0xFFFFFFFF]
    return [*words, sum(words) & 0xFFFFFFFF]


def require_factor(host: Host, factor: int) -> None:
    """The board computes with the weights that it should have."""
    np.testing.assert_array_equal(host.predict(np.array([[3], [-5]])), [[3 * factor], [-5 * factor]])


def test_what_the_line_does_to_a_piece_is_made_good(tmp_path: Path) -> None:
    with connected(interpreted(SCALER, tmp_path), FACTS, TIMEOUT) as (chip, host):
        chip.faults = [lost, flipped, arrives, cut, unanswered, arrives, unanswered, lost, arrives]
        host.load(weights(7))
        assert not chip.faults
        status = host.status()
        assert (status.errors, status.loaded, status.load_errors) == (2, True, ())  # what is lost was never seen
        require_factor(host, 7)


WRONG = {
    "they are weights of another shape": [1, *weights(9)[1:-1], weights(9)[-1] + 1 - 0x5A5A5A5A & 0xFFFFFFFF],
    "their checksum is wrong": [*weights(9)[:-1], 0],
    "they are fewer words than they should be": weights(9)[:4],
    "they are more words than they should be": [*weights(9), 0],
}


def story(chip: Chip, host: Host) -> None:
    """All that can happen to weights on a serial line; nothing hangs, and nothing but a right load changes them."""
    with pytest.raises(BoardError, match="there are no weights yet"):
        require_factor(host, 7)
    host.load(weights(7))
    require_factor(host, 7)
    for sentence, words in WRONG.items():
        with pytest.raises(BoardError, match=f"the weights were refused: {sentence}$"):
            host.load(words)
        require_factor(host, 7)
    for fault, sentence in {cut: "the request was cut short", flipped: "the CRC of the request is wrong"}.items():
        chip.faults = [fault]
        with pytest.raises(BoardError, match=sentence):
            require_factor(host, 7)
    assert exchange(chip, encode(Frame(RUN, 99, sequence(1, 2) + b"\x00"))) == [Frame(ERROR, 99, b"\x05")]
    chip.faults = [arrives, *ATTEMPTS * [lost]]
    with pytest.raises(TimeoutError):
        host.load(weights(8))
    require_factor(host, 7)
    chip.faults = [arrives, arrives, flipped, unanswered, arrives, arrives, cut]  # sequences are requests, too
    host.load(weights(8), lambda taken, of: require_factor(host, 8 if taken == of else 7))
    status = host.status()
    assert (status.runs, status.errors, status.steps, status.load_errors) == (9, 6, 18, ())
    with pytest.raises(BoardError, match="the accelerator gave no answer, and was reset"):
        host.load([0xDEAD, *weights(8)])
    with pytest.raises(BoardError, match="there are no weights yet"):
        require_factor(host, 8)
    host.load(weights(-9))
    require_factor(host, -9)


def test_weights_are_loaded_refused_given_up_and_replaced(tmp_path: Path) -> None:
    with connected(interpreted(SCALER, tmp_path), FACTS, TIMEOUT) as (chip, host):
        story(chip, host)


@pytest.mark.parametrize(
    "replaced",
    [
        pytest.param(("if (loaded) begin_run", "if (1'b1) begin_run"), id="weights_not_asked_for"),
        pytest.param(("else if (again)", "else if (1'b0)"), id="repeated_piece_unknown"),
        pytest.param(("beat_valid <= open && begins", "beat_valid <= 1'b0"), id="given_up_load_not_ended"),
        pytest.param(("&& kind != PIECE", ""), id="every_piece_the_last"),
        pytest.param(("fed <= 17'd2", "fed <= 17'd0"), id="number_taken_for_weights"),
        pytest.param(("? s_weights_tready : s_axis_tready", "? 1'b1 : s_axis_tready"), id="deaf_to_back_pressure"),
        pytest.param(("rx_data != (count[0] ?", "1'b0 && rx_data != (count[0] ?"), id="crc_not_compared"),
        pytest.param(("beyond == 16'd0;", "1'b1;"), id="odd_sequence_taken"),
        pytest.param(("idle >= GAP_CYCLES", "1'b0"), id="waits_for_the_rest_of_a_frame"),
        pytest.param(("{status, errors, runs, VERSION}", "{status, runs, errors, VERSION}"), id="counters_exchanged"),
    ],
)
def test_a_bridge_with_a_fault_does_not_get_through(replaced: tuple[str, str], tmp_path: Path) -> None:
    program = interpreted(SCALER, tmp_path, replaced=replaced)
    noticed = (AssertionError, BoardError, TimeoutError, pytest.fail.Exception)
    with connected(program, FACTS, TIMEOUT) as (chip, host), pytest.raises(noticed):
        story(chip, host)


def test_pieces_out_of_order_or_of_broken_words_are_refused_and_the_next_request_is_served(tmp_path: Path) -> None:
    (_, zero), (_, one), (_, two) = pieces(weights(7), SERIAL.buffer)
    sent = [(PIECE, zero), (LAST_PIECE, two), (PIECE, one), (PIECE, one), (PIECE, zero), (LAST_PIECE, two)]
    sent += [(PIECE, zero[:2]), (PIECE, zero[:5]), (PIECE, b""), (PIECE, zero), (PIECE, one), (LAST_PIECE, two)]
    answers = [b"", b"\x07", b"", b"", b"", b"\x07", b"\x05", b"\x05", b"\x05", b"", b"", b""]
    with connected(interpreted(SCALER, tmp_path), FACTS, TIMEOUT) as (chip, host):
        replies = exchange(chip, *(encode(Frame(kind, n, payload)) for n, (kind, payload) in enumerate(sent)))
        kinds = [ERROR if answer else TAKEN for answer in answers]
        assert replies == [Frame(kind, n, answer) for n, (kind, answer) in enumerate(zip(kinds, answers, strict=True))]
        require_factor(host, 7)


def test_a_piece_that_comes_while_a_sequence_runs_is_lost_and_nothing_hangs(tmp_path: Path) -> None:
    (_, first), *_ = pieces(weights(8), SERIAL.buffer)
    both = encode(Frame(RUN, 1, sequence(1, 2, 3))) + encode(Frame(PIECE, 2, first))
    with connected(interpreted(SCALER, tmp_path), FACTS, TIMEOUT) as (chip, host):
        host.load(weights(2))
        replies = exchange(chip, both)
        assert replies[0] == Frame(0x81, 1, doubled(1, 2, 3))
        assert all(reply.kind == ERROR for reply in replies[1:])  # of what seemed to begin within the second, if any
        require_factor(host, 2)
        host.load(weights(8))
        require_factor(host, 8)
