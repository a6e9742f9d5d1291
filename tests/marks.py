"""Which cases of a test are fast ones, and which wait for `make test-all`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest


def sampled(cases: Iterable[Any], fast: Callable[[int, Any], bool]) -> list[Any]:
    """The cases as parameters; those that are not `fast`, by number and value, wait for `make test-all`."""
    later = [pytest.mark.slow]
    return [pytest.param(case, marks=[] if fast(number, case) else later) for number, case in enumerate(cases)]


def first(cases: Iterable[Any], count: int = 1) -> list[Any]:
    """The cases as parameters, the first ones fast."""
    return sampled(cases, lambda number, _: number < count)
