"""Numbers of up to 63 bits for the modules of `training.model`: integers times a power of two, where float64 has 53.

torch's functions, and those of `training.straight_through`, ask an `Exact` what they mean for it
(`__torch_function__`), so that the modules run on it as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from accel.base.fixed import Fixed
from accel.base.tables import Table
from training.straight_through import clamped, look_up, narrow, skip


@dataclass(frozen=True, eq=False)
class Exact:
    """The numbers integers / 2**frac, int64; sums and products keep all their bits and must fit."""

    integers: Tensor
    frac: int

    @classmethod
    def of(cls, real: Tensor, frac: int) -> Exact:
        """Real numbers of at most `frac` fraction bits, of any shape."""
        return cls((real.double() * 2.0**frac).long(), frac)

    def aligned(self, frac: int) -> Tensor:
        """The integers (int64, of the same shape) with `frac` fraction bits, no fewer than there are."""
        return self.integers << (frac - self.frac)

    def __add__(self, other: Exact) -> Exact:
        frac = max(self.frac, other.frac)
        return Exact(self.aligned(frac) + other.aligned(frac), frac)

    def __mul__(self, other: Exact) -> Exact:
        return Exact(self.integers * other.integers, self.frac + other.frac)

    def __rsub__(self, whole: int) -> Exact:
        return Exact((whole << self.frac) - self.integers, self.frac)

    def __getitem__(self, places: Any) -> Exact:
        return Exact(self.integers[places], self.frac)

    def __len__(self) -> int:
        return len(self.integers)

    @property
    def shape(self) -> torch.Size:
        """That of the integers."""
        return self.integers.shape

    @property
    def ndim(self) -> int:
        """Dimensions of the integers."""
        return self.integers.ndim

    @property
    def T(self) -> Exact:
        """Transposed."""
        return Exact(self.integers.T, self.frac)

    def reshape(self, *shape: int) -> Exact:
        """The same numbers in another shape."""
        return Exact(self.integers.reshape(*shape), self.frac)

    def numel(self) -> int:
        """How many numbers there are."""
        return self.integers.numel()

    def new_zeros(self, *shape: int) -> Exact:
        """Zeros."""
        return Exact(self.integers.new_zeros(*shape), 0)

    def chunk(self, count: int, dim: int = 0) -> list[Exact]:
        """In `count` equal parts."""
        return [Exact(part, self.frac) for part in self.integers.chunk(count, dim)]

    def split(self, rows: int) -> list[Exact]:
        """In parts of a number of rows."""
        return [Exact(part, self.frac) for part in torch.split(self.integers, rows)]

    def unbind(self, dim: int = 0) -> list[Exact]:
        """Without one dimension."""
        return [Exact(part, self.frac) for part in self.integers.unbind(dim)]

    @classmethod
    def __torch_function__(
        cls, func: Callable[..., Any], _types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        meant = MEANINGS.get(func)
        return NotImplemented if meant is None else meant(*args, **(kwargs or {}))


def _linear(x: Exact, weight: Exact, bias: Exact | None = None) -> Exact:
    product = Exact(x.integers @ weight.integers.T, x.frac + weight.frac)
    return product if bias is None else product + bias


def _embedding(places: Tensor, rows: Exact, **_: Any) -> Exact:
    return Exact(rows.integers[places], rows.frac)


def _addmm(offset: Exact, a: Exact, b: Exact) -> Exact:
    return offset + Exact(a.integers @ b.integers, a.frac + b.frac)


def _stack(parts: Sequence[Exact], dim: int = 0) -> Exact:
    frac = max(part.frac for part in parts)
    return Exact(torch.stack([part.aligned(frac) for part in parts], dim), frac)


def _cat(parts: Sequence[Exact], dim: int = 0) -> Exact:
    frac = max(part.frac for part in parts)
    return Exact(torch.cat([part.aligned(frac) for part in parts], dim), frac)


def _zeros_like(number: Exact) -> Exact:
    return Exact(torch.zeros_like(number.integers), 0)


def _narrow(x: Exact, fmt: Fixed) -> Exact:
    return Exact(clamped(fmt.dropped(x.integers, x.frac), fmt), fmt.frac)


def _look_up(x: Exact, table: Table) -> Exact:
    half = 1 << (table.address - 1)
    index = (x.aligned(table.input.frac) >> table.shift).clamp(-half, half - 1)
    return Exact(torch.tensor(table.entries)[index & (2 * half - 1)], table.output.frac)


def _skip(h: Exact, threshold: Tensor | float, pull: Tensor | float = 0.0) -> Exact:
    return Exact(torch.where(h.integers.abs() < threshold * 2.0**h.frac, 0, h.integers), h.frac)


def _clamp(x: Exact, least: int | None = None, most: int | None = None) -> Exact:
    ends = (None if end is None else end << x.frac for end in (least, most))
    return Exact(x.integers.clamp(*ends), x.frac)


MEANINGS: dict[Callable[..., Any], Callable[..., Exact]] = {
    functional.linear: _linear,
    functional.embedding: _embedding,
    torch.addmm: _addmm,
    torch.stack: _stack,
    torch.cat: _cat,
    torch.zeros_like: _zeros_like,
    torch.clamp: _clamp,
    narrow: _narrow,
    look_up: _look_up,
    skip: _skip,
}
"""What functions do with exact numbers."""


def make_exact(module: nn.Module, fracs: Mapping[str, int]) -> None:
    """Parameters of a module, whose fraction bits go by their names, become exact numbers."""
    for name, parameter in list(module.named_parameters()):
        delattr(module, name)
        setattr(module, name, Exact.of(parameter.detach(), fracs[name]))
