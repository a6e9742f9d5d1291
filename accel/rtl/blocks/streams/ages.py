"""Which step begins a sequence, and which begins from zeros: what the step before of the same stream has left."""

from __future__ import annotations

from typing import Any

from myhdl import Signal, always_comb, always_seq, block

from accel.rtl.blocks.primitives.signals import flag


@block
def age_steps(clk: Any, reset: Any, ping_pong: Any, streams: int) -> Any:
    """`starts`, `opens`, `leads` of the ping-pong buffer (out) where the stream's last step was `final` (in).

    In: clk, reset, ping_pong. Out: ping_pong.leads, ping_pong.opens, ping_pong.starts. Latency: 1 from `take`.
    """
    ages, oldest = [Signal(bool(1)) for _ in range(streams)], streams - 1

    @always_comb
    def showing():
        ping_pong.starts.next = ages[oldest]

    @always_comb
    def opening():
        ping_pong.opens.next = ping_pong.starts
        ping_pong.leads.next = ping_pong.starts

    @always_seq(clk.posedge, reset=reset)
    def refreshing():
        if ping_pong.take:
            ages[0].next = ping_pong.final
            for n in range(oldest):
                ages[n + 1].next = ages[n]

    return showing, opening, refreshing


@block
def age_turns(clk: Any, reset: Any, ping_pong: Any, streams: int) -> Any:
    """The same where a turn takes a sequence's state before its first step; none is `fresh`.

    In: clk, reset, ping_pong. Out: ping_pong.fresh, ping_pong.leads, ping_pong.opens, ping_pong.starts. Latency: 1 from
    `turn`.
    """
    ages, oldest = [Signal(bool(1)) for _ in range(streams)], streams - 1
    given = [flag() for _ in range(streams)]
    final, starts = ping_pong.final, ping_pong.starts

    @always_comb
    def showing():
        starts.next = ages[oldest]

    @always_comb
    def opening():
        ping_pong.opens.next = starts and not given[oldest]
        ping_pong.leads.next = starts and given[oldest]
        ping_pong.fresh.next = False

    @always_seq(clk.posedge, reset=reset)
    def refreshing():
        if ping_pong.turn:
            ages[0].next = final
            given[0].next = not final
            if not ping_pong.take:
                ages[0].next = starts
                given[0].next = True
            for n in range(oldest):
                ages[n + 1].next = ages[n]
                given[n + 1].next = given[n]

    return showing, opening, refreshing


@block
def fresh_after_each(ping_pong: Any) -> Any:
    """Every sequence begins from zeros: `fresh` (out) of the ping-pong buffer is its `starts` (in).

    In: ping_pong. Out: ping_pong.fresh. Latency: 0.
    """

    @always_comb
    def starting():
        ping_pong.fresh.next = ping_pong.starts

    return starting


@block
def fresh_once(clk: Any, reset: Any, ping_pong: Any) -> Any:
    """Only the first step after a reset begins from zeros.

    In: clk, reset, ping_pong. Out: ping_pong.fresh. Latency: 1 from `take`.
    """
    awake = flag()

    @always_comb
    def starting():
        ping_pong.fresh.next = not awake

    @always_seq(clk.posedge, reset=reset)
    def waking():
        if ping_pong.take:
            awake.next = True

    return starting, waking
