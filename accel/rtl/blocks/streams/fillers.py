"""Steps that fill the turn of a stream which has no sequence: taken as any other, and nothing of them leaves.

`tuser` with the last beat of an x_t marks one. The lanes compute it, since streams take turns; its result is
withheld where it would leave, so nothing between knows of it.
"""

from __future__ import annotations

from typing import Any

from myhdl import always_comb, always_seq

from accel.base.fixed import index_bits
from accel.rtl.blocks.primitives.counters import count_round
from accel.rtl.blocks.primitives.fifo import Fifo, fifo
from accel.rtl.blocks.primitives.module import module
from accel.rtl.blocks.primitives.signals import bits, flag


class Fillers:
    """An x_t as it comes in."""

    def __init__(self) -> None:
        self.complete = flag()
        """Its last beat moves, be it one that was filled up."""
        self.ends = flag()
        """Its sequence ends with it."""
        self.filler = bits(1)
        """Nobody waits for its result."""


@module
def watch_vectors(clk: Any, reset: Any, axis: Any, beats: Any, fillers: Any, count: int) -> Any:
    """Tell of every x_t of `count` beats.

    In: clk, reset, axis, beats. Out: fillers.complete, fillers.ends, fillers.filler. Latency: 0.
    """
    last_beat = count - 1
    number, kept = bits(index_bits(count)), flag()
    moving, arriving, marked = flag(), flag(), flag()

    @always_comb
    def watching():
        moving.next = beats.valid and beats.ready
        arriving.next = axis.tvalid and axis.tready

    @always_comb
    def reading_mark():
        if arriving:
            marked.next = axis.tuser
        else:
            marked.next = kept

    @always_seq(clk.posedge, reset=reset)
    def keeping():
        kept.next = marked

    @always_comb
    def telling():
        fillers.complete.next = moving and number == last_beat
        fillers.ends.next = beats.last
        fillers.filler.next = marked

    counting = count_round(clk, reset, moving, number, count)
    return watching, reading_mark, keeping, telling, counting


@module
def withhold(clk: Any, reset: Any, fillers: Any, made: Any, axis: Any, words: int, every_step: bool, depth: int) -> Any:
    """What leaves through `made`, `words` beats a step (or, without `every_step`, a sequence), but that of fillers.

    At most `depth` of these are under way at once.

    In: clk, reset, fillers, made, axis. Out: made.tready, axis.tdata, axis.tlast, axis.tvalid. Latency: 0; what is
    withheld takes a cycle a beat.
    """
    last_beat = words - 1
    number, push = bits(index_bits(words)), flag()
    moving, is_real = flag(), flag()
    end = Fifo(1, depth)

    @always_comb
    def noting():
        push.next = fillers.complete

    @always_comb
    def noting_ends():
        push.next = fillers.complete and fillers.ends

    @always_comb
    def choosing():
        is_real.next = end.valid and end.word == 0

    @always_comb
    def passing():
        axis.tdata.next = made.tdata
        axis.tlast.next = made.tlast
        axis.tvalid.next = made.tvalid and is_real

    @always_comb
    def taking():
        made.tready.next = end.valid and (axis.tready or not is_real)

    @always_comb
    def going_on():
        moving.next = made.tvalid and made.tready
        end.ready.next = made.tvalid and made.tready and number == last_beat

    counting = count_round(clk, reset, moving, number, words)
    waiting = fifo(clk, reset, push, fillers.filler, end, depth)
    return noting if every_step else noting_ends, choosing, passing, taking, going_on, counting, waiting
