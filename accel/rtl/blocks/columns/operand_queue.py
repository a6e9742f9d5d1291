"""From the beats of a vector to the columns that lanes have to work on: zeros are dropped, the rest queues up.

An entry of the queue is a beat with a mask of the elements that count; a beat without any is dropped, unless it ends
the vector. Behind the queue, one element after the other becomes a column: its value, and where its weights begin.
"""

from __future__ import annotations

from typing import Any

from myhdl import ConcatSignal, always_comb, always_seq, block, downrange

from accel.architecture.vector import Vector, entry_width
from accel.base.fixed import index_bits
from accel.rtl.blocks.primitives.fifo import Fifo, fifo
from accel.rtl.blocks.primitives.signals import bits, flag, signed, signed_list, wrapping
from accel.rtl.blocks.primitives.widths import fit_all, multiple, pad, widened
from accel.rtl.blocks.primitives.words import unflatten


class Column:
    """The next column of an operand, for the lanes to take."""

    def __init__(self, width: int, words: int) -> None:
        self.valid = flag()
        self.void = flag()
        """No column at all: the vector only ends."""
        self.last = flag()
        """The vector ends with it."""
        self.value = signed(width)
        self.base = bits(index_bits(words))
        """Address of the column's first weight."""
        self.taken = flag()


class Entry:
    """A beat as it enters the queue."""

    def __init__(self, vector: Vector) -> None:
        self.valid = flag()
        self.mask = bits(vector.words)
        self.word = bits(vector.word_width)
        self.number = bits(vector.high)
        self.end = flag()


class Bounds:
    """Elements between the two, neither of them included, count as zero."""

    def __init__(self, low: Any, high: Any) -> None:
        self.low, self.high = low, high


NONZERO = Bounds(-1, 1)
"""Only zero counts as zero."""


@block
def mirror(threshold: Any, bounds: Any) -> Any:
    """Bounds at a threshold and below zero.

    In: threshold (magnitude in formats.state). Out: bounds.high, bounds.low. Latency: 0.
    """
    above = pad(threshold, bounds.high)

    @always_comb
    def below():
        bounds.low.next = -bounds.high

    return above, below


@block
def encode(
    clk: Any,
    reset: Any,
    enable: Any,
    number: Any,
    word: Any,
    bounds: Bounds,
    entry: Entry,
    vector: Vector,
    columns: int,
) -> Any:
    """Which elements of a beat count; what the last beat holds beyond the vector does not.

    In: clk, reset, enable (1 bit), number (high bits), word (word_width bits), bounds. Out: entry.end, .mask, .number,
    .valid, .word. Latency: 1.
    """
    words, last = vector.words, vector.beats - 1
    rest = columns - last * words
    low, high, mask = bounds.low, bounds.high, entry.mask
    stored = signed_list(words, vector.width)
    values = stored if bounds is NONZERO else widened(stored, len(high))

    @always_seq(clk.posedge, reset=reset)
    def comparing():
        for e in range(words):
            mask.next[e] = (values[e] >= high or values[e] <= low) and (e < rest or number != last)

    @always_seq(clk.posedge, reset=reset)
    def keeping():
        entry.valid.next = enable
        entry.word.next = word
        entry.number.next = number
        entry.end.next = number == last

    parting = unflatten(word, stored)
    return comparing, keeping, parting, fit_all(stored, values)


@block
def lowest(mask: Any, rest: Any) -> Any:
    """The mask without its lowest bit.

    In: mask (a bit an operand). Out: rest (a bit an operand). Latency: 0.
    """
    count = len(mask)

    @always_comb
    def taking():
        rest.next = mask
        for e in downrange(count):
            if mask[e]:
                rest.next = mask
                rest.next[e] = False

    return taking


class Held:
    """The entry whose elements become columns."""

    def __init__(self, vector: Vector) -> None:
        self.occupied = flag()
        self.mask = bits(vector.words)
        """Elements that are still to come."""
        self.rest = bits(vector.words)
        """Those without the next one."""
        self.number = bits(vector.high)
        self.word = bits(vector.word_width)
        self.ending = flag()
        self.moving = flag()
        """The next element becomes the column."""
        self.joining = flag()
        """No element is left: the vector's end joins the column that waits."""
        self.emptying = flag()
        """The entry is done with."""


