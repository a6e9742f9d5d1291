"""Between the last recurrent layer and the first linear one: the largest value, or the mean, over a sequence's steps.

h_t comes word by word after every step; what was found so far lies in a memory, a word a slot of the cell stage. After
a sequence's last step the result leaves, word by word.
"""

from __future__ import annotations

from typing import Any

from myhdl import Signal, always_comb, always_seq, block

from accel.architecture.array import Array
from accel.architecture.pool import Pool
from accel.base.fixed import index_bits
from accel.rtl.blocks.cells.cell import narrow
from accel.rtl.blocks.primitives.arithmetic import multiply
from accel.rtl.blocks.primitives.memory import ram, rom
from accel.rtl.blocks.primitives.module import module
from accel.rtl.blocks.primitives.register import as_signed, delay, gather, like
from accel.rtl.blocks.primitives.signals import bits, signed
from accel.rtl.blocks.streams.output_fifo import credit


class Words:
    """Words of a vector on their way: the first step of a sequence, or its last, and whether the step counts."""

    def __init__(self, beats: int) -> None:
        self.beat = bits(index_bits(beats))
        self.fresh = Signal(bool(1))
        self.counts = Signal(bool(1))


@block
def follow(clk: Any, reset: Any, results: Any, words: Any, steps: Any, longest: int) -> Any:
    """Which word of its step comes (out), whether the step begins a sequence and still counts (out), and how many have
    been counted before, at most `longest`.

    In: clk, reset, results. Out: words.beat, words.counts, words.fresh, steps (a count of steps). Latency: 0.
    """

    @always_seq(clk.posedge, reset=reset)
    def counting():
        if results.valid and results.closing:
            words.beat.next = 0
            words.fresh.next = results.final
            if results.final:
                steps.next = 0
            elif words.counts:
                steps.next = steps + 1
        elif results.valid:
            words.beat.next = words.beat + 1

    @always_comb
    def limiting():
        words.counts.next = steps < longest

    return counting, limiting


@block
def keep_largest(clk: Any, reset: Any, h: Any, before: Any, fresh: Any, kept: Any) -> Any:
    """kept (out) is the larger of `h` and `before`, or h where a sequence begins.

    In: clk, reset, h (signed, in the format of h), before (as wide as h), fresh (1 bit). Out: kept (as wide as h).
    Latency: 1.
    """

    @always_seq(clk.posedge, reset=reset)
    def keeping():
        if fresh or h > before:
            kept.next = h
        else:
            kept.next = before

    return keeping


@block
def keep_sum(clk: Any, reset: Any, h: Any, before: Any, fresh: Any, counts: Any, kept: Any) -> Any:
    """kept (out) is `before`, 0 where a sequence begins, and `h` if the step counts.

    In: clk, reset, h (signed, in the format of h), before (signed, Pool.sum_width bits), fresh (1 bit), counts (1 bit).
    Out: kept (signed, Pool.sum_width bits). Latency: 1.
    """
    begun, more = like(before), like(h)

    @always_comb
    def beginning():
        if fresh:
            begun.next = 0
        else:
            begun.next = before

    @always_comb
    def choosing():
        if counts:
            more.next = h
        else:
            more.next = 0

    @always_seq(clk.posedge, reset=reset)
    def adding():
        kept.next = begun + more

    return beginning, choosing, adding


@block
def divide(clk: Any, total: Any, factor: Any, mean: Any, pool: Pool) -> Any:
    """A sum times its factor, narrowed to the format of h.

    In: clk, total (signed, Pool.sum_width bits), factor (Pool.factor_width bits). Out: mean
    (signed, in the format of h). Latency: 3.
    """
    product, share = signed(pool.product_width), signed(len(factor))
    wide = as_signed(factor, share)
    multiplying = multiply(clk, total, share, product)
    narrowing = narrow(clk, product, mean, None, [], [], pool.frac, pool.state.width)
    return wide, multiplying, narrowing


@module
def pool_steps(
    clk: Any, reset: Any, results: Any, beats: Any, released: Any, array: Array, pool: Any, file: str
) -> Any:
    """Words of h_t (output FIFO) to those of the pool (beats).

    In: clk, reset, results, released (1 bit). Out: results.room, beats.last, beats.valid, beats.weight_set, beats.word.
    Latency: `Pool.latency` from a word to its word.
    """
    width = pool.sum_width if pool.mean else pool.state.width
    count, state, steps = array.cells, pool.state.width, bits(index_bits(pool.longest + 1))
    words, late, old = Words(array.output_beats), like(results.word), bits(count * width)
    beginning, there, adds = like(results.valid), like(results.valid), like(results.valid)
    place = like(words.beat)
    h, earlier, kept = ([signed(size) for _ in range(count)] for size in (state, width, width))
    updated = bits(count * width)
    following = follow(clk, reset, results, words, steps, pool.longest if pool.mean else 1)
    waits = [
        delay(clk, reset, results.word, late, 1),
        delay(clk, reset, words.fresh, beginning, 1),
        delay(clk, reset, words.counts, adds, 1),
        delay(clk, reset, results.valid, there, 2),
        delay(clk, reset, words.beat, place, 2),
    ]
    memory = ram(clk, results.valid, there, place, updated, words.beat, old, array.output_beats)
    reading = [as_signed(late((n + 1) * state, n * state), h[n]) for n in range(count)]
    reading += [as_signed(old((n + 1) * width, n * width), earlier[n]) for n in range(count)]
    ends, last_step = like(results.valid), like(results.valid)
    common = (following, waits, memory, reading, gather(kept, updated))
    crediting = credit(clk, reset, results.reserve, released, results.room, 2)
    finals = delay(clk, reset, results.final, last_step, pool.latency)
    valids = delay(clk, reset, results.valid, ends, pool.latency)
    sets = [delay(clk, reset, results.weight_set, beats.weight_set, pool.latency)] if array.writable else []

    @always_comb
    def sending():
        beats.valid.next = ends and last_step
        beats.last.next = last_step

    leaving = (crediting, finals, valids, sets, sending)
    if not pool.mean:
        keeping = [keep_largest(clk, reset, h[n], earlier[n], beginning, kept[n]) for n in range(count)]
        return common, leaving, keeping, gather(kept, beats.word)
    keeping = [keep_sum(clk, reset, h[n], earlier[n], beginning, adds, kept[n]) for n in range(count)]
    number, last, factor = like(steps), like(steps), bits(pool.factor_width)
    highest = pool.longest - 1

    @always_comb
    def ending():
        if words.counts:
            number.next = steps
        else:
            number.next = highest

    means = [signed(state) for _ in range(count)]
    held = delay(clk, reset, number, last, 1)
    factors = rom(clk, last, factor, pool.factors, file)
    dividing = [divide(clk, kept[n], factor, means[n], pool) for n in range(count)]
    return common, leaving, keeping, ending, held, factors, dividing, gather(means, beats.word)
