"""A cell as data: the named fixed-point operations from row sums to what is kept and read, and what follows of sizes.

Five back ends walk the same list: the golden model (`accel.model.golden`), torch (`training.cell`), the pipeline's
latencies (`accel.architecture.latencies`), the MyHDL cell stage and the HLS text. Sums, products and mixes are exact;
narrowing rounds half up and saturates. Names of operands are those of row sums, of earlier operations, or BEFORE.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

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


@dataclass(frozen=True)
class Size:
    """Width and fraction bits of an integer value; unlike `Fixed`, not a format that anything is narrowed to."""

    width: int
    frac: int


@dataclass(frozen=True)
class MixSizes:
    """Widths on the way to other + share * (one - other)."""

    one: Size
    other: Size
    share: Size

    @property
    def fine(self) -> int:
        """Fraction bits of the two as they are subtracted."""
        return max(self.one.frac, self.other.frac)

    @property
    def one_shift(self) -> int:
        """Left shift that aligns `one`."""
        return self.fine - self.one.frac

    @property
    def other_shift(self) -> int:
        """Left shift that aligns `other`."""
        return self.fine - self.other.frac

    @property
    def difference(self) -> int:
        """Width of one - other."""
        return max(self.one.width + self.one_shift, self.other.width + self.other_shift) + 1

    @property
    def product(self) -> int:
        """Width of share * (one - other)."""
        return self.share.width + self.difference

    @property
    def frac(self) -> int:
        """Fraction bits of the sum."""
        return self.share.frac + self.fine

    @property
    def sum_shift(self) -> int:
        """Left shift that aligns `other` with the sum."""
        return self.frac - self.other.frac

    @property
    def total(self) -> int:
        """Width of the sum."""
        return max(self.product, self.other.width + self.sum_shift) + 1


def product_size(a: Size, b: Size) -> Size:
    """Of a * b."""
    return Size(a.width + b.width, a.frac + b.frac)


def sum_size(a: Size, b: Size) -> Size:
    """Of a + b, both aligned."""
    frac = max(a.frac, b.frac)
    return Size(max(a.width + frac - a.frac, b.width + frac - b.frac) + 1, frac)


@dataclass(frozen=True)
class Level:
    """One way of a step through the lanes: sums of a unit's rows to what the cell keeps, and what is read of it.

    `kept` is narrowed to `formats.cell`, `state` to `formats.state`; `gates` are the activations that hardware shows
    beside them. `aside` is an entry of a table that the levels behind it read as ASIDE; it stays what it is where a
    level lays nothing aside.
    """

    sums: tuple[RowSum, ...]
    operations: tuple[Operation, ...]
    gates: tuple[str, ...]
    kept: str
    state: str
    aside: str = ASIDE

    def __post_init__(self) -> None:
        _check(self)

    @property
    def named(self) -> dict[str, Operation]:
        """Operations by their names, in their order."""
        return {operation.name: operation for operation in self.operations}

    @property
    def signals(self) -> dict[str, str]:
        """What engines may show, in the order it comes about: narrowed values and entries of tables, with formats."""
        keys = ((o.name, o.format if isinstance(o, Narrow) else "activation") for o in self.operations if _shown(o))
        return dict(keys)

    @property
    def narrowings(self) -> tuple[Narrow, ...]:
        """Where values are rounded and saturated, in their order."""
        return tuple(operation for operation in self.operations if isinstance(operation, Narrow))

    def narrowed(self, name: str) -> Narrow:
        """The narrowing of that name."""
        found = self.named[name]
        assert isinstance(found, Narrow)
        return found

    @property
    def state_follows(self) -> bool:
        """Whether what is read is what is kept, narrowed: then a state given from outside is one number, not two."""
        return self.narrowed(self.state).source == self.kept

    def users(self, name: str) -> Iterator[Operation]:
        """Operations that read a value."""
        return (operation for operation in self.operations if name in operation.operands)

    def sizes(self, formats: Any, sums: Size) -> dict[str, Size]:
        """Size of every value, by name; `formats` are a spec's, `sums` is the size of a row sum with its bias."""

        def of(fmt: Fixed) -> Size:
            return Size(fmt.width, fmt.frac)

        found = {row.name: sums for row in self.sums} | {BEFORE: of(formats.cell), ASIDE: of(formats.activation)}
        for operation in self.operations:
            found[operation.name] = size_of(operation, found, formats)
        return found


def size_of(operation: Operation, known: Mapping[str, Size], formats: Any) -> Size:
    """Size of what an operation gives, from those of its operands and the formats of a spec."""

    def of(fmt: Fixed) -> Size:
        return Size(fmt.width, fmt.frac)

    match operation:
        case Narrow():
            return of(getattr(formats, operation.format))
        case Lookup():
            return of(formats.activation)
        case Clip():
            return known[operation.source]
        case Product():
            return product_size(known[operation.a], known[operation.b])
        case Sum():
            return sum_size(known[operation.a], known[operation.b])
        case Mix():
            mix = mix_sizes(operation, known)
            return Size(mix.total, mix.frac)


def mix_sizes(operation: Mix, known: Mapping[str, Size]) -> MixSizes:
    """Widths within a mix."""
    return MixSizes(*(known[name] for name in operation.operands))


def _shown(operation: Operation) -> bool:
    return isinstance(operation, (Narrow, Lookup))


def _check(level: Level) -> None:
    """ValueError where a list cannot be built: names twice or unknown, operands of a kind that no back end has."""
    exact = {row.name for row in level.sums}
    first = [(o.source, o.format) for o in level.operations if isinstance(o, Narrow) and o.source in exact]
    if first != [(row.name, "gate") for row in level.sums]:
        raise ValueError(f"every row sum is narrowed to gate, in its order, once: not {first}")
    ends = [
        (o.name, o.format) for o in level.operations if isinstance(o, Narrow) and o.name in (level.kept, level.state)
    ]
    if ends != [(level.kept, "cell"), (level.state, "state")]:
        raise ValueError(f"what is kept is in cell, what is read in state, not in {ends}")
    known, narrow = {*exact, BEFORE, ASIDE}, {BEFORE, ASIDE}
    for operation in level.operations:
        if isinstance(operation, Clip):
            raise ValueError(f"{operation.name}: a cell does not clip, a linear layer does")
        unknown = [name for name in operation.operands if name not in known]
        if unknown or operation.name in known:
            raise ValueError(f"{operation.name}: operands have names of their own and come before, not {unknown}")
        if isinstance(operation, Lookup) and not isinstance(level.named[operation.source], Narrow):
            raise ValueError(f"{operation.name}: a table is read at a narrowed value")
        if not isinstance(operation, Narrow) and exact & set(operation.operands):
            raise ValueError(f"{operation.name}: a row sum is narrowed before anything else")
        if isinstance(operation, Mix) and not narrow >= set(operation.operands):
            raise ValueError(f"{operation.name}: what is mixed is narrow")
        known.add(operation.name)
        if operation.name == level.aside and not isinstance(operation, Lookup):
            raise ValueError(f"{operation.name}: what is laid aside is an entry of a table")
        if _shown(operation):
            narrow.add(operation.name)
