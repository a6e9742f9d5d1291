"""What every kind of balance has to say of a matrix."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from accel.architecture.array import Array
from accel.base.faults import Fault
from accel.model.sparse import Mask


class Balanced(ABC):
    """The same number of weights is kept somewhere, so that no lane ever waits for another one."""

    by_index: ClassVar[bool]
    """Rows keep the same number, so that a product may read the kept weights alone, by their columns."""

    @abstractmethod
    def faults(self, mask: Mask, nnz: int, array: Array, searched: bool, place: str) -> Iterator[Fault]:
        """What of a mask [rows, columns] is not balanced with `nnz` weights, or others where they were `searched`."""

    @abstractmethod
    def seeded(self, array: Array, rng: np.random.Generator, shape: tuple[int, int], nnz: int) -> Mask:
        """A random mask of such a shape."""
