"""Registers: a value some cycles later."""

from __future__ import annotations

from typing import Any

from myhdl import always, always_comb, always_seq, block

from accel.rtl.blocks.primitives.signals import bits, flag, joined, signed


def like(signal: Any) -> Any:
    """A fresh signal of the same type."""
    if signal._type is bool:
        return flag()
    return signed(len(signal)) if signal.min < 0 else bits(len(signal))


@block
def delay(clk: Any, reset: Any, i: Any, o: Any, cycles: int) -> Any:
    """o is i, `cycles` cycles later; cleared by reset, so that valid bits start false.

    In: clk, reset, i (any width). Out: o (as wide as i). Latency: `cycles`.
    """
    stages = [like(i) for _ in range(max(1, cycles))]
    last = max(1, cycles) - 1

    @always_comb
    def passing():
        o.next = i

    @always_seq(clk.posedge, reset=reset)
    def shifting():
        stages[0].next = i
        for n in range(last):
            stages[n + 1].next = stages[n]

    @always_comb
    def leaving():
        o.next = stages[last]

    return (shifting, leaving) if cycles else passing


@block
def register(clk: Any, i: Any, o: Any) -> Any:
    """o is i in the next cycle; not reset, for data.

    In: clk, i (any width). Out: o (as wide as i). Latency: 1.
    """

    @always(clk.posedge)
    def keeping():
        o.next = i

    return keeping


@block
def follow(i: Any, o: Any) -> Any:
    """o is i.

    In: i (any width). Out: o (as wide as i). Latency: 0.
    """

    @always_comb
    def following():
        o.next = i

    return following


@block
def as_signed(i: Any, o: Any) -> Any:
    """The bits of i read as two's complement.

    In: i (any width). Out: o (as wide as i). Latency: 0.
    """

    @always_comb
    def reading():
        o.next = i.signed()

    return reading


@block
def gather(parts: Any, o: Any) -> Any:
    """Signals side by side in one plain word, the first one lowest.

    A block with Verilog text of its own needs plain signals: MyHDL drives shadow signals only for generators.

    In: parts (a list: any width). Out: o (any width). Latency: 0.
    """
    word = joined(parts)

    @always_comb
    def gathering():
        o.next = word

    return gathering
