"""A block natively, cycle by cycle: what goes in, and what comes out in the same cycle or later."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.rtl.traffic import Clocked, run


def outputs(
    clocked: Clocked, made: Any, ins: Sequence[Any], values: Sequence[Sequence[int]], outs: Sequence[Any]
) -> list[list[int]]:
    """What `outs` show, settled, in each cycle; `ins` are given a cycle's `values` in it."""
    shown: list[list[int]] = []
    given: Iterator[Sequence[int]] = iter(values)

    def before(_: Any) -> None:
        for signal, value in zip(ins, next(given), strict=True):
            signal.next = value

    run(clocked, made, [], [], len(values), before=before, each=lambda: shown.append([int(out) for out in outs]))
    return shown


@dataclass
class Plan:
    """Which signals are given what in which cycle; they keep it until they are given something else."""

    values: dict[int, list[tuple[Any, int]]] = field(default_factory=dict)

    def at(self, cycle: int, *given: tuple[Any, int]) -> None:
        """What signals are given in a cycle."""
        self.values.setdefault(cycle, []).extend(given)

    def run(self, clocked: Clocked, made: Any, outs: Sequence[Any], beyond: int = 1) -> list[list[int]]:
        """What `outs` show in each cycle, up to some `beyond` the last one that is planned."""
        shown: list[list[int]] = []

        def before(_: Any) -> None:
            for signal, value in self.values.get(len(shown), []):
                signal.next = value

        cycles = max(self.values) + 1 + beyond
        run(clocked, made, [], [], cycles, before=before, each=lambda: shown.append([int(out) for out in outs]))
        return shown


def whole(number: int, width: int) -> int:
    """The low `width` bits of a number, as two's complement."""
    half = 1 << (width - 1)
    return (number + half) % (2 * half) - half


def fields(word: int, width: int, count: int) -> list[int]:
    """`count` numbers of two's complement side by side in a word, the lowest first."""
    return [whole(word >> n * width, width) for n in range(count)]


def packed(values: Sequence[int], width: int) -> int:
    """The word that `fields` takes apart."""
    return sum((value & (1 << width) - 1) << n * width for n, value in enumerate(values))


def numbers(rng: random.Random, width: int, count: int) -> list[int]:
    """Both ends of a format are among them often."""
    least = -(1 << (width - 1))
    return [rng.choice((least, -least - 1, 0, rng.randint(least, -least - 1))) for _ in range(count)]
