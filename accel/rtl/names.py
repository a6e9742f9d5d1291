"""Names of blocks that depend on the design alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from myhdl import _block, _simulator


@contextmanager
def fresh() -> Iterator[None]:
    """Within, blocks are named and numbered as in a new process; MyHDL goes on from those of any design before."""
    taken: tuple[set[str], ...] = (_block._name_set, _block._inst_name_set)
    before = [set(names) for names in taken]
    calls = [(one, one.calls) for one in _simulator._blocks]
    for names in taken:
        names.clear()
    for one, _ in calls:
        one.calls = 0
    try:
        yield
    finally:
        for names, earlier in zip(taken, before, strict=True):
            names.clear()
            names |= earlier
        for one, count in calls:
            one.calls = count
