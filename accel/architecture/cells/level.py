"""A level: the list of operations from the row sums of a unit to what its cell keeps, and what is read of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from accel.architecture.cells.operations import ASIDE, BEFORE, Clip, Lookup, Mix, Narrow, Operation, RowSum
from accel.architecture.cells.sizes import Size, size_of
from accel.base.fixed import Fixed


@dataclass(frozen=True)
class Level:
    """One way of a step through the lanes: sums of a unit's rows to what the cell keeps, and what is read of it.

    `carried` is narrowed to `formats.cell`, `state` to `formats.state`; `gates` are the activations that hardware shows
    beside them. `aside` is an entry of a table that the levels behind it read as ASIDE; it stays what it is where a
    level lays nothing aside.
    """

    sums: tuple[RowSum, ...]
    operations: tuple[Operation, ...]
    gates: tuple[str, ...]
    carried: str
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
        return self.narrowed(self.state).source == self.carried

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


def _shown(operation: Operation) -> bool:
    return isinstance(operation, (Narrow, Lookup))


def _check(level: Level) -> None:
    """ValueError where a list cannot be built: names twice or unknown, operands of a kind that no back end has."""
    exact = {row.name for row in level.sums}
    first = [(o.source, o.format) for o in level.operations if isinstance(o, Narrow) and o.source in exact]
    if first != [(row.name, "gate") for row in level.sums]:
        raise ValueError(f"every row sum is narrowed to gate, in its order, once: not {first}")
    ends = [
        (o.name, o.format) for o in level.operations if isinstance(o, Narrow) and o.name in (level.carried, level.state)
    ]
    if ends != [(level.carried, "cell"), (level.state, "state")]:
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
