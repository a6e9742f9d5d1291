"""Every row keeps the same number of weights in each bank of the columns (BBS, FPGA 2019)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from accel.architecture.array import Array
from accel.base.faults import Fault
from accel.model.dataflows.rows import RowBalanced
from accel.model.sparse import Mask, largest_per_row


class BankBalanced(RowBalanced):
    """Balance of a matrix by rows with banks: column c in bank c mod B, for the B lanes of a row."""

    def faults(self, mask: Mask, nnz: int, array: Array, searched: bool, place: str) -> Iterator[Fault]:
        """Rows of a mask [rows, columns] that keep different numbers in a bank, or not those that are wanted."""
        banks = array.column_banks
        counts = np.stack([mask[:, bank::banks].sum(axis=1) for bank in range(banks)])
        if counts.min() != nnz // banks or counts.max() != nnz // banks:
            wanted = f"{nnz // banks} nonzeros of a row in each of {banks} banks, column c in bank c mod {banks}"
            yield Fault(place, wanted, f"{counts.min()} to {counts.max()}")

    def seeded(self, array: Array, rng: np.random.Generator, shape: tuple[int, int], nnz: int) -> Mask:
        """[rows, columns] with random columns of each bank of a row, or of a unit whose rows share them."""
        rows, columns = shape
        banks, patterns = array.column_banks, array.outputs if array.shared_by_gates else rows
        drawn, mask = rng.random((patterns, columns)), np.zeros((patterns, columns), dtype=bool)
        for bank in range(banks):
            mask[:, bank::banks] = largest_per_row(drawn[:, bank::banks], nnz // banks)
        return np.tile(mask, (rows // patterns, 1))
