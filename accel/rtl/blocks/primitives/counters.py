"""Counters: round and round through places, and up and down with what is held."""

from __future__ import annotations

from typing import Any

from myhdl import always_seq, block


@block
def count_round(clk: Any, reset: Any, moves: Any, number: Any, count: int) -> Any:
    """The next of `count` numbers (out) in each cycle that `moves` (in); the first follows the last.

    In: clk, reset, moves (1 bit). Out: number (any width). Latency: 1.
    """
    last = count - 1

    @always_seq(clk.posedge, reset=reset)
    def counting():
        if moves:
            if number == last:
                number.next = 0
            else:
                number.next = number + 1

    return counting


@block
def count_held(clk: Any, reset: Any, comes: Any, goes: Any, held: Any) -> Any:
    """How many are held (out): one more where one `comes`, one fewer where one `goes` (in).

    In: clk, reset, comes (1 bit), goes (1 bit). Out: held (any width). Latency: 1.
    """

    @always_seq(clk.posedge, reset=reset)
    def counting():
        if comes and not goes:
            held.next = held + 1
        elif goes and not comes:
            held.next = held - 1

    return counting
