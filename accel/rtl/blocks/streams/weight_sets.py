"""Weights into the lanes' memories while sequences run: two sets, one in use, one to be written.

A frame (`accel.memory.load_frame`) is checked while it is written into the set that no sequence uses; only one that is
right in length, shape and checksum makes that set the one that sequences begin with from then on. A sequence keeps its
set from its first step to its last result.
"""

from __future__ import annotations

from typing import Any

from myhdl import Signal, always_comb, always_seq, block

from accel.memory.load_frame import WORD
from accel.rtl.blocks.primitives.counters import count_held
from accel.rtl.blocks.primitives.module import module
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


@module
def count_uses(clk: Any, reset: Any, ping_pong: Any, results: Any, loading: Any) -> Any:
    """A set is free when every sequence that began with it has given its last result.

    A sequence begins with its first step. The turn that takes its state before does not read weights, and its x_t may
    never come: of a filler that the last round leaves open. `ping_pong` is that of the first layer, `results` that of
    the last.

    In: clk, reset, ping_pong, results, loading. Out: loading.free. Latency: 1.
    """
    lower, upper = bits(16), bits(16)  # sequences under way with either set
    lower_begins, lower_ends, upper_begins, upper_ends = flag(), flag(), flag(), flag()

    @always_comb
    def beginning():
        lower_begins.next = ping_pong.turn and ping_pong.leads and not ping_pong.weight_set
        upper_begins.next = ping_pong.turn and ping_pong.leads and ping_pong.weight_set

    @always_comb
    def ending():
        lower_ends.next = results.valid and results.closing and results.final and not results.weight_set
        upper_ends.next = results.valid and results.closing and results.final and results.weight_set

    @always_comb
    def freeing():
        if loading.idle:
            loading.free.next = upper == 0
        else:
            loading.free.next = lower == 0

    counting = [
        count_held(clk, reset, lower_begins, lower_ends, lower),
        count_held(clk, reset, upper_begins, upper_ends, upper),
    ]
    return beginning, ending, counting, freeing


@module
def choose_set(clk: Any, reset: Any, ping_pong: Any, loading: Any, streams: int) -> Any:
    """A sequence's first step takes the active set, the others keep it; streams take turns, a step each.

    In: clk, reset, ping_pong, loading. Out: ping_pong.weight_set. Latency: 0.
    """
    kept, oldest = [flag() for _ in range(streams)], streams - 1

    @always_comb
    def choosing():
        if ping_pong.starts:
            ping_pong.weight_set.next = loading.active
        else:
            ping_pong.weight_set.next = kept[oldest]

    @always_seq(clk.posedge, reset=reset)
    def keeping():
        if ping_pong.turn:
            kept[0].next = ping_pong.weight_set
            for n in range(oldest):
                kept[n + 1].next = kept[n]

    return choosing, keeping


@block
def await_weights(i: Any, o: Any, loading: Any) -> Any:
    """No x_t is taken before there are weights.

    In: i, o, loading. Out: i.ready, o.last, o.valid, o.word. Latency: 0.
    """

    @always_comb
    def waiting():
        o.word.next = i.word
        o.last.next = i.last
        o.valid.next = i.valid and loading.loaded
        i.ready.next = o.ready and loading.loaded

    return waiting
