"""From the beats of a vector to the columns that lanes have to work on: zeros are dropped, the rest queues up.

An entry of the queue is a beat with a mask of the elements that count; a beat without any is dropped, unless it ends
the vector. Behind the queue, one element after the other becomes a column: its value, and where its weights begin.
"""

from __future__ import annotations

from typing import Any

from myhdl import ConcatSignal, always_comb, always_seq, block, downrange

from accel.architecture.shape import Vector, entry_width
from accel.base.fixed import index_bits
from accel.rtl.blocks.lanes.lanes import unflatten
from accel.rtl.blocks.primitives.fifo import Fifo, fifo
from accel.rtl.blocks.primitives.signals import bits, flag, signed, signed_list


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
    """Bounds at a threshold and below zero. Latency: 0."""

    @always_comb
    def above():
        bounds.high.next = threshold

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
    """Which elements of a beat count; what the last beat holds beyond the vector does not. Latency: 1."""
    words, last = vector.words, vector.beats - 1
    rest = columns - last * words
    low, high, mask = bounds.low, bounds.high, entry.mask
    values = signed_list(words, vector.width)

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

    parting = unflatten(word, values)
    return comparing, keeping, parting


@block
def lowest(mask: Any, rest: Any) -> Any:
    """The mask without its lowest bit. Latency: 0."""
    count = len(mask)

    @always_comb
    def taking():
        rest.next = mask
        for e in downrange(count):
            if mask[e]:
                rest.next = mask
                rest.next[e] = False

    return taking


@block
def pick(clk: Any, reset: Any, end: Fifo, column: Column, vector: Vector, per_column: int, start: int) -> Any:
    """The elements of the queue's entries one by one; an end alone joins the column that waits. Latency: 2."""
    width, words, high = vector.word_width, vector.words, vector.high
    valid, void, last, taken = column.valid, column.void, column.last, column.taken
    mask, rest, number, word, ending = bits(words), bits(words), bits(high), bits(width), flag()
    occupied, loading, moving, joining, emptying = flag(), flag(), flag(), flag(), flag()
    values = signed_list(words, vector.width)
    place = bits(max(1, vector.low))
    from_beat, from_place, base = bits(len(column.base) + 1), bits(len(column.base)), bits(len(column.base) + 1)
    per_beat = words * per_column
    stored = end.word
    fields = [stored(words, 0), stored(words + width, words), stored(words + width + high, words + width)]
    stored_mask, stored_word, stored_number, stored_ending = *fields, stored(len(stored) - 1)
    count = vector.words

    @always_comb
    def deciding():
        moving.next = occupied and (taken or not valid)
        joining.next = occupied and mask == 0 and valid and not last and not taken

    @always_comb
    def freeing():
        emptying.next = joining or (moving and rest == 0)

    @always_comb
    def asking():
        end.ready.next = emptying or not occupied
        loading.next = end.valid and (emptying or not occupied)

    @always_seq(clk.posedge, reset=reset)
    def holding():
        if loading:
            occupied.next = True
            mask.next = stored_mask
            word.next = stored_word
            number.next = stored_number
            ending.next = stored_ending
        elif emptying:
            occupied.next = False
        elif moving:
            mask.next = rest

    @always_comb
    def placing():
        place.next = 0
        for e in downrange(count):
            if mask[e]:
                place.next = e

    @always_comb
    def scaling():
        from_beat.next = number * per_beat
        from_place.next = place * per_column

    @always_comb
    def locating():
        base.next = from_beat + from_place

    @always_seq(clk.posedge, reset=reset)
    def showing():
        if moving:
            valid.next = True
            void.next = mask == 0
            last.next = ending and rest == 0
            column.base.next = base + start
        elif joining:
            last.next = True
        elif taken:
            valid.next = False

    @always_seq(clk.posedge, reset=reset)
    def choosing():
        if moving:
            for e in downrange(count):
                if mask[e]:
                    column.value.next = values[e]

    parting = unflatten(word, values)
    resting = lowest(mask, rest)
    return (
        deciding,
        freeing,
        asking,
        holding,
        placing,
        scaling,
        locating,
        showing,
        choosing,
        parting,
        resting,
    )


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

    Latency: QUEUE from a beat to its first column.
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
