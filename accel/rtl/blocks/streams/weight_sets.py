"""Weights into the lanes' memories while sequences run: two sets, one in use, one to be written.

A frame (`accel.memory.load_frame`) is checked while it is written into the set that no sequence uses; only one that is
right in length, shape and checksum makes that set the one that sequences begin with from then on. A sequence keeps its
set.
"""

from __future__ import annotations

from typing import Any

from myhdl import ConcatSignal, Signal, always, always_comb, always_seq, block

from accel.base.fixed import index_bits
from accel.memory.load_frame import WORD, Section
from accel.rtl.blocks.primitives.signals import bits, flag


class Loading:
    """The sets, and a frame on its way into one of them."""

    def __init__(self) -> None:
        self.active = flag()
        """The set that sequences begin with."""
        self.idle = Signal(bool(1))
        """The other one."""
        self.free = Signal(bool(1))
        """No sequence uses the idle set any more."""
        self.loaded = flag()
        """The active set holds weights."""
        self.restart = flag()
        """A frame begins."""
        self.valid = flag()
        self.word = bits(WORD)
        """A word of weights."""


class Store:
    """A write into one of a section's memories; the set is the highest bit of the address."""

    def __init__(self, section: Section) -> None:
        self.enable = flag()
        self.memory = bits(index_bits(section.memories))
        self.address = bits(1 + index_bits(section.depth))
        self.word = bits(section.width)


class Stores:
    """The writes into the memories of one array."""

    def __init__(self, sections: dict[str, Section], loading: Loading) -> None:
        self.loading = loading
        self.weights = Store(sections["weights"])
        self.biases = Store(sections["biases"])
        self.scales = Store(sections["scales"]) if "scales" in sections else None


CRC = """
integer ${after}_bit;
always @($word, $before) begin
    $after = $before ^ $word;
    for (${after}_bit = 0; ${after}_bit < 32; ${after}_bit = ${after}_bit + 1)
        $after = $after[0] ? ($after >> 1) ^ 32'hedb88320 : $after >> 1;
end
"""


@block
def crc_step(word: Any, before: Any, after: Any) -> Any:
    """CRC-32 (reflected, before its final inversion) with one more word. Latency: 0."""
    crc_step.verilog_code = CRC
    after.driven = "reg"
    word.read = before.read = True

    @always(word, before)
    def stepping():
        crc = int(before) ^ int(word)
        for _ in range(WORD):
            crc = crc >> 1 ^ 0xEDB88320 if crc & 1 else crc >> 1
        after.next = crc

    return stepping


@block
def check_frame(clk: Any, reset: Any, axis: Any, loading: Any, status: Any, beats: int, digest: int) -> Any:
    """Take a frame of `beats` words, hand its weights on, and change the sets if everything about it is right.

    A frame waits at its first word until the idle set is free. What comes beyond its length is dropped up to `tlast`.
    Latency: 1 to the weights handed on, 2 from `tlast` to the sets.
    """
    last = beats - 1
    none = (1 << WORD) - 1
    number = bits(index_bits(beats))
    word, crc, begun, after, complement = bits(WORD), bits(WORD), bits(WORD), bits(WORD), bits(WORD)
    moving, opening, closing, beyond, strange = flag(), flag(), flag(), flag(), flag()
    ended, short, long, shape, checksum = flag(), flag(), flag(), flag(), flag()

    @always_comb
    def accepting():
        axis.tready.next = loading.free
        moving.next = axis.tvalid and loading.free
        word.next = axis.tdata

    @always_comb
    def framing():
        opening.next = number == 0
        closing.next = number == last

    @always_seq(clk.posedge, reset=reset)
    def counting():
        if moving:
            if axis.tlast:
                number.next = 0
                beyond.next = False
            elif closing:
                beyond.next = True
            else:
                number.next = number + 1

    @always_comb
    def beginning():
        if opening:
            begun.next = none
        else:
            begun.next = crc

    @always_comb
    def complementing():
        complement.next = crc ^ none

    @always(clk.posedge)
    def summing():
        if moving:
            crc.next = after

    @always_seq(clk.posedge, reset=reset)
    def comparing():
        if moving and opening:
            strange.next = word != digest

    @always_seq(clk.posedge, reset=reset)
    def handing_on():
        loading.restart.next = moving and opening
        loading.valid.next = moving and not opening and not closing
        loading.word.next = word

    @always_seq(clk.posedge, reset=reset)
    def ending():
        ended.next = moving and axis.tlast
        short.next = not closing
        long.next = closing and beyond
        shape.next = strange
        if opening:
            shape.next = word != digest
        checksum.next = closing and not beyond and word != complement

    @always_seq(clk.posedge, reset=reset)
    def judging():
        if ended:
            status.load_short.next = short
            status.load_long.next = long
            status.load_shape.next = shape
            status.load_checksum.next = checksum
            if not (short or long or shape or checksum):
                loading.active.next = not loading.active
                loading.loaded.next = True

    @always_comb
    def opposing():
        loading.idle.next = not loading.active
        status.loaded.next = loading.loaded

    stepping = crc_step(word, begun, after)
    taking = (accepting, framing, counting, comparing, handing_on)
    return taking, beginning, complementing, summing, stepping, ending, judging, opposing


