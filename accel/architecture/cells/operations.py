"""A cell as data: the named fixed-point operations from row sums to what is kept and read.

Five back ends walk the same list: the golden model (`accel.model.golden`), torch (`training.cell`), the pipeline's
latencies (`accel.architecture.latencies`), the MyHDL cell stage and the HLS text. Sums, products and mixes are exact;
narrowing rounds half up and saturates. Names of operands are those of row sums, of earlier operations, or BEFORE.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from accel.base.fixed import Fixed

BEFORE = "before"
"""The operand that the cell kept in the step, or the level, before; in `formats.cell`."""

ASIDE = "aside"
"""The operand that an earlier level of the step laid aside beside it; in `formats.activation`."""

Format = Literal["gate", "cell", "state", "linear"]
"""A key of `formats` that a signal is narrowed to; the status word counts what that clips under the same name, but
for `linear`.
"""


@dataclass(frozen=True)
class RowSum:
    """What the lanes give the cell: the exact sum of one row of a unit, over its columns of x, of h, or of both.

    `row` is a row of the matrices; each sum has a bias, and a scale where rows have some, of its own.
    """

    name: str
    row: int
    part: Literal["both", "x", "h"] = "both"


@dataclass(frozen=True)
class Narrow:
    """A value in `formats`: rounded half up, then saturated. Of a row sum, its bias is added first."""

    name: str
    source: str
    format: Format

    @property
    def operands(self) -> tuple[str, ...]:
        """What it reads."""
        return (self.source,)


@dataclass(frozen=True)
class Lookup:
    """An entry of a table (`Network.tables`) at a narrowed value, in `formats.activation`."""

    name: str
    source: str
    table: str

    @property
    def operands(self) -> tuple[str, ...]:
        """What it reads."""
        return (self.source,)


@dataclass(frozen=True)
class _OfTwo:
    """An operation on `a` and `b`."""

    name: str
    a: str
    b: str

    @property
    def operands(self) -> tuple[str, ...]:
        """What it reads."""
        return self.a, self.b


class Product(_OfTwo):
    """a * b, exact."""


class Sum(_OfTwo):
    """a + b, exact, aligned to the finer of the two."""


@dataclass(frozen=True)
class Mix:
    """one * share + other * (1 - share), exact; 1 is 2**frac of `share`.

    Hardware builds other + share * (one - other), the same integer with one multiplier in place of two.
    """

    name: str
    one: str
    other: str
    share: str

    @property
    def operands(self) -> tuple[str, ...]:
        """What it reads."""
        return self.one, self.other, self.share


@dataclass(frozen=True)
class Clip:
    """A narrowed value, no less than `least` and no more than `most`, in the same format; None where any may be."""

    name: str
    source: str
    least: int | None
    most: int | None

    @property
    def operands(self) -> tuple[str, ...]:
        """What it reads."""
        return (self.source,)

    def ends(self, fmt: Fixed) -> tuple[int | None, int | None]:
        """The two as integers of the value's format; None where all that the format holds lies within."""
        low, high = (None if end is None else end << fmt.frac for end in (self.least, self.most))
        return None if low is None or low <= fmt.lo else low, None if high is None or high >= fmt.hi else high

    def within(self, fmt: Fixed) -> tuple[int, int]:
        """Smallest and largest integer that there is behind it."""
        low, high = self.ends(fmt)
        return fmt.lo if low is None else low, fmt.hi if high is None else high


Operation = Narrow | Lookup | Product | Sum | Mix | Clip
