"""Between two recurrent layers: words of h_t through an activation, or h_t and x_t of a layer together.

What leaves is results again, for the next layer or its sequence buffer, with room and reservation of whatever takes it.
"""

from __future__ import annotations

from typing import Any

from myhdl import always_comb, block

from accel.architecture.array import Array
from accel.architecture.cells.operations import Clip
from accel.architecture.latencies import CLIPPED, RESIDUAL
from accel.architecture.residual import Residual
from accel.base.fixed import index_bits
from accel.rtl.blocks.cells.cell import narrow
from accel.rtl.blocks.primitives.arithmetic import add, align
from accel.rtl.blocks.primitives.counters import count_round
from accel.rtl.blocks.primitives.fifo import Fifo, fifo
from accel.rtl.blocks.primitives.module import module
from accel.rtl.blocks.primitives.register import as_signed, delay, follow, gather, like
from accel.rtl.blocks.primitives.signals import bits, flag, signed
from accel.rtl.blocks.rows.activation import clip


@block
def pass_on(
    clk: Any, reset: Any, results: Any, linked: Any, writable: bool, cycles: int, final_only: bool = False
) -> Any:
    """What is beside a word of results, `cycles` later; room and its reservation at once. With `final_only` words of a
    sequence's last step alone are valid.

    In: clk, reset, results, linked. Out: results.room, linked.closing, linked.final, linked.reserve, linked.valid,
    linked.weight_set. Latency: `cycles`.
    """

    @always_comb
    def reserving():
        linked.reserve.next = results.reserve

    @always_comb
    def making_room():
        results.room.next = linked.room

    going_on = flag()

    @always_comb
    def going():
        going_on.next = results.valid

    @always_comb
    def going_last():
        going_on.next = results.valid and results.final

    ways = [(going_on, linked.valid), (results.closing, linked.closing), (results.final, linked.final)]
    ways += [(results.weight_set, linked.weight_set)] if writable else []
    chosen = going_last if final_only else going
    return chosen, reserving, making_room, [delay(clk, reset, i, o, cycles) for i, o in ways]


@module
def clip_words(clk: Any, reset: Any, results: Any, linked: Any, array: Array, operation: Clip) -> Any:
    """Every value of the results of a layer within the ends of the operation.

    In: clk, reset, results, linked. Out: results.room, linked.closing, linked.final, linked.reserve, linked.valid,
    linked.weight_set, linked.word. Latency: CLIPPED.
    """
    width, word = array.h.width, like(results.word)
    values, clipped = ([signed(width) for _ in range(array.cells)] for _ in range(2))
    reading = [as_signed(word((n + 1) * width, n * width), values[n]) for n in range(array.cells)]
    clipping = [clip(clk, values[n], clipped[n], operation, array.h) for n in range(array.cells)]
    passing = pass_on(clk, reset, results, linked, array.writable, CLIPPED)
    return follow(results.word, word), reading, clipping, gather(clipped, linked.word), passing


@block
def add_and_narrow(clk: Any, h: Any, x: Any, o: Any, residual: Residual) -> Any:
    """o is h + x in the format of the residual.

    In: clk, h (signed, in its format), x (signed, in its format). Out: o (signed, in the format of the sum).
    Latency: RESIDUAL.
    """
    of_h, of_x = residual.shifts
    aligned_h, aligned_x = signed(len(h) + of_h), signed(len(x) + of_x)
    total = signed(residual.width)
    aligning = align(h, aligned_h, of_h), align(x, aligned_x, of_x)
    adding = add(clk, aligned_h, aligned_x, total)
    narrowing = narrow(clk, total, o, None, [], [], residual.frac - residual.out.frac, residual.out.width)
    return aligning, adding, narrowing


@block
def keep_own(clk: Any, reset: Any, beats: Any, entering: Any, count: int, crossed: bool) -> Any:
    """Whether a beat of x_t belongs to one of the `count` words of h_t: every one; where x_t is two vectors
    (`crossed`), those of the first half of the first one and of the second half of the second.

    In: clk, reset, beats. Out: entering (1 bit). Latency: 0.
    """

    @always_comb
    def keeping():
        entering.next = beats.valid and beats.ready

    if not crossed:
        return keeping
    moving, own, number = flag(), flag(), bits(index_bits(2 * count))
    forward, backward = count // 2, count + count // 2

    @always_comb
    def moving_on():
        moving.next = beats.valid and beats.ready

    @always_comb
    def choosing():
        own.next = number < forward or number >= backward

    @always_comb
    def keeping_own():
        entering.next = moving and own

    return moving_on, choosing, keeping_own, count_round(clk, reset, moving, number, 2 * count)


@module
def add_inputs(
    clk: Any, reset: Any, results: Any, linked: Any, beats: Any, array: Array, residual: Residual, steps: int
) -> Any:
    """To the results of a layer its own x_t, the beats that came in before, of `steps` steps at most.

    In: clk, reset, results, linked, beats. Out: results.room, linked.closing, linked.final, linked.reserve,
    linked.valid, linked.weight_set, linked.word. Latency: RESIDUAL.
    """
    depth, entering = steps * array.output_beats, flag()
    kept = Fifo(len(beats.word), depth)
    h_word, x_word = like(results.word), like(kept.word)

    @always_comb
    def taking():
        kept.ready.next = results.valid

    keeping = keep_own(clk, reset, beats, entering, array.output_beats, residual.crossed)
    waiting = fifo(clk, reset, entering, beats.word, kept, depth)
    following = follow(results.word, h_word), follow(kept.word, x_word)
    h, x, sums = ([signed(fmt.width) for _ in range(array.cells)] for fmt in (residual.h, residual.x, residual.out))
    reading = [as_signed(h_word((n + 1) * len(h[n]), n * len(h[n])), h[n]) for n in range(array.cells)]
    reading += [as_signed(x_word((n + 1) * len(x[n]), n * len(x[n])), x[n]) for n in range(array.cells)]
    adding = [add_and_narrow(clk, h[n], x[n], sums[n], residual) for n in range(array.cells)]
    passing = pass_on(clk, reset, results, linked, array.writable, RESIDUAL, residual.final)
    return keeping, taking, waiting, following, reading, adding, gather(sums, linked.word), passing
