"""Recurrent highway network (arXiv 1607.03474, coupled gates): a step goes through its levels one after the other.

s_l = h t + s_{l-1} (1 - t), each level with weights of its own; s_l is kept in `formats.cell`, what is read is s_l in
`formats.state`.
"""

from __future__ import annotations

from functools import lru_cache

from accel.architecture.cells.cell import Cell
from accel.architecture.cells.level import Level
from accel.architecture.cells.operations import BEFORE, Lookup, Mix, Narrow, RowSum


@lru_cache
def highway(depth: int) -> Cell:
    """A highway cell of `depth` levels: h1, t1, s1, s1_read, then those of the next level."""
    rows = "of each level, its candidate h and its transform gate t"
    return Cell("Recurrent highway network", rows, 2, tuple(_level(number) for number in range(1, depth + 1)))


def _level(number: int) -> Level:
    h, t, s = f"h{number}", f"t{number}", f"s{number}"
    return Level(
        sums=(RowSum(f"{h}_sum", 0), RowSum(f"{t}_sum", 1)),
        operations=(
            Narrow(f"{h}_pre", f"{h}_sum", "gate"),
            Narrow(f"{t}_pre", f"{t}_sum", "gate"),
            Lookup(h, f"{h}_pre", "tanh"),
            Lookup(t, f"{t}_pre", "sigmoid"),
            Mix(f"{s}_total", one=h, other=BEFORE, share=t),
            Narrow(s, f"{s}_total", "cell"),
            Narrow(f"{s}_read", s, "state"),
        ),
        gates=(h, t),
        carried=s,
        state=f"{s}_read",
    )
