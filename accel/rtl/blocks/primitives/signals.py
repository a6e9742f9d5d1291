"""Signals by role: a flag, an unsigned word, a signed number, and lists of them."""

from __future__ import annotations

from typing import Any

from myhdl import ConcatSignal, Signal, intbv, modbv


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
    parts = [unsigned(signal) for signal in signals]
    return ConcatSignal(*reversed(parts)) if len(parts) > 1 else parts[0]


def unsigned(signal: Any) -> Any:
    """The bits of a signal, whatever it counts."""
    if signal._type is bool or signal.min >= 0:
        return signal
    return signal(0) if len(signal) == 1 else signal(len(signal), 0)


def wrapping(width: int) -> Signal:
    """Unsigned word of `width` bits that counts modulo 2**width."""
    return Signal(modbv(0, min=0, max=1 << width))
