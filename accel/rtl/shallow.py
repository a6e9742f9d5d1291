"""A short call stack for MyHDL, which reads the source around every frame of the stack for every block it meets."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def shallow(work: Callable[[], T]) -> T:
    """What `work` returns or raises, called in a thread of its own: below pytest, elaboration is three times faster."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(work).result()