@block
def hold(clk: Any, reset: Any, end: Fifo, held: Held, vector: Vector) -> Any:
    """The queue's next entry (in), held (out) until all its elements have moved on.

    In: clk, reset, end, held. Out: end.ready, held.emptying, .ending, .mask, .number, .occupied, .rest, .word.
    Latency: 1.
    """
    width, words, high = vector.word_width, vector.words, vector.high
    stored, loading = end.word, flag()
    fields = [stored(words, 0), stored(words + width, words), stored(words + width + high, words + width)]
    stored_mask, stored_word, stored_number, stored_ending = *fields, stored(len(stored) - 1)

    @always_comb
    def freeing():
        held.emptying.next = held.joining or (held.moving and held.rest == 0)

    @always_comb
    def asking():
        end.ready.next = held.emptying or not held.occupied
        loading.next = end.valid and (held.emptying or not held.occupied)

    @always_seq(clk.posedge, reset=reset)
    def holding():
        if loading:
            held.occupied.next = True
            held.mask.next = stored_mask
            held.word.next = stored_word
            held.number.next = stored_number
            held.ending.next = stored_ending
        elif held.emptying:
            held.occupied.next = False
        elif held.moving:
            held.mask.next = held.rest

    resting = lowest(held.mask, held.rest)
    return freeing, asking, holding, resting


@block
def locate(held: Held, base: Any, vector: Vector, per_column: int) -> Any:
    """Where the weights of the next element begin (out), among those of the vector.

    In: held. Out: base (number of a word). Latency: 0.
    """
    count, width = vector.words, len(base)
    from_beat, places = wrapping(width), [0, *(bits(width) for _ in range(count))]
    from_place = places[count]
    steps = [e * per_column % (1 << width) for e in range(count)]
    placing = [at_place(held.mask, e, steps[e], places[count - 1 - e], places[count - e]) for e in range(count)]
    scaling = multiple(held.number, from_beat, count * per_column)

    @always_comb
    def locating():
        base.next = from_beat + from_place

    return scaling, locating, placing


@block
def at_place(mask: Any, e: int, place: int, beyond: Any, o: Any) -> Any:
    """o is `place` where bit e of the mask is set, else what is `beyond`.

    In: mask (a bit an operand), beyond (number of a word). Out: o (number of a word). Latency: 0.
    """

    @always_comb
    def choosing():
        if mask[e]:
            o.next = place
        else:
            o.next = beyond

    return choosing


@block
def choose(clk: Any, reset: Any, held: Held, column: Column, vector: Vector) -> Any:
    """The value of the next element becomes that of the column.

    In: clk, reset, held. Out: column.value. Latency: 1.
    """
    mask, count = held.mask, vector.words
    values = signed_list(vector.words, vector.width)

    @always_seq(clk.posedge, reset=reset)
    def choosing():
        if held.moving:
            for e in downrange(count):
                if mask[e]:
                    column.value.next = values[e]

    parting = unflatten(held.word, values)
    return choosing, parting


@block
def pick(clk: Any, reset: Any, end: Fifo, column: Column, vector: Vector, per_column: int, start: int) -> Any:
    """The elements of the queue's entries one by one; an end alone joins the column that waits.

    In: clk, reset, column. Out: end.ready, column.base, .last, .valid, .value, .void. Latency: 2.
    """
    held, base = Held(vector), wrapping(len(column.base))
    begin = wrapping(len(column.base))
    valid, void, last, taken = column.valid, column.void, column.last, column.taken

    @always_comb
    def beginning():
        begin.next = base + start

    @always_comb
    def deciding():
        held.moving.next = held.occupied and (taken or not valid)
        held.joining.next = held.occupied and held.mask == 0 and valid and not last and not taken

    @always_seq(clk.posedge, reset=reset)
    def showing():
        if held.moving:
            valid.next = True
            void.next = held.mask == 0
            last.next = held.ending and held.rest == 0
            column.base.next = begin
        elif held.joining:
            last.next = True
        elif taken:
            valid.next = False

    holding = hold(clk, reset, end, held, vector)
    locating = locate(held, base, vector, per_column)
    choosing = choose(clk, reset, held, column, vector)
    return beginning, deciding, showing, holding, locating, choosing


@block
def operand_queue(
    clk: Any,
    reset: Any,
    enable: Any,
    number: Any,
    word: Any,
    bounds: Any,
    column: Column,
    end: Fifo,
    vector: Vector,
    columns: int,
    depth: int,
    per_column: int,
    start: int,
) -> Any:
    """Beats of a vector in, those of its `columns` that count out: `per_column` weights each from address `start` on.

    In: clk, reset, enable (1 bit), number (high bits), word (word_width bits), bounds. Out: column.base, .last, .valid,
    .value, .void, end.held, end.ready, end.valid, end.word. Latency: QUEUE from a beat to its first column.
    """
    entry, push = Entry(vector), flag()
    packed, packing = bits(entry_width(vector)), ConcatSignal(entry.end, entry.number, entry.word, entry.mask)

    @always_comb
    def pushing():
        push.next = entry.valid and (entry.end or entry.mask != 0)

    @always_comb
    def joining():
        packed.next = packing

    encoding = encode(clk, reset, enable, number, word, bounds, entry, vector, columns)
    queueing = fifo(clk, reset, push, packed, end, depth)
    picking = pick(clk, reset, end, column, vector, per_column, start)
    return pushing, joining, encoding, queueing, picking
