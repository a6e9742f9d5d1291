"""Work of one part of the hardware in time."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Span:
    """Work of one part of the hardware: cycles from `start` for `length`."""

    track: str
    start: int
    length: int
    colour: str
    label: str
    late: bool
    """Whether it belongs to the second of the two steps."""
