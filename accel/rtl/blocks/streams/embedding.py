"""A table in front of the first layer: tokens come in, and the words of their rows are the beats of x_t."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from myhdl import always_comb, always_seq

from accel.architecture.embedding import Embedding
from accel.base.fixed import index_bits
from accel.rtl.blocks.primitives.memory import rom_on_demand
from accel.rtl.blocks.primitives.module import module
from accel.rtl.blocks.primitives.register import as_signed, follow, like
from accel.rtl.blocks.primitives.signals import bits, flag, signed
from accel.rtl.blocks.primitives.widths import pad


@module
def admit_tokens(clk: Any, reset: Any, arriving: Any, beats: Any, torn: Any, tokens: int) -> Any:
    """Numbers with a sign to tokens, which are those below `tokens`. Any other one counts as token 0, and `torn` stays
    true behind it.

    In: clk, reset, arriving.valid, .word, .last, beats.ready. Out: arriving.ready, beats.valid, .word, .last, torn (a
    flag). Latency: 0; 1 to `torn`.
    """
    width = len(beats.word)
    number, known = signed(len(arriving.word)), flag()
    low = number(width, 0)
    reading = as_signed(arriving.word, number)

    @always_comb
    def judging():
        known.next = number >= 0 and number < tokens

    @always_comb
    def passing():
        beats.valid.next = arriving.valid
        beats.last.next = arriving.last
        arriving.ready.next = beats.ready

    @always_comb
    def choosing():
        if known:
            beats.word.next = low
        else:
            beats.word.next = 0

    @always_seq(clk.posedge, reset=reset)
    def telling():
        if arriving.valid and beats.ready and not known:
            torn.next = True

    return reading, judging, passing, choosing, telling


@module
def look_up_rows(
    clk: Any, reset: Any, arriving: Any, beats: Any, embedding: Embedding, contents: Sequence[int], file: str
) -> Any:
    """Tokens to the words of their rows, `embedding.beats` each, of which the last has the token's `last`.

    In: clk, reset, arriving.valid, .word, .last, beats.ready. Out: arriving.ready, beats.valid, .word, .last. Latency:
    EMBEDDING from a token to the first word of its row; then a word a cycle, the next token's without a gap.
    """
    words, last_word = embedding.beats, embedding.beats - 1
    base, number = bits(index_bits(embedding.depth)), bits(index_bits(embedding.beats))
    address, offset = like(base), like(base)
    held, closing, fetching, row_ends, accepting = (flag() for _ in range(5))

    @always_comb
    def watching():
        fetching.next = held and (beats.ready or not beats.valid)
        row_ends.next = held and (beats.ready or not beats.valid) and number == last_word

    @always_comb
    def asking():
        accepting.next = row_ends or not held
        arriving.ready.next = row_ends or not held

    @always_comb
    def addressing():
        address.next = base + offset

    @always_seq(clk.posedge, reset=reset)
    def holding():
        if accepting:
            held.next = arriving.valid
        if accepting and arriving.valid:
            closing.next = arriving.last
            base.next = arriving.word * words

    @always_seq(clk.posedge, reset=reset)
    def counting():
        if row_ends:
            number.next = 0
        elif fetching:
            number.next = number + 1

    @always_seq(clk.posedge, reset=reset)
    def showing():
        if fetching:
            beats.valid.next = True
            beats.last.next = closing and row_ends
        elif beats.ready:
            beats.valid.next = False

    reading = rom_on_demand(clk, fetching, address, beats.word, contents, file)
    widening = pad(number, offset) if len(offset) > len(number) else follow(number, offset)
    return widening, watching, asking, addressing, holding, counting, showing, reading
