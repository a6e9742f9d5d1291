"""Signals by role: a flag, an unsigned word, a signed number, and lists of them."""

from __future__ import annotations

from typing import Any

from myhdl import ConcatSignal, Signal, intbv


def flag() -> Signal:
    """One bit, false at start."""
    return Signal(bool(0))


def bits(width: int) -> Signal:
    """Unsigned word of `width` bits."""
    return Signal(intbv(0)[width:])


def signed(width: int) -> Signal:
    """Two's complement number of `width` bits."""
    return Signal(intbv(0, min=-(1 << (width - 1)), max=1 << (width - 1)))


def signed_list(count: int, width: int) -> list[Signal]:
    """`count` signed numbers of one width, which a generator may loop over."""
    return [signed(width) for _ in range(count)]


def joined(signals: list[Any]) -> Any:
    """The signals' bits side by side as one unsigned word, the first one lowest."""
    if len(signals) == 1:
        only = signals[0]
        return only if only._type is bool else only(len(only), 0)
    return ConcatSignal(*reversed(signals))
