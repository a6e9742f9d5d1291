"""Over the steps of a sequence: the largest value or the mean of each unit, and the numbers that a mean is made with.

A mean is the sum times an integer near 2**frac / n, narrowed: with that many fraction bits the mean of equal values is
that value, for every n.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from accel.base.fixed import Fixed
from accel.spec import Spec

POOL = "pool"
"""What its files are called."""


@dataclass(frozen=True)
class Pool:
    """What stands between the last recurrent layer and the linear ones; `longest` steps count at most, of a mean."""

    kind: str
    state: Fixed
    longest: int

    @property
    def mean(self) -> bool:
        """Whether it is the mean, else the largest value."""
        return self.kind == "mean"

    @property
    def counter(self) -> int:
        """Bits of a number of steps that count."""
        return self.longest.bit_length()

    @property
    def sum_width(self) -> int:
        """Bits of the sum of all of them."""
        return self.state.width + self.counter

    @property
    def frac(self) -> int:
        """Fraction bits of a factor."""
        return self.state.width + self.counter

    @cached_property
    def factors(self) -> tuple[int, ...]:
        """2**frac / n for n = 1 ... longest, rounded half up."""
        return tuple(((1 << self.frac + 1) + n) // (2 * n) for n in range(1, self.longest + 1))

    @property
    def factor_width(self) -> int:
        """Bits of a factor, its sign included."""
        return self.frac + 2

    @property
    def product_width(self) -> int:
        """Bits of a sum times a factor."""
        return self.sum_width + self.factor_width

    @property
    def latency(self) -> int:
        """Cycles from a word of h to its word of the pool: memory, choice; and of a mean product, rounding, end."""
        return 5 if self.mean else 2


def pool_of(spec: Spec) -> Pool | None:
    """The pool of a spec; None where linear layers read h_t, and without them."""
    head = spec.model.head
    return None if head is None or head.pool == "none" else Pool(head.pool, spec.read_behind_format, head.longest or 1)
