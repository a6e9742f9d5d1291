"""Names of blocks that depend on the design alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from myhdl import _block


@contextmanager
def fresh() -> Iterator[None]:
    """Within, blocks are named as in a new process: MyHDL numbers a name that any design before has had."""
    taken: tuple[set[str], ...] = (_block._name_set, _block._inst_name_set)
    before = [set(names) for names in taken]
    for names in taken:
        names.clear()
    try:
        yield
    finally:
        for names, earlier in zip(taken, before, strict=True):
            names |= earlier
