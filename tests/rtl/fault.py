"""A deliberate fault in a file of blocks, and the test that has to find it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Fault:
    """One place of a file of blocks, written differently, and a test with what it is given."""

    file: str
    old: str
    new: str
    test: Callable[..., None]
    given: tuple[Any, ...] = ()