@block
def count_uses(clk: Any, reset: Any, inbox: Any, outbox: Any, loading: Any) -> Any:
    """A set is free when every sequence that began with it has given its last result. Latency: 1.

    `inbox` is that of the first layer, `outbox` that of the last.
    """
    lower, upper = bits(16), bits(16)  # sequences under way with either set
    lower_begins, lower_ends, upper_begins, upper_ends = flag(), flag(), flag(), flag()

    @always_comb
    def beginning():
        lower_begins.next = inbox.turn and inbox.opens and not inbox.weight_set
        upper_begins.next = inbox.turn and inbox.opens and inbox.weight_set

    @always_comb
    def ending():
        lower_ends.next = outbox.valid and outbox.closing and outbox.final and not outbox.weight_set
        upper_ends.next = outbox.valid and outbox.closing and outbox.final and outbox.weight_set

    @always_seq(clk.posedge, reset=reset)
    def counting_lower():
        if lower_begins and not lower_ends:
            lower.next = lower + 1
        elif lower_ends and not lower_begins:
            lower.next = lower - 1

    @always_seq(clk.posedge, reset=reset)
    def counting_upper():
        if upper_begins and not upper_ends:
            upper.next = upper + 1
        elif upper_ends and not upper_begins:
            upper.next = upper - 1

    @always_comb
    def freeing():
        if loading.idle:
            loading.free.next = upper == 0
        else:
            loading.free.next = lower == 0

    return beginning, ending, counting_lower, counting_upper, freeing


@block
def choose_set(clk: Any, reset: Any, inbox: Any, loading: Any, streams: int) -> Any:
    """A sequence begins with the active set and keeps it; streams take turns, a step each. Latency: 0."""
    kept, oldest = [flag() for _ in range(streams)], streams - 1

    @always_comb
    def choosing():
        if inbox.opens:
            inbox.weight_set.next = loading.active
        else:
            inbox.weight_set.next = kept[oldest]

    @always_seq(clk.posedge, reset=reset)
    def keeping():
        if inbox.turn:
            kept[0].next = inbox.weight_set
            for n in range(oldest):
                kept[n + 1].next = kept[n]

    return choosing, keeping


@block
def await_weights(i: Any, o: Any, loading: Any) -> Any:
    """No x_t is taken before there are weights. Latency: 0."""

    @always_comb
    def waiting():
        o.word.next = i.word
        o.last.next = i.last
        o.valid.next = i.valid and loading.loaded
        i.ready.next = o.ready and loading.loaded

    return waiting


@block
def fill(clk: Any, reset: Any, loading: Any, before: Any, after: Any, store: Any, section: Section) -> Any:
    """Words of weights into the memories of a section, one after the other.

    The section's turn begins with `before`; in the cycle of its last word it gives `after`. Latency: 1 from a word's
    last part to its write.
    """
    last_part, last_address, last_memory = section.parts - 1, section.depth - 1, section.memories - 1
    part, address, memory = (bits(index_bits(count)) for count in (section.parts, section.depth, section.memories))
    turn, taking, word_ends, memory_ends, ends = flag(), flag(), flag(), flag(), flag()
    collected = bits(WORD * section.parts)
    place = ConcatSignal(loading.idle, address)
    shifted = ConcatSignal(loading.word, collected(len(collected), WORD)) if last_part else loading.word

    @always_comb
    def following():
        taking.next = turn and loading.valid
        word_ends.next = turn and loading.valid and part == last_part

    @always_comb
    def finishing():
        memory_ends.next = word_ends and address == last_address
        ends.next = word_ends and address == last_address and memory == last_memory

    @always_comb
    def passing():
        after.next = ends

    @always_seq(clk.posedge, reset=reset)
    def turning():
        if before:
            turn.next = True
        elif loading.restart or ends:
            turn.next = False

    @always_seq(clk.posedge, reset=reset)
    def counting_parts():
        if loading.restart or word_ends:
            part.next = 0
        elif taking:
            part.next = part + 1

    @always_seq(clk.posedge, reset=reset)
    def counting_words():
        if loading.restart or memory_ends:
            address.next = 0
        elif word_ends:
            address.next = address + 1

    @always_seq(clk.posedge, reset=reset)
    def counting_memories():
        if loading.restart or ends:
            memory.next = 0
        elif memory_ends:
            memory.next = memory + 1

    @always(clk.posedge)
    def collecting():
        if taking:
            collected.next = shifted

    @always_seq(clk.posedge, reset=reset)
    def writing():
        store.enable.next = word_ends
        store.address.next = place
        store.memory.next = memory

    word = collected(section.width, 0)

    @always_comb
    def showing():
        store.word.next = word

    counting = (counting_parts, counting_words, counting_memories)
    return following, finishing, passing, turning, counting, collecting, writing, showing


@block
def aim(store: Any, write: Any, number: int) -> Any:
    """Whether a write is meant for this memory. Latency: 0."""

    @always_comb
    def aiming():
        write.next = store.enable and store.memory == number

    return aiming
