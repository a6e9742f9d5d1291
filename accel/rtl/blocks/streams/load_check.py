"""A frame of weights on its way in (`accel.memory.load_frame`): right in length, shape and checksum, or no effect."""

from __future__ import annotations

from typing import Any

from myhdl import always, always_comb, always_seq, block

from accel.base.fixed import index_bits
from accel.memory.load_frame import WORD
from accel.rtl.blocks.primitives.module import module
from accel.rtl.blocks.primitives.signals import bits, flag

CRC = """
integer ${after}_bit;
always @($opening, $word, $before) begin
    $after = ($opening ? {32{1'b1}} : $before) ^ $word;
    for (${after}_bit = 0; ${after}_bit < 32; ${after}_bit = ${after}_bit + 1)
        $after = $after[0] ? ($after >> 1) ^ 32'hedb88320 : $after >> 1;
end
"""


@block
def crc_step(opening: Any, word: Any, before: Any, after: Any) -> Any:
    """CRC-32 (reflected, before its final inversion) with one more word, or with the first one.

    In: opening (1 bit), word (32 bits), before (32 bits). Out: after (32 bits). Latency: 0.
    """
    crc_step.verilog_code = CRC
    after.driven = "reg"
    opening.read = word.read = before.read = True

    @always(opening, word, before)
    def stepping():
        crc = (0xFFFFFFFF if opening else int(before)) ^ int(word)
        for _ in range(WORD):
            crc = crc >> 1 ^ 0xEDB88320 if crc & 1 else crc >> 1
        after.next = crc

    return stepping


class Arriving:
    """A frame's word as it moves, and where in the frame it stands."""

    def __init__(self) -> None:
        self.word = bits(WORD)
        self.moving = flag()
        self.opening = flag()
        """The frame's first word."""
        self.closing = flag()
        """The word at the place of the last one."""
        self.beyond = flag()
        """The frame is longer than it should be."""


@block
def count_words(clk: Any, reset: Any, axis: Any, free: Any, arriving: Arriving, beats: int) -> Any:
    """Take a frame's words (in) once the idle set is `free` (in), and count `beats` of them.

    In: clk, reset, axis, free (1 bit). Out: axis.tready, arriving.beyond, .closing, .moving, .opening, .word.
    Latency: 0.
    """
    last = beats - 1
    number = bits(index_bits(beats))

    @always_comb
    def accepting():
        axis.tready.next = free
        arriving.moving.next = axis.tvalid and free
        arriving.word.next = axis.tdata

    @always_comb
    def framing():
        arriving.opening.next = number == 0
        arriving.closing.next = number == last

    @always_seq(clk.posedge, reset=reset)
    def counting():
        if arriving.moving:
            if axis.tlast:
                number.next = 0
                arriving.beyond.next = False
            elif arriving.closing:
                arriving.beyond.next = True
            else:
                number.next = number + 1

    return accepting, framing, counting


@block
def check_sum(clk: Any, arriving: Arriving, complement: Any) -> Any:
    """CRC-32 of the words before (out, as it stands in the last one).

    In: clk, arriving. Out: complement (32 bits). Latency: 1.
    """
    crc, after = bits(WORD), bits(WORD)

    @always_comb
    def complementing():
        complement.next = ~crc

    @always(clk.posedge)
    def summing():
        if arriving.moving:
            crc.next = after

    stepping = crc_step(arriving.opening, arriving.word, crc, after)
    return complementing, summing, stepping


@block
def hand_on(clk: Any, reset: Any, arriving: Arriving, loading: Any) -> Any:
    """The words between the first and the last one are weights.

    In: clk, reset, arriving. Out: loading.restart, loading.valid, loading.word. Latency: 1.
    """

    @always_seq(clk.posedge, reset=reset)
    def handing_on():
        loading.restart.next = arriving.moving and arriving.opening
        loading.valid.next = arriving.moving and not arriving.opening and not arriving.closing
        loading.word.next = arriving.word

    return handing_on


@block
def conclude(
    clk: Any, reset: Any, tlast: Any, arriving: Arriving, complement: Any, loading: Any, status: Any, digest: int
) -> Any:
    """Tell (status) what is wrong with a frame as it ends, or change the sets where nothing is.

    In: clk, reset, tlast (1 bit), arriving, complement (32 bits). Out: loading.active, loading.loaded,
    status.load_checksum, status.load_long, status.load_shape, status.load_short. Latency: 2.
    """
    word, opening, closing, beyond = arriving.word, arriving.opening, arriving.closing, arriving.beyond
    strange, ended, short, long, shape, checksum, other = (flag() for _ in range(7))
    half = WORD // 2
    upper, lower = digest >> half, digest & ((1 << half) - 1)

    @always_comb
    def reading_digest():
        other.next = word[WORD:half] != upper or word[half:] != lower

    @always_seq(clk.posedge, reset=reset)
    def comparing():
        if arriving.moving and opening:
            strange.next = other

    @always_seq(clk.posedge, reset=reset)
    def ending():
        ended.next = arriving.moving and tlast
        short.next = not closing
        long.next = closing and beyond
        shape.next = strange
        if opening:
            shape.next = other
        checksum.next = closing and not beyond and word != complement

    @always_seq(clk.posedge, reset=reset)
    def concluding():
        if ended:
            status.load_short.next = short
            status.load_long.next = long
            status.load_shape.next = shape
            status.load_checksum.next = checksum
            if not (short or long or shape or checksum):
                loading.active.next = not loading.active
                loading.loaded.next = True

    return reading_digest, comparing, ending, concluding


@module
def check_frame(clk: Any, reset: Any, axis: Any, loading: Any, status: Any, beats: int, digest: int) -> Any:
    """Take a frame of `beats` words, hand its weights on, and change the sets if everything about it is right.

    A frame waits at its first word until the idle set is free. What comes beyond its length is dropped up to `tlast`.

    In: clk, reset, axis, loading. Out: axis.tready, loading.active, .idle, .loaded, .restart, .valid, .word,
    status.load_checksum, .load_long, .load_shape, .load_short, .loaded. Latency: 1 to the weights handed on, 2 from
    `tlast` to the sets.
    """
    arriving, complement = Arriving(), bits(WORD)

    @always_comb
    def opposing():
        loading.idle.next = not loading.active
        status.loaded.next = loading.loaded

    counting = count_words(clk, reset, axis, loading.free, arriving, beats)
    summing = check_sum(clk, arriving, complement)
    handing_on = hand_on(clk, reset, arriving, loading)
    concluding = conclude(clk, reset, axis.tlast, arriving, complement, loading, status, digest)
    return opposing, counting, summing, handing_on, concluding
