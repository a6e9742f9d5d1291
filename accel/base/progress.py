"""How long work says where it is."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, int, int, str], None]
"""Told after each piece of work: what is going on, pieces done, pieces in all, a note."""


def silent(stage: str, done: int, total: int, note: str) -> None:
    """Progress for callers that do not want any."""
